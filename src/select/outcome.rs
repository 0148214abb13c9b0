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
/// Refusals that waiting cannot resolve come first, because waiting for the others is useless then.
///
/// # Errors
/// [`Refusal::ManyJobs`], or one of the refusals of `missing`.
pub fn check(
    found: &[String],
    missing: &[(String, Refusal)],
    rules: OutcomeRules,
) -> Result<(), Refusal> {
    if rules.count == JobCount::AtMostOne && found.len() > 1 {
        return Err(Refusal::ManyJobs { seen: found.to_vec() });
    }
    let (may_change, permanent): (Vec<_>, Vec<_>) =
        missing.iter().map(|(_, refusal)| refusal).partition(|refusal| refusal.may_change());
    let decisive = match (rules.on_missing, rules.attempts) {
        (OnMissing::Refuse, _) => permanent.first().or(may_change.first()),
        (OnMissing::Report, Attempts::UntilTimeout) => may_change.first(),
        (OnMissing::Report, Attempts::One) => None,
    };
    decisive.map_or(Ok(()), |refusal| Err((*refusal).clone()))
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
        if let Refusal::Unfinished { job, .. } = refusal {
            self.attempts_left.insert(job.id, MAX_ATTEMPTS_AFTER_END);
        }
        if refusal.may_change() {
            return true;
        }
        if self.is_first_failure(refusal) {
            return true;
        }
        let Refusal::NoArchive { job, .. } = refusal else { return false };
        match self.attempts_left.get_mut(&job.id) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Returns true if a refusal holds a job that may be retried and is seen for the first time.
    fn is_first_failure(&mut self, refusal: &Refusal) -> bool {
        match refusal {
            Refusal::Unsuccessful { job, may_be_retried: true, .. } => {
                self.seen_failed.insert(job.id)
            }
            // Each of them is noted.
            Refusal::NoneUsable { unusable, .. } => {
                let first = unusable.iter().filter(|refusal| self.is_first_failure(refusal));
                first.count() > 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
