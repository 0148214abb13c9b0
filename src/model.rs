//! The nouns as GitLab spells them, with only the fields that are read here.
//!
//! Unknown keys are ignored and unknown statuses kept, because GitLab adds both. Which fields
//! can be absent or null was read in GitLab's own entities (`lib/api/entities/ci/`).

#[cfg(test)]
mod tests;
pub mod tree;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a pipeline in the whole of a GitLab (`CI_PIPELINE_ID`, not `CI_PIPELINE_IID`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PipelineId(pub u64);

/// The number of a job; on large servers beyond 2³².
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

impl fmt::Display for PipelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A project as the API addresses it: by number, or by its full path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProjectRef {
    Id(u64),
    Path(String),
}

impl ProjectRef {
    /// Digits are an id, anything else is a path, as GitLab reads it (`lib/api/helpers.rb`).
    pub fn parse(text: &str) -> ProjectRef {
        match text.parse() {
            Ok(id) => ProjectRef::Id(id),
            Err(_) => ProjectRef::Path(text.trim_matches('/').to_owned()),
        }
    }

    /// The number, where it is known.
    pub fn id(&self) -> Option<u64> {
        match self {
            ProjectRef::Id(id) => Some(*id),
            ProjectRef::Path(_) => None,
        }
    }
}

impl fmt::Display for ProjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProjectRef::Id(id) => id.fmt(f),
            ProjectRef::Path(path) => crate::sanitize::sanitize(path).fmt(f),
        }
    }
}

/// Where a pipeline is: its number is of use only together with its project.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PipelineAt {
    pub project: ProjectRef,
    pub id: PipelineId,
}

/// How a pipeline is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PipelineBy {
    Id(PipelineAt),
    /// The one that a job is in.
    OfJob {
        project: ProjectRef,
        id: JobId,
    },
    /// The latest successful one of a branch or tag; `recent`: or an earlier one, if that has what is wanted.
    Ref {
        project: ProjectRef,
        ref_: String,
        recent: bool,
    },
    /// The latest one of a merge request, which is named by its number in the project.
    MergeRequest {
        project: ProjectRef,
        iid: u64,
    },
    /// The latest one of a commit.
    Commit {
        project: ProjectRef,
        sha: String,
    },
}

impl fmt::Display for PipelineBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::sanitize::sanitize;
        match self {
            PipelineBy::Id(at) => write!(f, "pipeline {} of project {}", at.id, at.project),
            PipelineBy::OfJob { project, id } => write!(f, "job {id} of project {project}"),
            PipelineBy::Ref { project, ref_, .. } => {
                write!(f, "ref `{}` of project {project}", sanitize(ref_))
            }
            PipelineBy::MergeRequest { project, iid } => {
                write!(f, "merge request {iid} of project {project}")
            }
            PipelineBy::Commit { project, sha } => {
                write!(f, "commit {} of project {project}", sanitize(sha))
            }
        }
    }
}

/// Where an archive is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ArchiveAt {
    Job {
        project: ProjectRef,
        id: JobId,
    },
    /// That of the job of this name in the latest successful pipeline of a branch or tag.
    Ref {
        project: ProjectRef,
        ref_: String,
        job: String,
        recent: bool,
    },
}

/// The status of a pipeline, a bridge or a job: one vocabulary (`app/models/concerns/ci/has_status.rb`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Created,
    WaitingForResource,
    Preparing,
    WaitingForCallback,
    Pending,
    Running,
    Success,
    Failed,
    Canceling,
    Canceled,
    Skipped,
    Manual,
    Scheduled,
    /// A word this program has never heard of; taken as "not final".
    Other(String),
}

impl Status {
    const NAMES: [(&'static str, Status); 13] = [
        ("created", Status::Created),
        ("waiting_for_resource", Status::WaitingForResource),
        ("preparing", Status::Preparing),
        ("waiting_for_callback", Status::WaitingForCallback),
        ("pending", Status::Pending),
        ("running", Status::Running),
        ("success", Status::Success),
        ("failed", Status::Failed),
        ("canceling", Status::Canceling),
        ("canceled", Status::Canceled),
        ("skipped", Status::Skipped),
        ("manual", Status::Manual),
        ("scheduled", Status::Scheduled),
    ];

    /// GitLab's own word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Status::Other(word) => word,
            known => {
                Self::NAMES.iter().find(|(_, status)| status == known).map_or("", |(name, _)| name)
            }
        }
    }

    /// Nothing will happen any more, unless somebody retries.
    pub fn is_final(&self) -> bool {
        matches!(self, Status::Success | Status::Failed | Status::Canceled | Status::Skipped)
    }

    /// Time alone can change it: neither final nor waiting for a person.
    pub fn may_move(&self) -> bool {
        !self.is_final() && *self != Status::Manual
    }
}

/// What a pipeline or a bridge without a status has; which of them are taken does not hang on it.
impl Default for Status {
    fn default() -> Status {
        Status::Other("unknown".to_owned())
    }
}

impl From<String> for Status {
    fn from(word: String) -> Status {
        match Status::NAMES.iter().find(|(name, _)| *name == word) {
            Some((_, status)) => status.clone(),
            None => Status::Other(word),
        }
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Status, D::Error> {
        String::deserialize(deserializer).map(Status::from)
    }
}

impl Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::sanitize::sanitize(self.as_str()).fmt(f)
    }
}

/// A pipeline (`PipelineBasic` and what extends it).
#[derive(Debug, Clone, Deserialize)]
pub struct Pipeline {
    pub id: PipelineId,
    /// Absent on servers of the 13 series, where only `web_url` tells.
    pub project_id: Option<u64>,
    #[serde(default)]
    pub status: Status,
    #[serde(rename = "ref")]
    pub ref_: Option<String>,
    pub sha: Option<String>,
    pub source: Option<String>,
    pub web_url: Option<String>,
}

impl Pipeline {
    /// Its project: by number, else by the path in its web address, else unknown.
    pub fn project(&self) -> Option<ProjectRef> {
        if let Some(id) = self.project_id {
            return Some(ProjectRef::Id(id));
        }
        self.path().map(|path| ProjectRef::Path(path.to_owned()))
    }

    /// The path of its project, as its web address tells it.
    pub fn path(&self) -> Option<&str> {
        let (_, rest) = self.web_url.as_deref()?.split_once("://")?;
        let (path, _) = rest.split_once('/')?.1.split_once("/-/")?;
        Some(path)
    }
}

/// A bridge: the job of an upstream pipeline that triggers a downstream one.
#[derive(Debug, Clone, Deserialize)]
pub struct Bridge {
    pub id: JobId,
    pub name: String,
    #[serde(default)]
    pub status: Status,
    /// Present only on a failed one.
    pub failure_reason: Option<String>,
    /// Its failure, or that it waits for a person, stops no pipeline.
    #[serde(default)]
    pub allow_failure: bool,
    pub web_url: Option<String>,
    /// Null until the downstream pipeline exists, and where it was deleted.
    pub downstream_pipeline: Option<Pipeline>,
}

/// A job, as a list of jobs or a single one shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub name: String,
    pub status: Status,
    pub web_url: Option<String>,
    /// Present only on a failed one.
    pub failure_reason: Option<String>,
    /// Its failure, or that it waits for a person, stops no pipeline.
    #[serde(default)]
    pub allow_failure: bool,
    pub finished_at: Option<String>,
    pub erased_at: Option<String>,
    /// Missing once the artifacts expired, even where the archive can still be had.
    pub artifacts_file: Option<ArtifactsFile>,
    /// None where the server does not say.
    pub artifacts: Option<Vec<Artifact>>,
    pub artifacts_expire_at: Option<String>,
    pub pipeline: Option<Pipeline>,
}

/// The archive of a job, as long as it has not expired.
#[derive(Debug, Clone, Deserialize)]
pub struct ArtifactsFile {
    /// Bytes.
    pub size: Option<u64>,
}

/// One of the artifacts of a job: the archive, its metadata, the log, a report.
#[derive(Debug, Clone, Deserialize)]
pub struct Artifact {
    pub file_type: String,
    /// Bytes.
    pub size: Option<u64>,
    pub filename: Option<String>,
    /// `raw`, `gzip` or `zip`.
    pub file_format: Option<String>,
}

impl Job {
    /// Whether GitLab lists an archive. An expired one may be listed and still be there
    /// (`app/models/ci/build.rb`), so the list of artifacts counts and not `artifacts_file` alone.
    pub fn has_archive(&self) -> bool {
        self.artifacts_file.is_some() || self.listed("archive").is_some()
    }

    /// Whether nothing is told of its artifacts, so that only asking for them shows.
    pub fn is_silent(&self) -> bool {
        self.artifacts_file.is_none() && self.artifacts.is_none()
    }

    /// The announced length of the archive in bytes, where GitLab tells it.
    pub fn archive_size(&self) -> Option<u64> {
        let listed = || self.listed("archive").and_then(|artifact| artifact.size);
        self.artifacts_file.as_ref().and_then(|file| file.size).or_else(listed)
    }

    /// The artifact of this type, if GitLab lists one.
    pub fn listed(&self, file_type: &str) -> Option<&Artifact> {
        self.artifacts.iter().flatten().find(|artifact| artifact.file_type == file_type)
    }
}

/// An entry of an archive, as the central directory tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The whole name, `/` between its parts; a folder's ends with `/`.
    pub name: String,
    pub kind: EntryKind,
    /// Bytes when unpacked.
    pub size: u64,
    /// Bytes in the archive.
    pub compressed_size: u64,
    pub crc32: u32,
    /// The unix permission bits (`0o7777`), where the writer gave them.
    pub mode: Option<u32>,
    /// Seconds since 1970, UTC; none where the archive holds no possible date.
    pub modified: Option<i64>,
}

/// What an entry is, by its unix mode and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Folder,
    Link,
    /// A device, a pipe, a socket: never extracted.
    Special,
}
