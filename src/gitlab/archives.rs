//! Downloads of artifact archives and report files.

use std::io::{self, Read, Write};

use super::address::escaped;
use super::attempt_error::AttemptError;
use super::body::{Body, BodyError};
use super::cause::Cause;
use super::client::Client;
use super::error::Error;
use super::operation::Operation;
use super::request::ApiRequest;
use super::response::ApiResponse;
use crate::model::{ArchiveAt, JobId, ProjectRef};
use crate::sanitize::sanitize;
use crate::shell::in_quotes;

/// The number of bytes that a probe reads at most, of servers that ignore ranges.
const PROBE_LENGTH: u64 = 1024;

impl Client {
    /// Begins to download an archive.
    pub fn download(&self, at: &ArchiveAt) -> Result<Body<'_>, Error> {
        self.open_body(self.archive_request(at), 0)
    }

    /// Checks that an archive can be downloaded, with a request for its first byte.
    ///
    /// # Errors
    /// The errors of a download.
    pub fn probe_archive(&self, at: &ArchiveAt) -> Result<(), Error> {
        self.or_without_token(self.archive_request(at), |request| {
            let first = request.clone().header("range", "bytes=0-0".to_owned());
            match self.http.open(&first, probe) {
                // An empty archive, or a store that does not know ranges.
                Err(error) if error.is_refused_range() => self.http.open(request, probe),
                result => result,
            }
        })
    }

    /// Copies the body of a download to `to` and returns the number of bytes. Nothing may have
    /// been read from the body.
    ///
    /// `restart` empties `to` before the first and each repeated download. `size` is the length
    /// that the job announces, in bytes. `progress` gets the number of bytes received so far and
    /// the length, if known.
    pub fn copy<'a, W: Write>(
        &'a self,
        mut body: Body<'a>,
        size: Option<u64>,
        to: &mut W,
        restart: impl Fn(&mut W) -> io::Result<()>,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
        loop {
            restart(to).map_err(|error| self.error(&body.request, Cause::Local(error)))?;
            match body.copy_to(to, size, progress) {
                Ok(count) => return Ok(count),
                Err(BodyError::Failed(error)) => return Err(error),
                Err(BodyError::Interrupted(reason)) => {
                    self.http.pause_before_retry(&body.request, reason, &mut body.tries)?;
                    let has_checksum = body.checksum.is_some();
                    body = self.open_body(body.request, body.tries)?;
                    body.checksum = body.checksum.filter(|_| has_checksum);
                }
            }
        }
    }

    /// Copies a report file of a job to `to`, as `copy` does (GitLab 19.4 and newer).
    pub fn download_report<W: Write>(
        &self,
        project: &ProjectRef,
        id: JobId,
        kind: &str,
        size: Option<u64>,
        to: &mut W,
        restart: impl Fn(&mut W) -> io::Result<()>,
    ) -> Result<u64, Error> {
        let at = ArchiveAt::Job { project: project.clone(), id };
        let mut request = self.archive_request(&at).query("file_type", kind);
        request.description =
            format!("downloading the report `{}` of job {id} in project {project}", sanitize(kind));
        // Only for archives is the ETag documented to be a checksum.
        let body = self.open_body(request, 0)?.without_checksum();
        self.copy(body, size, to, restart, &mut |_, _| {})
    }

    /// Returns a `curl` command that downloads an archive. The token is a bearer token, because
    /// curl does not send `Authorization` to the host that GitLab redirects to.
    pub fn curl_archive(&self, at: &ArchiveAt) -> String {
        let address = in_quotes(&self.archive_request(at).address.to_url());
        let token = match self.http.token_kind() {
            Some(kind) => format!("--header \"Authorization: Bearer ${}\" ", kind.variable()),
            None => String::new(),
        };
        format!("curl --location {token}--output artifacts.zip {address}")
    }

    pub(super) fn archive_request(&self, at: &ArchiveAt) -> ApiRequest {
        let request = match at {
            ArchiveAt::Job { project, id } => self.api_request(
                Operation::DownloadArchive,
                format!("downloading the artifacts of job {id} in project {project}"),
                project,
                &format!("/jobs/{id}/artifacts"),
            ),
            ArchiveAt::Ref { project, ref_, job, recent } => {
                let (ref_name, job_name) = (sanitize(ref_), sanitize(job));
                let description = format!(
                    "downloading the artifacts of job `{job_name}` for ref `{ref_name}` in project {project}"
                );
                let path = format!("/jobs/artifacts/{}/download", escaped(ref_));
                let request =
                    self.api_request(Operation::DownloadArchive, description, project, &path);
                let request = request.query("job", job);
                if *recent {
                    request.query("search_recent_successful_pipelines", "true")
                } else {
                    request
                }
            }
        };
        ApiRequest { is_download: true, ..request }
    }

    /// Begins a download after `tries` failed attempts.
    fn open_body(&self, request: ApiRequest, mut tries: u32) -> Result<Body<'_>, Error> {
        let open = |request: &ApiRequest| {
            let response = self.http.open_after(request, &mut tries, Ok)?;
            Ok(Body::new(self, request, response, tries))
        };
        self.or_without_token(request, open)
    }
}

/// Reads the first bytes of a response, which must not be those of a web page.
fn probe(response: ApiResponse) -> Result<(), AttemptError> {
    let detector = response.html_detector();
    let mut start = Vec::new();
    let mut body = response.body.into_reader().take(PROBE_LENGTH);
    body.read_to_end(&mut start)
        .map_err(|error| AttemptError::read("the answer broke off", &error))?;
    detector.check(&start).map_or(Ok(()), |page| Err(AttemptError::permanent(page)))
}
