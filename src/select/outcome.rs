//! The end of a lookup: whether its result is final, and which refusals justify another attempt.

use std::collections::{HashMap, HashSet};

use crate::model::JobId;
use crate::refusal::Refusal;

/// The number of further attempts for an archive that is missing after its job was seen to end.
const MAX_ATTEMPTS_AFTER_END: u32 = 5;

/// The number of jobs that a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobCount {
    AtMostOne,
    Any,
}

/// The treatment of jobs that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnMissing {
    /// A missing job ends the command.
    Refuse,
    /// A missing job is reported beside the jobs that were found (`--if-missing warn` or `ignore`).
    Report,
}

/// The number of attempts of a lookup (`--wait`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempts {
    One,
    /// Repeats the lookup as long as its result may change.
    UntilTimeout,
}

/// The conditions under which the result of a lookup is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeRules {
    pub count: JobCount,
    pub on_missing: OnMissing,
    pub attempts: Attempts,
}

/// Returns the refusal that a lookup ends with, or `Ok` if its result is final and usable.
///
/// `found` holds the labels of the jobs, `missing` each pattern that has no job with the reason.
///
/// # Errors
/// [`Refusal::ManyJobs`], or the refusals of `missing` combined. Waiting can only help where it can
/// resolve all of them.
pub fn check(
    found: &[String],
    missing: &[(String, Refusal)],
    rules: OutcomeRules,
) -> Result<(), Refusal> {
    if rules.count == JobCount::AtMostOne && found.len() > 1 {
        return Err(Refusal::ManyJobs { seen: found.to_vec() });
    }
    let counts = |refusal: &&Refusal| match (rules.on_missing, rules.attempts) {
        (OnMissing::Refuse, _) => true,
        (OnMissing::Report, Attempts::UntilTimeout) => refusal.may_change(),
        (OnMissing::Report, Attempts::One) => false,
    };
    let refusals = missing.iter().map(|(_, refusal)| refusal).filter(counts);
    Refusal::combine(refusals.cloned()).map_or(Ok(()), Err)
}

/// The attempts that are left for archives of jobs that ended during the wait.
///
/// GitLab may list the archive of a job only seconds after its end. Time stamps do not show this
/// reliably, because the clocks of server and client may differ, so each job that was seen before
/// its end gets a number of further attempts.
///
/// A job that failed in a pipeline that still moves gets one further attempt, because GitLab may be
/// about to retry it: until then, the failed attempt is the latest.
#[derive(Debug, Default)]
pub struct RetryState {
    attempts_left: HashMap<JobId, u32>,
    seen_failed: HashSet<JobId>,
}

impl RetryState {
    /// Returns true if another attempt may succeed, and counts the attempts for missing archives.
    pub fn should_retry(&mut self, refusal: &Refusal) -> bool {
        // Two patterns of one lookup may match the same job.
        let seen_before = self.seen_failed.clone();
        self.record(refusal, &seen_before)
    }

    /// Records every job of a refusal, and returns true if another attempt may succeed. `seen_before`
    /// holds the failed jobs of earlier lookups.
    fn record(&mut self, refusal: &Refusal, seen_before: &HashSet<JobId>) -> bool {
        match refusal {
            Refusal::Several { refusals } => {
                let resolvable =
                    refusals.iter().filter(|refusal| self.record(refusal, seen_before));
                resolvable.count() == refusals.len()
            }
            Refusal::Unfinished { job, .. } => {
                self.attempts_left.insert(job.id, MAX_ATTEMPTS_AFTER_END);
                refusal.may_change()
            }
            Refusal::NoArchive { job, .. } if !refusal.may_change() => {
                match self.attempts_left.get_mut(&job.id) {
                    Some(left) if *left > 0 => {
                        *left -= 1;
                        true
                    }
                    Some(_) | None => false,
                }
            }
            refusal => refusal.may_change() || self.is_first_failure(refusal, seen_before),
        }
    }

    /// Returns true if a refusal holds a job that may be retried and is seen for the first time.
    fn is_first_failure(&mut self, refusal: &Refusal, seen_before: &HashSet<JobId>) -> bool {
        match refusal {
            Refusal::Unsuccessful { job, may_be_retried: true, .. } => {
                self.seen_failed.insert(job.id);
                !seen_before.contains(&job.id)
            }
            Refusal::NoneUsable { unusable, .. } => {
                let first =
                    unusable.iter().filter(|refusal| self.is_first_failure(refusal, seen_before));
                first.count() > 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
