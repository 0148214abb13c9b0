//! The entities of GitLab and of archives, with only the fields that this program reads.
//!
//! Unknown keys are ignored and unknown statuses are kept, because GitLab adds both. The fields that
//! can be absent or null follow GitLab's entities (`lib/api/entities/ci/`).

mod address;
mod entry;
mod id;
mod job;
mod pipeline;
mod raw_path;
mod status;
#[cfg(test)]
mod tests;
pub mod tree;

pub use address::{ArchiveAt, LatestOf, PipelineAt, PipelineBy};
pub use entry::{DEFAULT_MAX_ENTRIES, Entry, EntryKind, Method};
pub use id::{JobId, PipelineId, ProjectRef};
pub use job::{Artifact, ArtifactsFile, Job};
pub use pipeline::{Bridge, Pipeline};
pub use raw_path::{RawPath, RawPathPool, os_str};
pub use status::Status;
