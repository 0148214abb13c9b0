//! What GitLab itself takes out of an archive: a single file, and a listing.

use std::io::Write;

use serde::Deserialize;

use super::address::escaped;
use super::error::{Cause, Error};
use super::response::AttemptError;
use super::{ApiRequest, Client, JobTokens, pages, segment};
use crate::model::ArchiveAt;
use crate::sanitize::sanitize;

/// What a listing tells of an entry. A link looks like a file there.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// A folder's ends with `/`.
    pub path: String,
    /// Bytes when unpacked; null for empty files.
    pub size: Option<u64>,
    /// Octal, with or without the bits of the type; null where it is not known.
    mode: Option<String>,
}

impl Row {
    pub fn is_folder(&self) -> bool {
        self.path.ends_with('/')
    }

    /// The permission bits.
    pub fn mode(&self) -> Option<u32> {
        u32::from_str_radix(self.mode.as_deref()?, 8).ok().map(|mode| mode & 0o7777)
    }
}

impl Client {
    /// Copies one file of an archive into `to`, which `restart` empties before each try. None
    /// where GitLab has no such file to give, which does not say that the archive has none; and
    /// where it does not tell the length, because then a lost connection looks like the end.
    ///
    /// `path` is the name of the entry; it has no empty, `.` or `..` segments.
    pub fn file<W: Write>(
        &self,
        at: &ArchiveAt,
        path: &str,
        to: &mut W,
        restart: impl Fn(&mut W) -> std::io::Result<()>,
    ) -> Result<Option<u64>, Error> {
        let Some(request) = self.file_request(at, path) else { return Ok(None) };
        let copied = self.http.get(&request, |answer| {
            if !answer.has_an_end() {
                return Ok(None);
            }
            restart(to).map_err(|error| AttemptError::failed(Cause::Local(error)))?;
            answer.copy_to(to, None, &mut |_, _| {}).map(Some)
        });
        match copied {
            Ok(count) => Ok(count),
            // Refused also where the artifacts have expired and the archive can still be had.
            Err(error) if matches!(error.status(), Some(400 | 404)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn file_request(&self, at: &ArchiveAt, path: &str) -> Option<ApiRequest> {
        let segments: Vec<String> = path.split('/').map(|part| escaped(part).to_string()).collect();
        let file = segments.join("/");
        let doing = format!("reading `{}` from the artifacts of", sanitize(path));
        match at {
            // This one is the address of the listing.
            ArchiveAt::Job { .. } if path == "tree" => None,
            ArchiveAt::Job { project, id } => Some(self.api_request(
                format!("{doing} job {id} in project {project}"),
                &format!("/projects/{}/jobs/{id}/artifacts/{file}", segment(project)),
                JobTokens::Always,
            )),
            ArchiveAt::Ref { project, ref_, job, recent } => {
                let (ref_name, job_name) = (sanitize(ref_), sanitize(job));
                let ref_ = escaped(ref_);
                let request = self.api_request(
                    format!("{doing} job `{job_name}` for ref `{ref_name}` in project {project}"),
                    &format!("/projects/{}/jobs/artifacts/{ref_}/raw/{file}", segment(project)),
                    JobTokens::Always,
                );
                let request = request.query("job", job);
                let recent = recent.then_some(("search_recent_successful_pipelines", "true"));
                Some(
                    recent
                        .into_iter()
                        .fold(request, |request, (name, value)| request.query(name, value)),
                )
            }
        }
    }

    /// The entries of an archive as GitLab lists them (18.8 and newer), folders among them; none
    /// by ref, where it does not.
    pub fn tree(&self, at: &ArchiveAt) -> Result<Option<Vec<Row>>, Error> {
        let ArchiveAt::Job { project, id } = at else { return Ok(None) };
        let request = self.api_request(
            format!("listing the artifacts of job {id} in project {project}"),
            &format!("/projects/{}/jobs/{id}/artifacts/tree", segment(project)),
            JobTokens::Always,
        );
        let request = request.query("recursive", "true");
        pages::all(&self.http, &request, |row: &Row| row.path.clone()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_permissions_with_and_without_a_type() {
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
            let row: Row = serde_json::from_str(json).unwrap();
            assert_eq!((row.is_folder(), row.size, row.mode()), (folder, size, mode), "{json}");
        }
    }
}
