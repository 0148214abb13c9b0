//! Step 4: the archives of the jobs that were found.
//!
//! The lookup and the downloads are waited for together: an archive can still be on its way to
//! GitLab when its job is already listed.

use std::collections::{HashMap, HashSet};
use std::io::{self, Seek, Write};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;

use super::afar::announce;
use super::at_once::at_once;
use super::find::{look, patiently};
use super::{Ctx, FoundJob, JobQuery, LookupResult, Scope, kept, named};
use crate::gitlab::{self, Body};
use crate::model::ArchiveAt;
use crate::refusal::Refusal;
use crate::sanitize::sanitize;
use crate::select::job;
use crate::step::Step;

/// So many archives are downloaded at a time.
pub(super) const MOST: usize = 4;

/// Where the bytes of an archive are kept: a try that fails is begun again from nothing.
pub trait Spool: Write {
    fn restart(&mut self) -> io::Result<()>;
}

/// A job and its archive.
#[derive(Debug)]
pub struct Fetched<S> {
    pub found: FoundJob,
    pub archive: S,
    /// The bytes that were received.
    pub bytes: u64,
}

/// What was fetched, and what is missing with the reason.
#[derive(Debug)]
pub struct Fetch<S> {
    pub fetched: Vec<Fetched<S>>,
    pub missing: Vec<(String, Refusal)>,
}

/// The archives of the wanted jobs, once they are there. `spool` makes the place for one of so
/// many bytes, where its job tells.
pub fn fetch<S: Spool + Send>(
    ctx: &Ctx<'_>,
    address: &Scope,
    query: &JobQuery,
    spool: impl Fn(Option<u64>) -> anyhow::Result<S> + Sync,
) -> anyhow::Result<Fetch<S>> {
    let Each { taken, missing } = each(ctx, address, query, MOST, |found, _| {
        let mut archive = spool(found.size())?;
        let bytes = download(ctx, found, &mut archive)?;
        Ok((archive, bytes))
    })?;
    let taken = taken.into_iter();
    let fetched = taken.map(|(found, (archive, bytes))| Fetched { found, archive, bytes });
    Ok(Fetch { fetched: fetched.collect(), missing })
}

/// What was taken of each job, and what is missing with the reason.
pub(super) struct Each<T> {
    pub(super) taken: Vec<(FoundJob, T)>,
    pub(super) missing: Vec<(String, Refusal)>,
}

/// Takes something of the archive of each wanted job, once it is there; of at most `most` at a
/// time. `take` is also told whether the job is the only one.
pub(super) fn each<T: Send>(
    ctx: &Ctx<'_>,
    address: &Scope,
    query: &JobQuery,
    most: usize,
    take: impl Fn(&FoundJob, bool) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<Each<T>> {
    // What is here already is not downloaded again while the rest is waited for.
    let here: Mutex<HashMap<ArchiveAt, T>> = Mutex::default();
    let here = || here.lock().unwrap_or_else(PoisonError::into_inner);
    let download = |found: &FoundJob, alone: bool| {
        if !here().contains_key(&found.at) {
            let taken = take(found, alone)?;
            here().insert(found.at.clone(), taken);
        }
        Ok(())
    };
    let LookupResult { found, missing } = patiently(ctx, || {
        let LookupResult { found, mut missing } = look(ctx, address, query)?;
        if query.archive {
            let missing = found.iter().filter(|found| !here().contains_key(&found.at));
            let archives: Vec<_> = missing.map(|found| (found.label(), found.size())).collect();
            ctx.watch.step(&Step::Archives(&archives));
        }
        let (mut complete, mut left_out) = (Vec::new(), None);
        let alone = found.len() == 1 && missing.is_empty();
        let mut gone_from = download_all(most, &found, |found| download(found, alone))?;
        for found in found {
            let Some(error) = gone_from.remove(&found.at) else {
                // One that is gone can be there twice, and is told of once.
                if here().contains_key(&found.at) {
                    complete.push(found);
                }
                continue;
            };
            let (pattern, refusal) = match gone(ctx, &found, query, error)? {
                Gone::Elsewhere(others) => {
                    for other in others {
                        download(&other, false)?;
                        complete.push(other);
                    }
                    continue;
                }
                Gone::For(refusal) => (found.pattern, refusal),
            };
            let may_come = !ctx.patience.is_none() && refusal.may_change();
            if !found.named && !may_come {
                ctx.watch.step(&Step::Warning(&format!("left out: {refusal}")));
                left_out.get_or_insert(refusal);
                continue;
            }
            if !query.lenient || may_come {
                return Err(refusal.into());
            }
            missing.push((pattern, refusal));
        }
        match left_out {
            // A glob that takes nothing of what it names is no success.
            Some(refusal) if complete.is_empty() && !query.lenient => Err(refusal.into()),
            _ => Ok(LookupResult { found: complete, missing }),
        }
    })?;
    let taken = found.into_iter().filter_map(|found| {
        let taken = here().remove(&found.at)?;
        Some((found, taken))
    });
    Ok(Each { taken: taken.collect(), missing })
}

/// Downloads what was found, and gives back why some of it is not there. Any other failure ends it.
fn download_all(
    most: usize,
    found: &[FoundJob],
    download: impl Fn(&FoundJob) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<HashMap<ArchiveAt, anyhow::Error>> {
    let mut known = HashSet::new();
    let once: Vec<&FoundJob> = found.iter().filter(|found| known.insert(&found.at)).collect();
    let gone = at_once(most, &once, |found| match download(found) {
        Ok(()) => Ok(None),
        Err(error) if is_gone(&error) => Ok(Some((found.at.clone(), error))),
        Err(error) => Err(error),
    })?;
    Ok(gone.into_iter().flatten().collect())
}

fn is_gone(error: &anyhow::Error) -> bool {
    let refusal = error.downcast_ref();
    matches!(refusal, Some(Refusal::NoReport { .. } | Refusal::ReportsUnknown { .. }))
        || error.downcast_ref::<gitlab::Error>().is_some_and(|error| error.status() == Some(404))
}

fn download<S: Spool>(ctx: &Ctx<'_>, found: &FoundJob, archive: &mut S) -> anyhow::Result<u64> {
    announce(ctx, found);
    if let Some((mut kept, bytes)) = kept::take(ctx, found)? {
        kept.rewind().and_then(|()| io::copy(&mut kept, archive)).with_context(|| {
            format!("copying the artifacts of {} from the cache", sanitize(&found.label()))
        })?;
        return Ok(bytes);
    }
    whole(ctx, found, ctx.gitlab.download(&found.at)?, archive)
}

/// Downloads all of an archive that is on its way, and of which nothing was read.
pub(super) fn whole<'a, S: Spool>(
    ctx: &Ctx<'a>,
    found: &FoundJob,
    body: Body<'a>,
    archive: &mut S,
) -> anyhow::Result<u64> {
    let (label, start) = (found.label(), ctx.clock.elapsed());
    let size = found.size();
    let mut arrived = |done, total| ctx.watch.step(&Step::Bytes { label: &label, done, total });
    let restart = |archive: &mut S| archive.restart();
    let bytes = ctx.gitlab.copy(body, size, archive, restart, &mut arrived)?;
    let took = ctx.clock.elapsed().saturating_sub(start);
    ctx.watch.step(&Step::Downloaded { label: &label, bytes, took });
    Ok(bytes)
}

/// What an archive that is not there means.
enum Gone {
    /// GitLab found nothing by ref and name, but the lists did.
    Elsewhere(Vec<FoundJob>),
    For(Refusal),
}

/// Reads "404" for what it says of this job; any other error stays what it is.
fn gone(
    ctx: &Ctx<'_>,
    found: &FoundJob,
    query: &JobQuery,
    error: anyhow::Error,
) -> anyhow::Result<Gone> {
    if let Some(refusal @ (Refusal::NoReport { .. } | Refusal::ReportsUnknown { .. })) =
        error.downcast_ref()
    {
        return Ok(Gone::For(refusal.clone()));
    }
    if !is_gone(&error) {
        return Err(error);
    }
    match (&found.at, &found.job) {
        (ArchiveAt::Job { .. }, Some(listed)) => Ok(Gone::For(job::gone(listed, ctx.clock.now()))),
        (ArchiveAt::Ref { project, ref_, job, recent }, _) => {
            let only = JobQuery {
                jobs: query.jobs.iter().filter(|pattern| pattern.text() == job).cloned().collect(),
                ..query.clone()
            };
            // The lists tell what there is; where they may not be read, GitLab's answer stands.
            match named::by_lists(ctx, project, ref_, *recent, &only) {
                Ok(finding) => match finding.missing.into_iter().next() {
                    Some((_, refusal)) => Ok(Gone::For(refusal)),
                    None => Ok(Gone::Elsewhere(finding.found)),
                },
                Err(_) => unknown(ctx, found, query, error),
            }
        }
        (ArchiveAt::Job { .. }, None) => unknown(ctx, found, query, error),
    }
}

/// GitLab says no more than "not found": who is patient may see it come, who is lenient goes on.
fn unknown(
    ctx: &Ctx<'_>,
    found: &FoundJob,
    query: &JobQuery,
    error: anyhow::Error,
) -> anyhow::Result<Gone> {
    if ctx.patience.is_none() && !query.lenient {
        return Err(error);
    }
    Ok(Gone::For(Refusal::NotThere { label: found.label() }))
}
