//! The permissions that each operation needs, from which hints and `docs/permissions.md` are made.
//!
//! Sources: the route settings of GitLab's API (`lib/api`), its generated pages
//! `doc/auth/tokens/fine_grained_access_tokens_rest.md` (every name below was compared with it, in the
//! form that it has since GitLab 19.2) and `doc/ci/jobs/fine_grained_permissions.md`.

use super::operation::Operation;

/// The permissions of one operation, for each kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Permissions {
    /// The scope of a personal, project or group access token.
    pub(super) scope: &'static str,
    /// The permission of a fine-grained personal access token (GitLab 19.2 and newer; before, an
    /// experiment). Empty if such tokens are not accepted.
    pub(super) fine_grained: &'static str,
    /// The permission of a job token in the allowlist of the other project, and the versions since
    /// which the endpoint accepts job tokens.
    pub(super) job_token: Option<(&'static str, &'static str)>,
    /// The lowest role of the user of the token.
    pub(super) role: &'static str,
}

const READ: &str = "read_api";
const CHANGE: &str = "api";
const READ_JOBS: &str = "read_jobs";
const READ_PIPELINES: &str = "read_pipelines";

impl Operation {
    pub(super) fn permissions(self) -> Permissions {
        let of = |scope, fine_grained, job_token, role| Permissions {
            scope,
            fine_grained,
            job_token,
            role,
        };
        match self {
            Operation::ReadProject => of(READ, "Project: Read", None, "Guest"),
            Operation::ReadCommit => of(READ, "Commit: Read", None, "Reporter"),
            Operation::ReadPipeline | Operation::ListPipelines | Operation::ListBridges => {
                of(READ, "Pipeline: Read", Some((READ_PIPELINES, "18.3 to 18.7")), "Reporter")
            }
            Operation::ListJobs => {
                of(READ, "Pipeline: Read", Some((READ_JOBS, "18.0 to 18.2")), "Reporter")
            }
            Operation::ListMergeRequestPipelines => {
                of(READ, "Merge Request: Read", None, "Reporter")
            }
            Operation::ReadJob | Operation::ReadLog => of(READ, "Job: Read", None, "Reporter"),
            Operation::DownloadArchive => {
                of(READ, "Job Artifact: Read", Some((READ_JOBS, "9.5")), "Reporter")
            }
            Operation::ReadArtifactFile => {
                of(READ, "Job Artifact: Read", Some((READ_JOBS, "13.10")), "Reporter")
            }
            Operation::StartPipeline => of(CHANGE, "Pipeline: Create", None, "Developer"),
            Operation::TriggerPipeline(_) => {
                of(CHANGE, "", Some(("no permission of its own", "9.0")), "Developer")
            }
            Operation::RetryPipeline => of(CHANGE, "Pipeline: Update", None, "Developer"),
            Operation::PlayJob => of(CHANGE, "Job: Run", None, "Developer"),
            Operation::KeepArtifacts => of(CHANGE, "Job Artifact: Update", None, "Developer"),
            Operation::DeleteArtifacts => of(CHANGE, "Job Artifact: Delete", None, "Maintainer"),
            Operation::DeleteProjectArtifacts => of(CHANGE, "Artifact: Delete", None, "Maintainer"),
        }
    }
}

#[cfg(test)]
impl Operation {
    /// Returns the name of a request in the documents.
    pub(super) fn name(self) -> &'static str {
        match self {
            Operation::ReadProject => "reading the default branch",
            Operation::ReadCommit => "reading the commit of a ref",
            Operation::ReadPipeline => "reading a pipeline",
            Operation::ListPipelines => "listing pipelines",
            Operation::ListMergeRequestPipelines => "listing the pipelines of a merge request",
            Operation::ListBridges => "listing bridges",
            Operation::ListJobs => "listing jobs",
            Operation::ReadJob => "reading a job by its id",
            Operation::ReadLog => "reading a log",
            Operation::DownloadArchive => "downloading artifacts",
            Operation::ReadArtifactFile => "reading one file, or the list of files",
            Operation::StartPipeline => "starting a pipeline with a private token",
            Operation::TriggerPipeline(_) => "starting a pipeline with a trigger or job token",
            Operation::RetryPipeline => "retrying a pipeline",
            Operation::PlayJob => "playing a manual job",
            Operation::KeepArtifacts => "keeping artifacts",
            Operation::DeleteArtifacts => "deleting the artifacts of a job",
            Operation::DeleteProjectArtifacts => "deleting all artifacts of a project",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use expect_test::expect_file;

    use super::*;
    use crate::token::Kind;

    /// The operations of each command. `fetch`, `ls`, `cat` and `explain` ask for the same.
    const COMMANDS: [(&str, &[Operation]); 9] = [
        (
            "`fetch`, `ls`, `cat`, `explain`",
            &[
                Operation::ReadPipeline,
                Operation::ListBridges,
                Operation::ListJobs,
                Operation::DownloadArchive,
                Operation::ReadArtifactFile,
            ],
        ),
        ("… with `--ref`, `--commit`, `--pipeline latest`", &[Operation::ListPipelines]),
        ("… with `--mr`", &[Operation::ListMergeRequestPipelines]),
        ("… with `--job-id` or the address of a job", &[Operation::ReadJob]),
        (
            "`wait`, `tree`, `list`",
            &[
                Operation::ListPipelines,
                Operation::ReadPipeline,
                Operation::ListBridges,
                Operation::ListJobs,
            ],
        ),
        ("`keep`", &[Operation::KeepArtifacts]),
        ("`delete`", &[Operation::DeleteArtifacts, Operation::DeleteProjectArtifacts]),
        (
            "`trigger`",
            &[
                Operation::TriggerPipeline(Kind::Job),
                Operation::StartPipeline,
                Operation::ReadProject,
                Operation::ReadPipeline,
            ],
        ),
        (
            "`trigger` with `--retry`, `--on-manual play`, `--print-logs`",
            &[
                Operation::RetryPipeline,
                Operation::ReadCommit,
                Operation::PlayJob,
                Operation::ReadLog,
            ],
        ),
    ];

    fn document() -> String {
        let mut text = INTRODUCTION.to_owned();
        for (command, operations) in COMMANDS {
            for (number, operation) in operations.iter().enumerate() {
                let Permissions { scope, fine_grained, job_token, role } = operation.permissions();
                let command = if number == 0 { command } else { "" };
                let fine_grained = match fine_grained {
                    "" => "not accepted".to_owned(),
                    name => format!("`{name}`"),
                };
                let job_token = match job_token {
                    None if *operation == Operation::ReadCommit => "not used".to_owned(),
                    None => "not accepted".to_owned(),
                    Some((name, since)) if name.contains(' ') => format!("{name} ({since})"),
                    Some((name, since)) => format!("`{name}` ({since})"),
                };
                let request = operation.name();
                let _ = writeln!(
                    text,
                    "| {command} | {request} | `{scope}` | {fine_grained} | {job_token} | {role} |"
                );
            }
        }
        text
    }

    const INTRODUCTION: &str = "\
# Permissions of tokens

The permissions that each command needs, for each kind of token. A command that finds what it needs earlier makes fewer requests.

- **Scope**: of a classic personal, project or group access token.
- **Fine-grained**: the permission of a fine-grained personal access token (GitLab 19.2 and newer). It is chosen when the token is created and cannot be added later: create a new token. Groups can demand such tokens. The refusal of GitLab names the missing permission in brackets, as this table does. The resource and the action are those of the form for a new token. Public projects, their commits, merge requests and pipelines need none; bridges, jobs and artifacts do.
- **Job token**: the permission of `CI_JOB_TOKEN` where the other project uses fine-grained permissions in its allowlist (GitLab 18.3 and newer), and the version of GitLab since which the request accepts job tokens at all; `18.3 to 18.7` means since one of these versions. The projects of pipelines that the job token reads must list the job's project under Settings → CI/CD → Job token permissions; the job's own project need not. Newer versions of GitLab (after 18.2; the exact version is not documented) also accept job tokens for reading a commit (`read_repositories`) and for listing merge requests (`read_merge_requests`); downriver does both with a private token only, and finds pipelines otherwise with a job token. The list of pipelines of a merge request does not accept job tokens, and GitLab does not document that the routes of projects do.
- **Role**: of the user of the token in a private project. Artifacts with `artifacts:access: developer` or `artifacts:public: false` need Developer, with `artifacts:access: maintainer` Maintainer, and with `artifacts:access: none` nobody may download them. A protected branch needs permission to push or merge there.

| command | request | scope | fine-grained | job token (since) | role |
| --- | --- | --- | --- | --- | --- |
";

    #[test]
    fn the_page_about_permissions_is_made_of_the_table() {
        expect_file!["../../docs/permissions.md"].assert_eq(&document());
    }
}
