//! The edge to GitLab: the only room that knows HTTP and addresses of the API.
//!
//! One method for each endpoint. What an answer means is decided elsewhere.

mod address;
mod agent;
mod artifact_files;
mod body;
mod branches;
mod checksum;
mod content_range;
mod error;
mod error_body;
mod http;
mod min_throughput;
mod pages;
mod proxy;
mod redirect;
mod remote_archive;
mod response;
mod retry;
mod send_once;
mod write;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

pub use address::{Address, BadAddress};
pub use agent::Network;
pub use artifact_files::Row;
pub use body::{Body, DownloadInterrupted};
pub use error::{Cause, Error};
pub use remote_archive::{Remote, RemoteArchive, TAIL};
pub use write::Start;
// What the fuzz targets look into.
#[cfg(fuzzing)]
pub use {
    content_range::ContentRange,
    error_body::parse as parse_error_body,
    pages::next_page,
    retry::{asked, pause},
};

use address::escaped;
use http::Http;

use crate::clock::Clock;
use crate::model::{ArchiveAt, Bridge, Job, JobId, Pipeline, PipelineAt, ProjectRef};
use crate::sanitize::sanitize;
use crate::step::Watch;
use crate::token::{Kind, Token};

/// A question to GitLab.
#[derive(Debug, Clone)]
struct ApiRequest {
    /// For messages: "listing the bridges of …".
    doing: String,
    address: Address,
    job_tokens: JobTokens,
    /// Without the token, though there is one.
    anonymous: bool,
    /// More headers, for every address that a redirect leads to as well.
    headers: Vec<(&'static str, String)>,
    /// A download: that there is time left to wait is no condition for trying it again.
    is_download: bool,
    /// The address is one that GitLab once redirected to, and can have run out since.
    presigned: bool,
    /// What to do if there is no answer, before all other advice.
    advice: Option<&'static str>,
}

/// Whether an endpoint takes a job token (`doc/ci/jobs/fine_grained_permissions.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JobTokens {
    Always,
    /// Since some version between 18.3 and 18.7; before, it is ignored without a word.
    Newer,
    Never,
    /// The token stands in the body; one of this kind.
    InBody(Kind),
}

impl ApiRequest {
    fn query(mut self, name: &str, value: &str) -> ApiRequest {
        self.address = self.address.and_query(name, value);
        self
    }

    fn header(mut self, name: &'static str, value: String) -> ApiRequest {
        self.headers.push((name, value));
        self
    }

    /// Whether GitLab may answer by leading to its storage.
    fn is_stored(&self) -> bool {
        self.is_download && !self.presigned
    }
}

/// One GitLab, with one token or none.
pub struct Client {
    http: Http,
}

impl Client {
    /// `root` is the root of the API, as in `https://gitlab.com/api/v4`.
    pub fn new(
        root: Address,
        token: Option<Token>,
        network: Network,
        clock: Arc<dyn Clock>,
        watch: Arc<dyn Watch>,
    ) -> Client {
        let (agents, give_up, storage_failures, via_gitlab) = Default::default();
        Client {
            http: Http {
                root,
                token,
                network,
                clock,
                watch,
                agents,
                give_up,
                storage_failures,
                via_gitlab,
            },
        }
    }

    /// From this time on the clock, a question that fails is not asked again.
    pub fn give_up_at(&self, time: Duration) {
        let _ = self.http.give_up.set(time);
    }

    /// Whether questions are asked with a job token, which some endpoints do not take.
    pub fn has_job_token(&self) -> bool {
        self.http.token.as_ref().is_some_and(|token| token.kind() == Kind::Job)
    }

    /// Which GitLab is asked: scheme, host, port and the path of its API.
    pub fn server(&self) -> String {
        self.http.root.to_string()
    }

    /// A pipeline.
    pub fn pipeline(&self, at: &PipelineAt) -> Result<Pipeline, Error> {
        let request = self.api_request(
            format!("reading pipeline {} of project {}", at.id, at.project),
            &format!("/projects/{}/pipelines/{}", segment(&at.project), at.id),
            JobTokens::Newer,
        );
        self.http.get(&request, |answer| answer.json())
    }

    /// The newest successful pipelines of a branch or tag, newest first, at most `most` (up to 100).
    pub fn successful(
        &self,
        project: &ProjectRef,
        ref_: &str,
        most: usize,
    ) -> Result<Vec<Pipeline>, Error> {
        let doing = format!(
            "listing the successful pipelines of ref `{}` in project {project}",
            sanitize(ref_)
        );
        self.newest(doing, project, &[("ref", ref_), ("status", "success")], most)
    }

    /// The newest pipelines of a project, newest first, at most `most` (up to 100).
    pub fn pipelines(&self, project: &ProjectRef, most: usize) -> Result<Vec<Pipeline>, Error> {
        self.newest(format!("listing the pipelines of project {project}"), project, &[], most)
    }

    /// The newest pipeline of a commit, if there is one.
    pub fn of_commit(&self, project: &ProjectRef, sha: &str) -> Result<Vec<Pipeline>, Error> {
        let doing =
            format!("listing the pipelines of commit {} in project {project}", sanitize(sha));
        self.newest(doing, project, &[("sha", sha)], 1)
    }

    /// The newest pipelines of a merge request, in no order.
    pub fn of_merge_request(&self, project: &ProjectRef, iid: u64) -> Result<Vec<Pipeline>, Error> {
        let doing = format!("listing the pipelines of merge request {iid} in project {project}");
        if self.has_job_token() {
            // The list of the merge request takes no job token; its pipelines have refs of their own.
            let mut newest = Vec::new();
            for name in ["head", "merge"] {
                let ref_ = format!("refs/merge-requests/{iid}/{name}");
                newest.extend(self.newest(doing.clone(), project, &[("ref", &ref_)], 1)?);
            }
            return Ok(newest);
        }
        let path = format!("/projects/{}/merge_requests/{iid}/pipelines", segment(project));
        let request = self
            .api_request(doing, &path, JobTokens::Never)
            .query("per_page", "1")
            .query("page", "1");
        self.http.get(&request, |answer| answer.json())
    }

    fn newest(
        &self,
        doing: String,
        project: &ProjectRef,
        filters: &[(&str, &str)],
        most: usize,
    ) -> Result<Vec<Pipeline>, Error> {
        let mut request = self.api_request(
            doing,
            &format!("/projects/{}/pipelines", segment(project)),
            JobTokens::Newer,
        );
        for (name, value) in filters {
            request = request.query(name, value);
        }
        let request = request.query("per_page", &most.to_string()).query("page", "1");
        self.http.get(&request, |answer| answer.json())
    }

    /// The bridges of a pipeline, newest first, without retried ones.
    pub fn bridges(&self, at: &PipelineAt) -> Result<Vec<Bridge>, Error> {
        let list = |name: &str| {
            let request = self.api_request(
                format!("listing the bridges of pipeline {} in project {}", at.id, at.project),
                &format!("/projects/{}/pipelines/{}/{name}", segment(&at.project), at.id),
                JobTokens::Newer,
            );
            pages::all(&self.http, &request, |bridge: &Bridge| bridge.id)
        };
        match list("bridges") {
            // The list has had another name since 19.2; the old one will go away one day.
            Err(error) if error.is_unknown_route() => list("trigger_jobs").map_err(|_| error),
            result => result,
        }
    }

    /// The jobs of a pipeline, newest first, without bridges and without retried ones.
    pub fn jobs(&self, at: &PipelineAt) -> Result<Vec<Job>, Error> {
        let request = self.api_request(
            format!("listing the jobs of pipeline {} in project {}", at.id, at.project),
            &format!("/projects/{}/pipelines/{}/jobs", segment(&at.project), at.id),
            JobTokens::Newer,
        );
        pages::all(&self.http, &request, |job: &Job| job.id)
    }

    /// One job. GitLab refuses this to job tokens, and knows no bridges here.
    pub fn job(&self, project: &ProjectRef, id: JobId) -> Result<Job, Error> {
        let request = self.api_request(
            format!("reading job {id} of project {project}"),
            &format!("/projects/{}/jobs/{id}", segment(project)),
            JobTokens::Never,
        );
        self.http.get(&request, |answer| answer.json())
    }

    /// The log of a job, as its runner wrote it. GitLab shows none to job tokens.
    pub fn log(&self, project: &ProjectRef, id: JobId) -> Result<Vec<u8>, Error> {
        let request = self.api_request(
            format!("reading the log of job {id} in project {project}"),
            &format!("/projects/{}/jobs/{id}/trace", segment(project)),
            JobTokens::Never,
        );
        self.http.get(&request, |answer| answer.text())
    }

    /// Copies a report file of a job into `to`, likewise (19.4 and newer). `size` is what the job
    /// says it has.
    pub fn report<W: Write>(
        &self,
        project: &ProjectRef,
        id: JobId,
        kind: &str,
        size: Option<u64>,
        to: &mut W,
        restart: impl Fn(&mut W) -> std::io::Result<()>,
    ) -> Result<u64, Error> {
        let at = ArchiveAt::Job { project: project.clone(), id };
        let mut request = self.archive_request(&at).query("file_type", kind);
        request.doing =
            format!("downloading the report `{}` of job {id} in project {project}", sanitize(kind));
        // What a tag means is told of archives alone.
        let body = self.open_body(request, 0)?.without_checksum();
        self.copy(body, size, to, restart, &mut |_, _| {})
    }

    fn failed(&self, request: &ApiRequest, cause: Cause) -> Error {
        Error::new(request, self.http.token.as_ref().map(Token::kind), Box::new(cause))
    }

    /// The command that sends the same request by hand, with a variable for the token.
    pub fn curl(&self, address: &str) -> String {
        match self.http.token.as_ref().map(Token::kind) {
            Some(kind) => {
                format!("curl --header \"{}: ${}\" '{address}'", kind.header(), kind.variable())
            }
            None => format!("curl '{address}'"),
        }
    }

    /// The command that downloads an archive by hand. It sends the token as a bearer, because
    /// that is the header which curl keeps from the host that GitLab redirects to.
    pub fn curl_archive(&self, at: &ArchiveAt) -> String {
        let address = self.archive_request(at).address.with_query();
        let token = match self.http.token.as_ref().map(Token::kind) {
            Some(kind) => format!("--header \"Authorization: Bearer ${}\" ", kind.variable()),
            None => String::new(),
        };
        format!("curl --location {token}--output artifacts.zip '{address}'")
    }

    /// A job token that a public project does not admit hides what anybody may see: where it is
    /// refused, the question is asked once more without it. The first refusal stands.
    fn or_without_token<T>(
        &self,
        request: ApiRequest,
        mut open: impl FnMut(&ApiRequest) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match open(&request) {
            Err(error) if matches!(error.status(), Some(403 | 404)) && self.has_job_token() => {
                open(&ApiRequest { anonymous: true, ..request }).map_err(|_| error)
            }
            result => result,
        }
    }

    fn archive_request(&self, at: &ArchiveAt) -> ApiRequest {
        let request = match at {
            ArchiveAt::Job { project, id } => self.api_request(
                format!("downloading the artifacts of job {id} in project {project}"),
                &format!("/projects/{}/jobs/{id}/artifacts", segment(project)),
                JobTokens::Always,
            ),
            ArchiveAt::Ref { project, ref_, job, recent } => {
                let (ref_name, job_name) = (sanitize(ref_), sanitize(job));
                let request = self.api_request(
                    format!("downloading the artifacts of job `{job_name}` for ref `{ref_name}` in project {project}"),
                    &format!("/projects/{}/jobs/artifacts/{}/download", segment(project), escaped(ref_)),
                    JobTokens::Always,
                );
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

    fn api_request(&self, doing: String, path: &str, job_tokens: JobTokens) -> ApiRequest {
        let address = self.http.root.with(path);
        ApiRequest {
            doing,
            address,
            job_tokens,
            anonymous: false,
            headers: Vec::new(),
            is_download: false,
            presigned: false,
            advice: None,
        }
    }
}

/// A project as one segment of a path.
fn segment(project: &ProjectRef) -> String {
    match project {
        ProjectRef::Id(id) => id.to_string(),
        ProjectRef::Path(path) => escaped(path).to_string(),
    }
}
