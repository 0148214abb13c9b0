//! The names that a refusal offers instead of the wanted one.

use std::slice;

use super::nearest::nearest;
use super::variants::Refusal;

impl Refusal {
    /// Returns the names that were there, nearest to the wanted one first.
    pub fn candidates(&self) -> Vec<String> {
        match self {
            Refusal::NoBridge { wanted, seen, .. }
            | Refusal::NoDownstream { wanted, seen, .. }
            | Refusal::NoFile { wanted, seen } => nearest(wanted, seen),
            Refusal::NoSuchPipeline { at, seen } => nearest(&[at.id.to_string()], seen),
            Refusal::NoLatest { ref_, seen, .. } => nearest(slice::from_ref(ref_), seen),
            Refusal::NoJob { wanted, seen, .. } | Refusal::NoReport { wanted, seen, .. } => {
                nearest(slice::from_ref(wanted), seen)
            }
            Refusal::ManyJobs { seen } | Refusal::SameFolder { jobs: seen, .. } => seen.clone(),
            Refusal::NoneUsable { unusable, .. } => {
                unusable.iter().map(Refusal::to_string).collect()
            }
            Refusal::NotTriggered { bridges } => {
                bridges.iter().map(|bridge| bridge.name.clone()).collect()
            }
            Refusal::EndedBadly { failed: jobs, .. } | Refusal::Blocked { jobs, .. } => {
                jobs.iter().map(|job| job.name.clone()).collect()
            }
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
}
