//! placeholder
use std::collections::HashMap;

use crate::model::JobId;
use crate::refusal::Refusal;

const MOMENTS: u32 = 5;

#[derive(Debug, Default)]
pub struct SettlingArchives(HashMap<JobId, u32>);

impl SettlingArchives {
    pub fn may_change(&mut self, refusal: &Refusal) -> bool {
        match refusal {
            Refusal::Unfinished { job, .. } => {
                self.0.insert(job.id, MOMENTS);
                refusal.may_change()
            }
            Refusal::NoArchive { job, .. } if !refusal.may_change() => {
                let left = self.0.entry(job.id).or_default();
                let more = *left > 0;
                *left = left.saturating_sub(1);
                more
            }
            _ => refusal.may_change(),
        }
    }
}
