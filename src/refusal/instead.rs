//! The names that a refusal offers instead of the wanted one.

use std::slice;

use super::nearest::{is_near, nearest};
use super::variants::Refusal;

impl Refusal {
    /// Returns the names that were there: those near the wanted one first, nearest of all first, then
    /// the others in their order.
    pub fn candidates(&self) -> Vec<String> {
        match self {
            Refusal::NoBridge { wanted, seen, .. }
            | Refusal::NoDownstream { wanted, seen, .. }
            | Refusal::NoFile { wanted, seen } => nearest(wanted, seen),
            Refusal::NoSuchPipeline { seen, .. } | Refusal::ManyJobs { seen } => seen.clone(),
            Refusal::NoJob { wanted, seen, .. } | Refusal::NoReport { wanted, seen, .. } => {
                nearest(slice::from_ref(wanted), seen)
            }
            Refusal::NoneUsable { unusable, .. } => {
                unusable.iter().map(Refusal::to_string).collect()
            }
            Refusal::NotTriggered { bridges } => {
                bridges.iter().map(|bridge| bridge.name.clone()).collect()
            }
            Refusal::EndedBadly { failed, blocking, .. } => {
                failed.iter().chain(blocking).map(|job| job.name.clone()).collect()
            }
            Refusal::Blocked { jobs, .. } => jobs.iter().map(|job| job.name.clone()).collect(),
            Refusal::Elsewhere { refusal, .. } => refusal.candidates(),
            Refusal::NoPipeline { .. }
            | Refusal::NoBridges { .. }
            | Refusal::NotEnded { .. }
            | Refusal::Unfinished { .. }
            | Refusal::Unsuccessful { .. }
            | Refusal::NoArchive { .. }
            | Refusal::NotThere { .. }
            | Refusal::Expired { .. }
            | Refusal::Erased { .. }
            | Refusal::NotStarted { .. }
            | Refusal::ReportsUnknown { .. }
            | Refusal::LineBreak { .. }
            | Refusal::Archive(_) => Vec::new(),
        }
    }

    /// Returns the name that is nearest to the wanted one, if any is near.
    pub(super) fn nearest_candidate(&self) -> Option<String> {
        let wanted = match self {
            Refusal::NoBridge { wanted, .. } | Refusal::NoFile { wanted, .. } => wanted.as_slice(),
            Refusal::NoJob { wanted, .. } => slice::from_ref(wanted),
            _ => return None,
        };
        self.candidates().into_iter().next().filter(|name| is_near(wanted, name))
    }
}
