//! Looks jobs up and acquires their archives, several at a time, as one operation that waiting
//! repeats: an archive can still be on its way to GitLab when its job is already listed.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::context::Transfer;
use crate::error::Error;
use crate::gitlab;
use crate::lookup::by_ref::{self, Ref};
use crate::lookup::{Ctx, FoundJob, JobQuery, LookupResult, lookup_once, repeat};
use crate::model::ArchiveAt;
use crate::parallel::parallel;
use crate::refusal::Refusal;
use crate::select::missing_archive::{
    Consequence, ListSearch, MissingArchive, classify, consequence,
};
use crate::select::outcome::OnMissing;
use crate::step::Step;

/// The number of archives that are downloaded at the same time.
pub const MAX_PARALLEL_DOWNLOADS: usize = 4;

/// The acquired archives, and the patterns that are missing with the reason.
pub struct Acquired<T> {
    pub archives: Vec<(FoundJob, T)>,
    pub missing: Vec<(String, Refusal)>,
    /// A glob matched a job whose archive does not exist, and was satisfied by others.
    pub left_out: bool,
}

/// Acquires something of the archive of each wanted job, once it is there, at most `max` at the
/// same time. `acquire` also gets if the job is the only one.
pub fn acquire_each<T: Send>(
    transfer: &Transfer<'_>,
    max: usize,
    acquire: impl Fn(&FoundJob, bool) -> Result<T, Error> + Sync,
) -> Result<Acquired<T>, Error> {
    let Transfer { ctx, scope, query, .. } = transfer;
    // An acquired archive is not downloaded again while others are waited for.
    let acquired = Archives { by_address: Mutex::default(), acquire };
    let mut left_out = false;
    let LookupResult { found, missing } = repeat(ctx, scope, query, || {
        let LookupResult { found, missing } = lookup_once(ctx, scope, query)?;
        transfer.check_folders(&found)?;
        if query.archive {
            let pending = || found.iter().filter(|found| !acquired.holds(found));
            let archives: Vec<_> = pending().map(|found| (found.label(), found.size())).collect();
            ctx.watch.step(&Step::Archives(&archives));
            pending().for_each(|found| announce(ctx, found));
        }
        let alone = found.len() == 1 && missing.is_empty();
        let not_found = acquired.fill(max, &found, alone)?;
        let settled = settle_missing(transfer, found, missing, not_found, &acquired)?;
        left_out = settled.left_out;
        Ok(settled.result)
    })?;
    let archives = found.into_iter().filter_map(|found| {
        let archive = acquired.remove(&found)?;
        Some((found, archive))
    });
    Ok(Acquired { archives: archives.collect(), missing, left_out })
}

/// Tells the listener which job's archive will be read.
fn announce(ctx: &Ctx<'_>, found: &FoundJob) {
    let size = found.size();
    let status = found.job.as_ref().map(|job| &job.status);
    let named = found.name().is_some();
    ctx.watch.step(&Step::Job { label: &found.label(), named, status, size });
}

/// A lookup whose archives exist, except those that were left out.
struct Settled {
    result: LookupResult,
    left_out: bool,
}

/// The archives that were acquired so far.
struct Archives<T, F> {
    by_address: Mutex<HashMap<ArchiveAt, T>>,
    acquire: F,
}

impl<T: Send, F: Fn(&FoundJob, bool) -> Result<T, Error> + Sync> Archives<T, F> {
    fn holds(&self, found: &FoundJob) -> bool {
        self.lock().contains_key(&found.at)
    }

    fn remove(&self, found: &FoundJob) -> Option<T> {
        self.lock().remove(&found.at)
    }

    fn add(&self, found: &FoundJob, alone: bool) -> Result<(), Error> {
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
    ) -> Result<HashMap<ArchiveAt, Error>, Error> {
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

/// Decides about the archives that do not exist: refused, left out, reported, or replaced by jobs
/// that the lists hold.
fn settle_missing<T: Send, F: Fn(&FoundJob, bool) -> Result<T, Error> + Sync>(
    transfer: &Transfer<'_>,
    found: Vec<FoundJob>,
    mut missing: Vec<(String, Refusal)>,
    mut not_found: HashMap<ArchiveAt, Error>,
    acquired: &Archives<T, F>,
) -> Result<Settled, Error> {
    let Transfer { ctx, query, .. } = transfer;
    let (attempts, on_missing) = (ctx.polling.attempts(), query.on_missing);
    let (mut complete, mut left_out, mut refused) = (Vec::new(), None, Vec::new());
    for found in found {
        let Some(error) = not_found.remove(&found.at) else {
            // A missing archive can be listed twice, and is reported once.
            if acquired.holds(&found) {
                complete.push(found);
            }
            continue;
        };
        let refusal = match explain_missing(transfer, &found, error)? {
            Explanation::Instead(_) if !refused.is_empty() => continue,
            Explanation::Instead(others) => {
                for other in others {
                    announce(ctx, &other);
                    acquired.add(&other, false)?;
                    complete.push(other);
                }
                continue;
            }
            Explanation::Refused(refusal) => refusal,
        };
        match consequence(&refusal, found.named, attempts, on_missing) {
            Consequence::End => refused.push(refusal),
            Consequence::Report => missing.push((found.pattern, refusal)),
            Consequence::LeaveOut => {
                ctx.watch.step(&Step::Warning(&format!("left out: {refusal}")));
                left_out.get_or_insert(refusal);
            }
        }
    }
    if let Some(refusal) = Refusal::combine(refused) {
        return Err(refusal.into());
    }
    match left_out {
        // A glob that matches only jobs without archives is no success.
        Some(refusal) if complete.is_empty() && on_missing == OnMissing::Refuse => {
            Err(refusal.into())
        }
        left_out => Ok(Settled {
            result: LookupResult { found: complete, missing },
            left_out: left_out.is_some(),
        }),
    }
}

fn is_not_found(error: &Error) -> bool {
    match error.root() {
        Error::Refusal(refusal) => {
            matches!(**refusal, Refusal::NoReport { .. } | Refusal::ReportsUnknown { .. })
        }
        Error::GitLab(error) => error.is_missing_artifact(),
        _ => false,
    }
}

/// The reason why an archive does not exist, or the jobs that take its place.
enum Explanation {
    Refused(Refusal),
    Instead(Vec<FoundJob>),
}

/// Finds out why an archive does not exist: from its job, or from the lists where GitLab searched
/// by ref and name.
fn explain_missing(
    transfer: &Transfer<'_>,
    found: &FoundJob,
    error: Error,
) -> Result<Explanation, Error> {
    let Transfer { ctx, query, .. } = transfer;
    if let Some(refusal) = error.as_refusal() {
        return Ok(Explanation::Refused(refusal.clone()));
    }
    let rules = (ctx.polling.attempts(), query.on_missing);
    let label = found.label();
    if let Some(storage) = error.as_gitlab().and_then(gitlab::Error::lost_in_storage) {
        return Ok(Explanation::Refused(Refusal::Lost { label, storage }));
    }
    let mut lists = ListSearch::NotAsked;
    loop {
        let now = ctx.clock.now();
        match classify(&found.at, found.job.as_ref(), &label, lists, rules, now) {
            MissingArchive::Refused(refusal) => return Ok(Explanation::Refused(refusal)),
            MissingArchive::Instead(others) => return Ok(Explanation::Instead(others)),
            MissingArchive::KeepError => return Err(error),
            MissingArchive::SearchLists => lists = search_lists(transfer, &found.at),
        }
    }
}

/// Searches the lists of pipelines and jobs for a job that GitLab did not find by ref and name.
fn search_lists(transfer: &Transfer<'_>, at: &ArchiveAt) -> ListSearch<Vec<FoundJob>> {
    let Transfer { ctx, query, .. } = transfer;
    let ArchiveAt::Ref { project, ref_, job, recent } = at else { return ListSearch::Unreadable };
    let only = JobQuery {
        jobs: query.jobs.iter().filter(|pattern| pattern.text() == job).cloned().collect(),
        ..(*query).clone()
    };
    match by_ref::find_in_lists(ctx, &Ref { project, name: ref_, recent: *recent }, &only) {
        Err(_) => ListSearch::Unreadable,
        Ok(result) => match result.missing.into_iter().next() {
            Some((_, refusal)) => ListSearch::Refused(refusal),
            None => ListSearch::Found(result.found),
        },
    }
}
