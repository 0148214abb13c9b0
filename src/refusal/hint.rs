//! The advice that belongs to a refusal, in one line.

use super::start_failure::StartFailure;
use super::variants::{Refusal, UntriggeredBridge};
use crate::model::{PipelineBy, Status};
use crate::sanitize::sanitize;

const WAIT: &str = "--wait waits for it";
const ANY_STATUS: &str = "--any-status takes the artifacts of jobs that did not succeed";

impl Refusal {
    /// Returns advice for the reader of the message; none where there is nothing to advise.
    pub fn hint(&self) -> Option<String> {
        let advice = match self {
            Refusal::NoSuchPipeline { .. } => {
                "\
                its number is the one in the address bar of the browser (CI_PIPELINE_ID), not the one \
                that counts within the project (CI_PIPELINE_IID)"
            }
            Refusal::NoPipeline { by } => no_pipeline(by),
            Refusal::NoLatest { ref_, pushed, default_branch, seen, .. } => {
                return Some(no_latest(ref_, *pushed, default_branch.as_deref(), seen));
            }
            Refusal::NoBridges { .. } => {
                "\
                the list also stays empty where the token may not see the jobs of the pipeline, and for pipelines \
                started by `trigger` or the API, which have no bridge: name those with --pipeline ID --from pipeline"
            }
            Refusal::NoBridge { .. } | Refusal::NoFile { .. } => return self.did_you_mean(),
            Refusal::NoDownstream { .. } => "name a project by its id or its full path, as listed",
            Refusal::NotTriggered { bridges } => not_triggered(bridges),
            Refusal::NoJob { seen, .. } if seen.is_empty() => {
                "\
                a list of jobs is empty also where the token may not see them: check its role in that project"
            }
            Refusal::NoJob { .. } => return self.did_you_mean(),
            Refusal::NoneUsable { unusable, .. } => {
                return none_usable(unusable).map(str::to_owned);
            }
            Refusal::ManyJobs { .. } => {
                "name one more closely, or narrow the search with --bridge or --downstream"
            }
            Refusal::SameFolder { .. } => {
                "--separate=bridge or --separate=id gives each of them a folder of its own"
            }
            Refusal::Unfinished { status, .. } if status.may_move() => WAIT,
            Refusal::Unfinished { .. } => "it waits for a person: start it in GitLab",
            Refusal::Unsuccessful { .. } => ANY_STATUS,
            Refusal::NoArchive { reports: true, .. } => {
                "list the files under `artifacts: paths:` of the job as well, or take a report file with --report TYPE"
            }
            Refusal::NoArchive { reports: false, .. } => {
                "check `artifacts:` of that job: its paths, `when`, and `rules`"
            }
            Refusal::NotThere { .. } => {
                "a private token (GITLAB_TOKEN) may ask about the job itself, and tell more"
            }
            Refusal::Expired { .. } => {
                "run the job again, or raise `artifacts: expire_in:`; `keep` stops the next from expiring"
            }
            Refusal::Erased { .. } => "run the job again",
            Refusal::NotStarted { why, .. } => match why {
                StartFailure::UnknownRef { .. } => {
                    "name a branch or a tag that is there with --ref"
                }
                StartFailure::NoDefaultBranch => "name a branch or a tag with --ref",
                StartFailure::Rejected { .. } => return None,
            },
            Refusal::Blocked { .. } => {
                "\
                --on-manual play starts it, --on-manual pass takes the pipeline for passed where it stands"
            }
            Refusal::ReportsUnknown { .. } => {
                "GitLab gives out report files since 19.4; list the file under `artifacts: paths:` of the job as well"
            }
            Refusal::NoReport { .. }
            | Refusal::NotEnded { .. }
            | Refusal::EndedBadly { .. }
            | Refusal::LineBreak { .. } => return None,
            Refusal::Archive(refusal) => return refusal.hint(),
        };
        Some(advice.to_owned())
    }

    fn did_you_mean(&self) -> Option<String> {
        let candidates = self.candidates();
        candidates.first().map(|name| format!("did you mean `{}`?", sanitize(name)))
    }
}

/// Returns the flags that lead to a pipeline of another ref: of the default branch, if it has one.
fn no_latest(
    ref_: &str,
    pushed: Option<bool>,
    default_branch: Option<&str>,
    seen: &[String],
) -> String {
    let push = if pushed == Some(false) { "push the branch, or " } else { "" };
    let other = default_branch
        .filter(|branch| seen.iter().any(|name| name == branch))
        .or_else(|| seen.first().map(String::as_str))
        .filter(|name| *name != ref_);
    match other {
        Some(name) if default_branch == Some(name) => format!(
            "{push}take the newest of the default branch with `--pipeline latest --ref {}`",
            shell_word(name)
        ),
        Some(name) => format!(
            "{push}take the newest of another ref, as with `--pipeline latest --ref {}`",
            shell_word(name)
        ),
        None if pushed == Some(false) => "push the branch".to_owned(),
        None => "`downriver list` shows the pipelines of the project".to_owned(),
    }
}

/// Returns a name as one word for a shell.
fn shell_word(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte);
    if name.bytes().all(is_plain) {
        name.to_owned()
    } else {
        format!("'{}'", sanitize(name).to_string().replace('\'', "'\\''"))
    }
}

fn no_pipeline(by: &PipelineBy) -> &'static str {
    match by {
        PipelineBy::Ref { .. } => {
            "name a branch or a tag; a pipeline that is not done or did not succeed is named with --pipeline ID"
        }
        PipelineBy::Id(_)
        | PipelineBy::OfJob { .. }
        | PipelineBy::MergeRequest { .. }
        | PipelineBy::Commit { .. }
        | PipelineBy::Latest { .. } => {
            "check the number; child pipelines are not listed there, name one with --pipeline ID"
        }
    }
}

fn not_triggered(bridges: &[UntriggeredBridge]) -> &'static str {
    if bridges.iter().any(|bridge| bridge.status.may_move()) {
        WAIT
    } else if bridges.iter().any(|bridge| bridge.status == Status::Manual) {
        "start it by hand in GitLab, then try again"
    } else {
        "look at the bridge in GitLab and retry it there"
    }
}

fn none_usable(unusable: &[Refusal]) -> Option<&'static str> {
    if unusable.iter().any(Refusal::may_change) {
        return Some(WAIT);
    }
    let unsuccessful = |refusal: &Refusal| matches!(refusal, Refusal::Unsuccessful { .. });
    unusable.iter().any(unsuccessful).then_some(ANY_STATUS)
}
