//! Jobs and their artifacts.

use jiff::Timestamp;
use serde::Deserialize;

use super::id::JobId;
use super::pipeline::Pipeline;
use super::status::Status;

/// A job, as lists of jobs and the endpoint of a single job send it.
#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub name: String,
    pub stage: Option<String>,
    pub status: Status,
    pub web_url: Option<String>,
    /// Present only if it failed.
    pub failure_reason: Option<String>,
    /// The pipeline continues if it fails or waits for a person.
    #[serde(default)]
    pub allow_failure: bool,
    pub finished_at: Option<String>,
    pub erased_at: Option<String>,
    /// Absent once the artifacts expired, even if the archive can still be downloaded.
    pub artifacts_file: Option<ArtifactsFile>,
    /// None if the server does not send the list.
    pub artifacts: Option<Vec<Artifact>>,
    pub artifacts_expire_at: Option<String>,
    pub pipeline: Option<Pipeline>,
    /// None if the commit is gone.
    pub commit: Option<Commit>,
}

/// The commit that a job ran for.
#[derive(Debug, Clone, Deserialize)]
pub struct Commit {
    /// The committer's date.
    pub committed_date: Option<String>,
}

/// The archive of a job that has not expired.
#[derive(Debug, Clone, Deserialize)]
pub struct ArtifactsFile {
    /// The size in bytes.
    pub size: Option<u64>,
}

/// An artifact of a job: the archive, its metadata, the log or a report.
#[derive(Debug, Clone, Deserialize)]
pub struct Artifact {
    pub file_type: String,
    /// The size in bytes.
    pub size: Option<u64>,
    pub filename: Option<String>,
    /// `raw`, `gzip` or `zip`.
    pub file_format: Option<String>,
}

impl Job {
    /// Returns true if GitLab lists an archive. An expired one may be listed in `artifacts` and still
    /// be downloaded (`app/models/ci/build.rb`), so `artifacts_file` alone does not decide.
    pub fn has_archive(&self) -> bool {
        self.artifacts_file.is_some() || self.listed("archive").is_some()
    }

    /// Returns true if the server sends nothing about artifacts, so that only a download shows if
    /// there are any.
    pub fn is_silent(&self) -> bool {
        self.artifacts_file.is_none() && self.artifacts.is_none()
    }

    /// Returns the length of the archive in bytes, if GitLab sends it.
    pub fn archive_size(&self) -> Option<u64> {
        let listed = || self.listed("archive").and_then(|artifact| artifact.size);
        self.artifacts_file.as_ref().and_then(|file| file.size).or_else(listed)
    }

    /// Returns the committer's date of its commit, if GitLab sends it.
    pub fn committed_at(&self) -> Option<Timestamp> {
        self.commit.as_ref()?.committed_date.as_deref()?.parse().ok()
    }

    /// Returns the listed artifact of a type.
    pub fn listed(&self, file_type: &str) -> Option<&Artifact> {
        self.artifacts.iter().flatten().find(|artifact| artifact.file_type == file_type)
    }
}
