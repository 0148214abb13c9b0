//! Looks jobs up and acquires their archives, several at a time, as one operation that waiting
//! repeats: an archive can still be on its way to GitLab when its job is already listed.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::context::Transfer;
use crate::gitlab;
use crate::lookup::by_ref::{self, Ref};
use crate::lookup::poll::poll_until;
use crate::lookup::{FoundJob, JobQuery, LookupResult, lookup_once};
use crate::model::ArchiveAt;
use crate::parallel::parallel;
use crate::refusal::Refusal;
use crate::select::job;
use crate::step::Step;

/// The number of archives that are downloaded at the same time.
pub const MAX_PARALLEL_DOWNLOADS: usize = 4;

/// What was acquired of each job, and the patterns that are missing with the reason.
pub struct Acquired<T> {
    pub archives: Vec<(FoundJob, T)>,
    pub missing: Vec<(String, Refusal)>,
}

/// Acquires something of the archive of each wanted job, once it is there, at most `max` at the
/// same time. `acquire` also gets if the job is the only one.
pub fn acquire_each<T: Send>(
    transfer: &Transfer<'_>,
    max: usize,
    acquire: impl Fn(&FoundJob, bool) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<Acquired<T>> {
    let Transfer { ctx, scope, query, .. } = transfer;
    // An acquired archive is not downloaded again while others are waited for.
    let acquired = Archives { by_address: Mutex::default(), acquire };
    let LookupResult { found, missing } = poll_until(ctx, || {
        let LookupResult { found, missing } = lookup_once(ctx, scope, query)?;
        if query.archive {
            let pending = found.iter().filter(|found| !acquired.holds(found));
            let archives: Vec<_> = pending.map(|found| (found.label(), found.size())).collect();
            ctx.watch.step(&Step::Archives(&archives));
        }
        let alone = found.len() == 1 && missing.is_empty();
        let not_found = acquired.fill(max, &found, alone)?;
        sort_out(transfer, found, missing, not_found, &acquired)
    })?;
    let archives = found.into_iter().filter_map(|found| {
        let archive = acquired.remove(&found)?;
        Some((found, archive))
    });
    Ok(Acquired { archives: archives.collect(), missing })
}

/// The archives that were acquired so far.
struct Archives<T, F> {
    by_address: Mutex<HashMap<ArchiveAt, T>>,
    acquire: F,
}

impl<T: Send, F: Fn(&FoundJob, bool) -> anyhow::Result<T> + Sync> Archives<T, F> {
    fn holds(&self, found: &FoundJob) -> bool {
        self.lock().contains_key(&found.at)
    }

    fn remove(&self, found: &FoundJob) -> Option<T> {
        self.lock().remove(&found.at)
    }

    fn add(&self, found: &FoundJob, alone: bool) -> anyhow::Result<()> {
        if !self.holds(found) {
            let archive = (self.acquire)(found, alone)?;
            self.lock().insert(found.at.clone(), archive);
        }
        Ok(())
    }

    /// Acquires all archives, and returns the failures of those that do not exist. Any other
    /// failure ends it.
    fn fill(
        &self,
        max: usize,
        found: &[FoundJob],
        alone: bool,
    ) -> anyhow::Result<HashMap<ArchiveAt, anyhow::Error>> {
        let mut known = HashSet::new();
        let distinct: Vec<&FoundJob> = found.iter().filter(|it| known.insert(&it.at)).collect();
        let not_found = parallel(max, &distinct, |found| match self.add(found, alone) {
            Ok(()) => Ok(None),
            Err(error) if is_not_found(&error) => Ok(Some((found.at.clone(), error))),
            Err(error) => Err(error),
        })?;
        Ok(not_found.into_iter().flatten().collect())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ArchiveAt, T>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Decides about the archives that do not exist: refused, skipped, missing, or found elsewhere.
fn sort_out<T: Send, F: Fn(&FoundJob, bool) -> anyhow::Result<T> + Sync>(
    transfer: &Transfer<'_>,
    found: Vec<FoundJob>,
    mut missing: Vec<(String, Refusal)>,
    mut not_found: HashMap<ArchiveAt, anyhow::Error>,
    acquired: &Archives<T, F>,
) -> anyhow::Result<LookupResult> {
    let Transfer { ctx, query, .. } = transfer;
    let (mut complete, mut skipped) = (Vec::new(), None);
    for found in found {
        let Some(error) = not_found.remove(&found.at) else {
            // A missing archive can be listed twice, and is reported once.
            if acquired.holds(&found) {
                complete.push(found);
            }
            continue;
        };
        let (pattern, refusal) = match explain_missing(transfer, &found, error)? {
            Missing::FoundInLists(others) => {
                for other in others {
                    acquired.add(&other, false)?;
                    complete.push(other);
                }
                continue;
            }
            Missing::Because(refusal) => (found.pattern, refusal),
        };
        let may_come = !ctx.polling.is_once() && refusal.may_change();
        if !found.named && !may_come {
            ctx.watch.step(&Step::Warning(&format!("left out: {refusal}")));
            skipped.get_or_insert(refusal);
            continue;
        }
        if !query.lenient || may_come {
            return Err(refusal.into());
        }
        missing.push((pattern, refusal));
    }
    match skipped {
        // A glob that matches only jobs without archives is no success.
        Some(refusal) if complete.is_empty() && !query.lenient => Err(refusal.into()),
        _ => Ok(LookupResult { found: complete, missing }),
    }
}

fn is_not_found(error: &anyhow::Error) -> bool {
    let refusal = error.downcast_ref();
    matches!(refusal, Some(Refusal::NoReport { .. } | Refusal::ReportsUnknown { .. }))
        || error.downcast_ref::<gitlab::Error>().is_some_and(|error| error.status() == Some(404))
}

/// The meaning of an archive that does not exist.
enum Missing {
    /// GitLab found nothing by ref and name, but the lists did.
    FoundInLists(Vec<FoundJob>),
    Because(Refusal),
}

/// Finds out why an archive does not exist; any other error is returned as it is.
fn explain_missing(
    transfer: &Transfer<'_>,
    found: &FoundJob,
    error: anyhow::Error,
) -> anyhow::Result<Missing> {
    let Transfer { ctx, query, .. } = transfer;
    if let Some(refusal @ (Refusal::NoReport { .. } | Refusal::ReportsUnknown { .. })) =
        error.downcast_ref()
    {
        return Ok(Missing::Because(refusal.clone()));
    }
    if !is_not_found(&error) {
        return Err(error);
    }
    match (&found.at, &found.job) {
        (ArchiveAt::Job { .. }, Some(listed)) => {
            Ok(Missing::Because(job::gone(listed, ctx.clock.now())))
        }
        (ArchiveAt::Ref { project, ref_, job, recent }, _) => {
            let only = JobQuery {
                jobs: query.jobs.iter().filter(|pattern| pattern.text() == job).cloned().collect(),
                ..(*query).clone()
            };
            // The lists tell more; where they may not be read, GitLab's answer stands.
            let ref_ = Ref { project, name: ref_, recent: *recent };
            match by_ref::find_in_lists(ctx, &ref_, &only) {
                Ok(result) => match result.missing.into_iter().next() {
                    Some((_, refusal)) => Ok(Missing::Because(refusal)),
                    None => Ok(Missing::FoundInLists(result.found)),
                },
                Err(_) => unexplained(transfer, found, error),
            }
        }
        (ArchiveAt::Job { .. }, None) => unexplained(transfer, found, error),
    }
}

/// GitLab says no more than "not found": a refusal for those who wait or accept missing jobs, else
/// the error itself.
fn unexplained(
    transfer: &Transfer<'_>,
    found: &FoundJob,
    error: anyhow::Error,
) -> anyhow::Result<Missing> {
    if transfer.ctx.polling.is_once() && !transfer.query.lenient {
        return Err(error);
    }
    Ok(Missing::Because(Refusal::NotThere { label: found.label() }))
}
