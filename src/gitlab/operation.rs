//! The operations of the API that this program uses, as data that exit codes and hints depend on.

use crate::token::Kind;

/// A kind of request to GitLab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    ReadProject,
    ReadCommit,
    ReadPipeline,
    ListPipelines,
    ListMergeRequestPipelines,
    ListBridges,
    ListJobs,
    ReadJob,
    ReadLog,
    DownloadArchive,
    /// Reading one file of an archive, or a listing of its files.
    ReadArtifactFile,
    StartPipeline,
    /// Starting a pipeline with a token of this kind in the body of the request.
    TriggerPipeline(Kind),
    RetryPipeline,
    PlayJob,
    KeepArtifacts,
    DeleteArtifacts,
    DeleteProjectArtifacts,
}

/// Support of an endpoint for job tokens (`doc/ci/jobs/fine_grained_permissions.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobTokens {
    Always,
    /// Supported since a version between 18.0 and 18.7. Older servers silently ignore the token.
    Newer,
    Never,
    /// The token is a field of the request body and is of this kind.
    InBody(Kind),
}

impl Operation {
    pub(super) fn job_tokens(self) -> JobTokens {
        match self {
            Operation::DownloadArchive | Operation::ReadArtifactFile => JobTokens::Always,
            Operation::ReadPipeline
            | Operation::ListPipelines
            | Operation::ListBridges
            | Operation::ListJobs => JobTokens::Newer,
            Operation::TriggerPipeline(kind) => JobTokens::InBody(kind),
            Operation::ReadProject
            | Operation::ReadCommit
            | Operation::ListMergeRequestPipelines
            | Operation::ReadJob
            | Operation::ReadLog
            | Operation::StartPipeline
            | Operation::RetryPipeline
            | Operation::PlayJob
            | Operation::KeepArtifacts
            | Operation::DeleteArtifacts
            | Operation::DeleteProjectArtifacts => JobTokens::Never,
        }
    }

    /// Returns true for the requests whose success proves that pipelines and jobs of the project
    /// may be read, and whose 404 can mean either: nothing there, or no access.
    pub(super) fn reads_pipelines(self) -> bool {
        self.job_tokens() == JobTokens::Newer
    }

    /// Returns true if the response can come from another server than GitLab: files and logs can
    /// be in object storage.
    pub(super) fn may_leave_api(self) -> bool {
        matches!(
            self,
            Operation::DownloadArchive | Operation::ReadArtifactFile | Operation::ReadLog
        )
    }
}
