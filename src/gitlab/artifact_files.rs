//! Endpoints by which GitLab itself reads an archive: a single file, and a listing.

use std::io::Write;

use serde::Deserialize;

use super::address::escaped;
use super::attempt_error::AttemptError;
use super::body::Body;
use super::cause::Cause;
use super::client::Client;
use super::error::Error;
use super::operation::Operation;
use super::pages::read_all;
use super::request::ApiRequest;
use super::web_root::WithWebRoot;
use crate::model::ArchiveAt;
use crate::sanitize::sanitize;

/// An entry of a listing. Symbolic links appear as files.
#[derive(Debug, Clone, Deserialize)]
pub struct ListedEntry {
    /// The path; that of a folder ends with `/`.
    pub path: String,
    /// The uncompressed size in bytes; null for empty files.
    pub size: Option<u64>,
    /// The mode in octal, with or without the file type; null if unknown.
    mode: Option<String>,
}

impl WithWebRoot for ListedEntry {
    /// Does nothing: a file of an archive has no web address.
    fn set_web_root(&mut self, _: &str) {}
}

impl ListedEntry {
    pub fn is_folder(&self) -> bool {
        self.path.ends_with('/')
    }

    /// Returns the permission bits.
    pub fn mode(&self) -> Option<u32> {
        u32::from_str_radix(self.mode.as_deref()?, 8).ok().map(|mode| mode & 0o7777)
    }
}

impl Client {
    /// Copies one file of an archive to `to`, which `restart` empties before each attempt, and
    /// returns its length in bytes.
    ///
    /// Returns `None` if GitLab does not send the file, though the archive may contain it, and if
    /// the response has no definite end, because an interruption could not be detected.
    ///
    /// `path` is the name of the entry, without empty, `.` or `..` segments.
    pub fn download_file<W: Write>(
        &self,
        at: &ArchiveAt,
        path: &str,
        to: &mut W,
        restart: impl Fn(&mut W) -> std::io::Result<()>,
    ) -> Result<Option<u64>, Error> {
        let Some(request) = self.file_request(at, path) else { return Ok(None) };
        let copied = self.http.open(&request, |response| {
            if !response.has_definite_end() {
                return Ok(None);
            }
            restart(to).map_err(|error| AttemptError::permanent(Cause::Local(error)))?;
            let mut body = Body::not_resumable(self, &request, response).without_checksum();
            Ok(Some(body.copy_to(to, None, &mut |_, _| {})?))
        });
        match copied {
            Ok(count) => Ok(count),
            // GitLab refuses single files of expired artifacts, even if the archive still exists.
            Err(error) if matches!(error.status(), Some(400 | 404)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn file_request(&self, at: &ArchiveAt, path: &str) -> Option<ApiRequest> {
        let segments: Vec<String> =
            path.split('/').map(|segment| escaped(segment).to_string()).collect();
        let file = segments.join("/");
        let description = format!("reading `{}` from the artifacts of", sanitize(path));
        let request = match at {
            // This path is the endpoint of the listing.
            ArchiveAt::Job { .. } if path == "tree" => None,
            ArchiveAt::Job { project, id } => Some(self.api_request(
                Operation::ReadArtifactFile,
                format!("{description} job {id} in project {project}"),
                project,
                &format!("/jobs/{id}/artifacts/{file}"),
            )),
            ArchiveAt::Ref { project, ref_, job, recent } => {
                let (ref_name, job_name) = (sanitize(ref_), sanitize(job));
                let ref_ = escaped(ref_);
                let request = self.api_request(
                    Operation::ReadArtifactFile,
                    format!(
                        "{description} job `{job_name}` for ref `{ref_name}` in project {project}"
                    ),
                    project,
                    &format!("/jobs/artifacts/{ref_}/raw/{file}"),
                );
                let request = request.query("job", job);
                Some(if *recent {
                    request.query("search_recent_successful_pipelines", "true")
                } else {
                    request
                })
            }
        };
        request.map(|request| ApiRequest { is_download: true, ..request })
    }

    /// Returns the entries of an archive including folders (GitLab 18.8 and newer), or `None` for an
    /// archive by ref, which the endpoint does not support.
    pub fn list_archive(&self, at: &ArchiveAt) -> Result<Option<Vec<ListedEntry>>, Error> {
        let ArchiveAt::Job { project, id } = at else { return Ok(None) };
        let request = self.api_request(
            Operation::ReadArtifactFile,
            format!("listing the artifacts of job {id} in project {project}"),
            project,
            &format!("/jobs/{id}/artifacts/tree"),
        );
        let request = request.query("recursive", "true");
        read_all(&self.http, &request, |entry: &ListedEntry| entry.path.clone()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_permissions_with_and_without_a_type() {
        for (json, folder, size, mode) in [
            (
                r#"{"path": "a/b", "type": "file", "size": 7, "mode": "100755"}"#,
                false,
                Some(7),
                Some(0o755),
            ),
            (
                r#"{"path": "a/b", "type": "file", "size": null, "mode": "000644"}"#,
                false,
                None,
                Some(0o644),
            ),
            (r#"{"path": "a/", "type": "directory", "mode": null}"#, true, None, None),
            (r#"{"path": "a", "mode": "rw-"}"#, false, None, None),
        ] {
            let entry: ListedEntry = serde_json::from_str(json).unwrap();
            let parsed = (entry.is_folder(), entry.size, entry.mode());
            assert_eq!(parsed, (folder, size, mode), "{json}");
        }
    }
}
