//! The advice that belongs to a refusal, in one line.

use super::bridge_failure;
use super::start_failure::StartFailure;
use super::variants::{PipelineStatus, Refusal, UntriggeredBridge};
use crate::model::{PipelineBy, ProjectRef, Status};
use crate::sanitize::sanitize;

const WAIT: &str = "--wait waits for it";
const NOT_CREATED: &str =
    "GitLab could not create its jobs: mend what it says, and run the bridge again";
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
            Refusal::NoBridges { .. } => {
                "\
                the list also stays empty where the token may not see the jobs of the pipeline, and for pipelines \
                started by `trigger` or the API, which have no bridge: name those with --pipeline ID --from pipeline"
            }
            Refusal::NoBridge { .. } | Refusal::NoFile { .. } => return self.did_you_mean(),
            Refusal::Elsewhere { place, .. } => place.hint(),
            Refusal::EndedBadly { pipelines, blocking, .. } if !blocking.is_empty() => {
                return Some(unblock(pipelines));
            }
            Refusal::NoDownstream { .. } => "name a project by its id or its full path, as listed",
            Refusal::NotTriggered { bridges } => not_triggered(bridges),
            Refusal::NoJob { seen, pipelines, .. }
                if seen.is_empty()
                    && pipelines.iter().any(|pipeline| pipeline.reason.is_some()) =>
            {
                NOT_CREATED
            }
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
            Refusal::EndedBadly { pipelines, .. }
                if pipelines.iter().any(|pipeline| pipeline.reason.is_some()) =>
            {
                NOT_CREATED
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
        self.nearest_candidate().map(|name| format!("did you mean `{}`?", sanitize(&name)))
    }
}

/// Returns the ways to start the manual jobs that block a pipeline.
fn unblock(pipelines: &[PipelineStatus]) -> String {
    let blocked = pipelines.iter().find(|pipeline| pipeline.status == Status::Manual);
    // A path that a shell would not read as one word is left out.
    let command = blocked.and_then(|blocked| {
        let project = match &blocked.project {
            ProjectRef::Id(id) | ProjectRef::Known { id, .. } => id.to_string(),
            ProjectRef::Path(path) if is_plain(path) => path.clone(),
            ProjectRef::Path(_) => return None,
        };
        let id = blocked.pipeline;
        Some(format!(", or with `downriver trigger {project} --pid {id} --on-manual play`"))
    });
    format!("start the job in GitLab{}", command.unwrap_or_default())
}

/// Returns true if a shell reads the text as one word without quotes, and no flag.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    text.bytes().all(plain) && !text.starts_with('-')
}

fn no_pipeline(by: &PipelineBy) -> &'static str {
    match by {
        PipelineBy::Ref { .. } => {
            "name a branch or a tag; a pipeline that is not done or did not succeed is named with --pipeline ID"
        }
        PipelineBy::Id(_)
        | PipelineBy::OfJob { .. }
        | PipelineBy::MergeRequest { .. }
        | PipelineBy::Commit { .. } => {
            "check the number; child pipelines are not listed there, name one with --pipeline ID"
        }
    }
}

fn not_triggered(bridges: &[UntriggeredBridge]) -> &'static str {
    let known = || bridges.iter().find_map(|it| bridge_failure::hint(it.reason.as_deref()?));
    if bridges.iter().any(UntriggeredBridge::may_trigger) {
        WAIT
    } else if bridges.iter().any(|bridge| bridge.status == Status::Canceling) {
        "it will end as canceled: run the bridge again in GitLab"
    } else if bridges.iter().any(|bridge| bridge.status == Status::Manual) {
        "start it by hand in GitLab, then try again"
    } else {
        known().unwrap_or("look at the bridge in GitLab and retry it there")
    }
}

fn none_usable(unusable: &[Refusal]) -> Option<&'static str> {
    if unusable.iter().any(Refusal::may_change) {
        return Some(WAIT);
    }
    let unsuccessful = |refusal: &Refusal| matches!(refusal, Refusal::Unsuccessful { .. });
    unusable.iter().any(unsuccessful).then_some(ANY_STATUS)
}
