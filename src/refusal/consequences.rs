//! The consequences of a refusal: if waiting can help, its exit code, the names to offer, the hint.

use std::collections::HashSet;
use std::slice;

use super::bridge_failure;
use super::nearest::{is_near, nearest};
use super::no_latest;
use super::start_failure::StartFailure;
use super::variants::{PipelineStatus, Refusal, UntriggeredBridge};
use crate::exit::Exit;
use crate::model::{PipelineBy, ProjectRef, Status};
use crate::sanitize::join_names;

/// The number of names that a hint offers.
const MAX_OFFERED: usize = 3;

pub(super) const WAIT: &str = "--wait waits for it";
const NOT_CREATED: &str =
    "GitLab could not create its jobs: mend what it says, and run the bridge again";
const ANY_STATUS: &str = "--any-status takes the artifacts of jobs that did not succeed";

impl Refusal {
    /// Returns true if the answer may change without anybody acting, so that `--wait` makes sense.
    pub fn may_change(&self) -> bool {
        match self {
            Refusal::NoPipeline { .. }
            | Refusal::NoLatest { .. }
            | Refusal::NotThere { .. }
            | Refusal::NotEnded { .. } => true,
            Refusal::NoBridges { ended, .. }
            | Refusal::NoBridge { ended, .. }
            | Refusal::NoDownstream { ended, .. } => ended.is_none(),
            Refusal::NotTriggered { bridges } => bridges.iter().any(UntriggeredBridge::may_trigger),
            Refusal::NoJob { pipelines, untriggered, .. } => {
                pipelines.iter().any(|pipeline| pipeline.status.may_move())
                    || untriggered.iter().any(UntriggeredBridge::may_trigger)
            }
            Refusal::NoneUsable { unusable, .. } => unusable.iter().any(Refusal::may_change),
            Refusal::Several { refusals } => refusals.iter().all(Refusal::may_change),
            Refusal::Unfinished { status, .. } => status.may_move(),
            Refusal::NoArchive { just_ended, .. } => *just_ended,
            Refusal::Elsewhere { refusal, .. } => refusal.may_change(),
            Refusal::NoSuchPipeline { .. }
            | Refusal::ManyJobs { .. }
            | Refusal::EndedBadly { .. }
            | Refusal::Unsuccessful { .. }
            | Refusal::Lost { .. }
            | Refusal::SameFolder { .. }
            | Refusal::Expired { .. }
            | Refusal::Erased { .. }
            | Refusal::NoFile { .. }
            | Refusal::NotStarted { .. }
            | Refusal::Blocked { .. }
            | Refusal::NoManualJob { .. }
            | Refusal::NoReport { .. }
            | Refusal::ReportsUnknown { .. }
            | Refusal::LineBreak { .. }
            | Refusal::Archive(_) => false,
        }
    }

    /// Returns true if a further bridge or downstream pipeline could resolve it.
    pub fn waits_for_bridges(&self) -> bool {
        matches!(
            self,
            Refusal::NoBridges { ended: None, .. }
                | Refusal::NoBridge { ended: None, .. }
                | Refusal::NoDownstream { ended: None, .. }
        )
    }

    /// Records that the upstream pipeline has ended with this status and triggers nothing more.
    pub fn with_end(mut self, status: Status) -> Refusal {
        if let Refusal::NoBridges { ended, .. }
        | Refusal::NoBridge { ended, .. }
        | Refusal::NoDownstream { ended, .. } = &mut self
        {
            *ended = Some(status);
        }
        self
    }
}

impl Refusal {
    /// Returns the exit code. After `--wait`, a pipeline or job that ended without success has
    /// its own code.
    pub fn exit(&self, waited: bool) -> Exit {
        let unsuccessful = match self {
            Refusal::NotTriggered { bridges } => {
                bridges.iter().any(|bridge| ended_badly(&bridge.status))
            }
            Refusal::NoBridges { ended, .. }
            | Refusal::NoBridge { ended, .. }
            | Refusal::NoDownstream { ended, .. } => ended.as_ref().is_some_and(ended_badly),
            Refusal::NoJob { pipelines, untriggered, .. } => {
                pipelines.iter().any(|pipeline| ended_badly(&pipeline.status))
                    || untriggered
                        .iter()
                        .any(|bridge| matches!(bridge.status, Status::Failed | Status::Canceled))
            }
            Refusal::Unfinished { status, .. } => ended_badly(status),
            Refusal::Unsuccessful { .. }
            | Refusal::EndedBadly { .. }
            | Refusal::Blocked { .. }
            | Refusal::NoManualJob { .. } => true,
            Refusal::NoneUsable { unusable, .. } => {
                unusable.iter().any(|refusal| refusal.exit(waited) == Exit::Unsuccessful)
            }
            Refusal::Elsewhere { refusal, .. } => return refusal.exit(waited),
            Refusal::Several { refusals } => {
                let exits = refusals.iter().map(|refusal| refusal.exit(waited));
                return exits
                    .reduce(|first, next| if first == Exit::Nothing { next } else { first })
                    .unwrap_or(Exit::Nothing);
            }
            Refusal::Archive(_) | Refusal::LineBreak { .. } => return Exit::Archive,
            Refusal::NoSuchPipeline { .. }
            | Refusal::NoPipeline { .. }
            | Refusal::NoLatest { .. }
            | Refusal::NotEnded { .. }
            | Refusal::ManyJobs { .. }
            | Refusal::NoArchive { .. }
            | Refusal::NotThere { .. }
            | Refusal::Lost { .. }
            | Refusal::SameFolder { .. }
            | Refusal::Expired { .. }
            | Refusal::Erased { .. }
            | Refusal::NoFile { .. }
            | Refusal::NotStarted { .. }
            | Refusal::NoReport { .. }
            | Refusal::ReportsUnknown { .. } => false,
        };
        if waited && unsuccessful { Exit::Unsuccessful } else { Exit::Nothing }
    }
}

/// Returns true for `manual` as well, which stays as it is without a person, and for `canceling`,
/// which can only end as canceled.
fn ended_badly(status: &Status) -> bool {
    *status == Status::Canceling || (!status.may_move() && *status != Status::Success)
}

impl Refusal {
    /// Returns the names that were there: those near the wanted one first, nearest of all first, then
    /// the others in their order.
    pub fn candidates(&self) -> Vec<String> {
        match self {
            Refusal::NoBridge { wanted, seen, .. }
            | Refusal::NoJob { wanted, seen, .. }
            | Refusal::NoDownstream { wanted, seen, .. }
            | Refusal::NoFile { wanted, seen } => nearest(wanted, seen),
            Refusal::NoSuchPipeline { seen, .. }
            | Refusal::ManyJobs { seen }
            | Refusal::SameFolder { jobs: seen, .. } => seen.clone(),
            Refusal::NoLatest { ref_, seen, .. } => nearest(slice::from_ref(ref_), seen),
            Refusal::NoReport { wanted, seen, .. } => nearest(slice::from_ref(wanted), seen),
            Refusal::NoneUsable { unusable, .. } => {
                unusable.iter().map(Refusal::to_string).collect()
            }
            Refusal::NotTriggered { bridges } => {
                bridges.iter().map(|bridge| bridge.name.clone()).collect()
            }
            Refusal::EndedBadly { failed, blocking, .. } => {
                failed.iter().chain(blocking).map(|job| job.name.clone()).collect()
            }
            Refusal::Blocked { jobs, .. } | Refusal::NoManualJob { jobs, .. } => {
                jobs.iter().map(|job| job.name.clone()).collect()
            }
            Refusal::Elsewhere { refusal, .. } => refusal.candidates(),
            Refusal::Several { refusals } => {
                let all = refusals.iter().flat_map(Refusal::candidates);
                let mut known = HashSet::new();
                all.filter(|name| known.insert(name.clone())).collect()
            }
            Refusal::NoPipeline { .. }
            | Refusal::NoBridges { .. }
            | Refusal::NotEnded { .. }
            | Refusal::Unfinished { .. }
            | Refusal::Unsuccessful { .. }
            | Refusal::NoArchive { .. }
            | Refusal::NotThere { .. }
            | Refusal::Lost { .. }
            | Refusal::Expired { .. }
            | Refusal::Erased { .. }
            | Refusal::NotStarted { .. }
            | Refusal::ReportsUnknown { .. }
            | Refusal::LineBreak { .. }
            | Refusal::Archive(_) => Vec::new(),
        }
    }
}

impl Refusal {
    /// Returns advice for the reader of the message; none where there is nothing to advise.
    pub fn hint(&self) -> Option<String> {
        let advice = match self {
            Refusal::NoSuchPipeline { .. } => {
                "\
                its number is the one in the address bar of the browser (CI_PIPELINE_ID), not the one \
                that counts within the project (CI_PIPELINE_IID)"
            }
            Refusal::NoPipeline { by, by_job_token } => no_pipeline(by, *by_job_token),
            Refusal::NoLatest { ref_, pushed, default_branch, seen, .. } => {
                return Some(no_latest::hint(ref_, *pushed, default_branch.as_deref(), seen));
            }
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
            Refusal::Several { .. } => return self.hints().into_iter().next(),
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
            Refusal::Lost { .. } => {
                "run the job again; where other jobs are affected too, their storage was lost or moved without its objects"
            }
            Refusal::SameFolder { .. } => {
                "--separate=bridge or --separate=id gives each of them a folder of its own"
            }
            Refusal::Expired { .. } => {
                "run the job again, or raise `artifacts: expire_in:`; `keep` stops the next from expiring"
            }
            Refusal::Erased { .. } => "run the job again",
            Refusal::NotStarted { why, .. } => match why {
                StartFailure::UnknownRef { .. } => {
                    "name a branch or a tag that is there with --ref (or -t)"
                }
                StartFailure::NoDefaultBranch => "name a branch or a tag with --ref",
                StartFailure::Rejected { .. } => return None,
            },
            Refusal::NoManualJob { .. } => {
                "--jobs takes the names of manual jobs, separated by commas; without it those that block are played"
            }
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

    /// Returns a hint with the nearest name for each wanted one that has a similar one.
    fn did_you_mean(&self) -> Option<String> {
        let (Refusal::NoBridge { wanted, seen, .. }
        | Refusal::NoFile { wanted, seen }
        | Refusal::NoJob { wanted, seen, .. }) = self
        else {
            return None;
        };
        let near = |wanted: &String| {
            let wanted = slice::from_ref(wanted);
            nearest(wanted, seen).into_iter().next().filter(|name| is_near(wanted, name))
        };
        let mut known = HashSet::new();
        let names = wanted.iter().filter_map(near);
        let names: Vec<String> = names.filter(|name| known.insert(name.clone())).collect();
        (!names.is_empty()).then(|| format!("did you mean {}?", join_names(&names, MAX_OFFERED)))
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

fn no_pipeline(by: &PipelineBy, by_job_token: bool) -> &'static str {
    match by {
        PipelineBy::MergeRequest { .. } if by_job_token => {
            "check the number; if the merge request comes from a private fork, its pipelines are in the fork, which a job token does not see: use a private token (GITLAB_TOKEN) with the scope read_api"
        }
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
