//! The question whether waiting can turn a refusal into a success.

use super::variants::Refusal;
use crate::model::Status;

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
            Refusal::NotTriggered { bridges } => {
                bridges.iter().any(|bridge| bridge.status.may_move())
            }
            Refusal::NoJob { pipelines, untriggered, .. } => {
                pipelines.iter().any(|pipeline| pipeline.status.may_move())
                    || untriggered.iter().any(|bridge| bridge.status.may_move())
            }
            Refusal::NoneUsable { unusable, .. } => unusable.iter().any(Refusal::may_change),
            Refusal::Unfinished { status, .. } => status.may_move(),
            Refusal::NoArchive { just_ended, .. } => *just_ended,
            Refusal::NoSuchPipeline { .. }
            | Refusal::ManyJobs { .. }
            | Refusal::SameFolder { .. }
            | Refusal::EndedBadly { .. }
            | Refusal::Unsuccessful { .. }
            | Refusal::Expired { .. }
            | Refusal::Erased { .. }
            | Refusal::NoFile { .. }
            | Refusal::NotStarted { .. }
            | Refusal::Blocked { .. }
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
