//! The exit code of each refusal.

use super::variants::Refusal;
use crate::exit::Exit;
use crate::model::Status;

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
            Refusal::Unsuccessful { .. } | Refusal::EndedBadly { .. } | Refusal::Blocked { .. } => {
                true
            }
            Refusal::Archive(_) | Refusal::LineBreak { .. } => return Exit::Archive,
            Refusal::NoSuchPipeline { .. }
            | Refusal::NoPipeline { .. }
            | Refusal::NoLatest { .. }
            | Refusal::NotEnded { .. }
            | Refusal::NoneUsable { .. }
            | Refusal::ManyJobs { .. }
            | Refusal::SameFolder { .. }
            | Refusal::NoArchive { .. }
            | Refusal::NotThere { .. }
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

/// Returns true for `manual` as well: without a person, it stays as it is.
fn ended_badly(status: &Status) -> bool {
    !status.may_move() && *status != Status::Success
}
