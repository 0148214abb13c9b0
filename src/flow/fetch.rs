//! Step 4: the archives of the jobs that were found.
//!
//! The lookup and the downloads are waited for together: an archive can still be on its way to
//! GitLab when its job is already listed.

use std::collections::HashMap;
use std::io::{self, Write};

use super::find::{look, patiently};
use super::{Address, Ctx, Finding, Found, Wanted, named};
use crate::gitlab;
use crate::model::ArchiveAt;
use crate::refusal::Refusal;
use crate::select::job;
use crate::step::Step;

/// Where the bytes of an archive are kept: a try that fails is begun again from nothing.
pub trait Spool: Write {
    fn restart(&mut self) -> io::Result<()>;
}

/// A job and its archive.
#[derive(Debug)]
pub struct Fetched<S> {
    pub found: Found,
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

/// The archives of the wanted jobs, once they are there. `spool` makes the place for one.
pub fn fetch<S: Spool>(
    ctx: &Ctx<'_>,
    address: &Address,
    wanted: &Wanted,
    mut spool: impl FnMut() -> anyhow::Result<S>,
) -> anyhow::Result<Fetch<S>> {
    let Each { taken, missing } = each(ctx, address, wanted, |found| {
        let mut archive = spool()?;
        let bytes = download(ctx, found, &mut archive)?;
        Ok((archive, bytes))
    })?;
    let taken = taken.into_iter();
    let fetched = taken.map(|(found, (archive, bytes))| Fetched { found, archive, bytes });
    Ok(Fetch { fetched: fetched.collect(), missing })
}

/// What was taken of each job, and what is missing with the reason.
pub(super) struct Each<T> {
    pub(super) taken: Vec<(Found, T)>,
    pub(super) missing: Vec<(String, Refusal)>,
}

/// Takes something of the archive of each wanted job, once it is there.
pub(super) fn each<T>(
    ctx: &Ctx<'_>,
    address: &Address,
    wanted: &Wanted,
    mut take: impl FnMut(&Found) -> anyhow::Result<T>,
) -> anyhow::Result<Each<T>> {
    // What is here already is not downloaded again while the rest is waited for.
    let mut here: HashMap<ArchiveAt, T> = HashMap::new();
    let mut download = |found: &Found| {
        if !here.contains_key(&found.at) {
            here.insert(found.at.clone(), take(found)?);
        }
        Ok(())
    };
    let Finding { found, missing } = patiently(ctx, || {
        let Finding { found, mut missing } = look(ctx, address, wanted)?;
        let (mut complete, mut left_out) = (Vec::new(), None);
        for found in found {
            let Err(error) = download(&found) else {
                complete.push(found);
                continue;
            };
            let (pattern, refusal) = match gone(ctx, &found, wanted, error)? {
                Gone::Elsewhere(others) => {
                    for other in others {
                        download(&other)?;
                        complete.push(other);
                    }
                    continue;
                }
                Gone::For(refusal) => (found.wanted, refusal),
            };
            let may_come = !ctx.patience.is_none() && refusal.may_change();
            if !found.named && !may_come {
                ctx.watch.step(&Step::Warning(&format!("left out: {refusal}")));
                left_out.get_or_insert(refusal);
                continue;
            }
            if !wanted.lenient || may_come {
                return Err(refusal.into());
            }
            missing.push((pattern, refusal));
        }
        match left_out {
            // A glob that takes nothing of what it names is no success.
            Some(refusal) if complete.is_empty() && !wanted.lenient => Err(refusal.into()),
            _ => Ok(Finding { found: complete, missing }),
        }
    })?;
    let taken = found.into_iter().filter_map(|found| {
        let taken = here.remove(&found.at)?;
        Some((found, taken))
    });
    Ok(Each { taken: taken.collect(), missing })
}

fn download<S: Spool>(ctx: &Ctx<'_>, found: &Found, archive: &mut S) -> anyhow::Result<u64> {
    let label = found.label();
    let size = found.job.as_ref().and_then(crate::model::Job::archive_size);
    let status = found.job.as_ref().map(|job| &job.status);
    ctx.watch.step(&Step::Job { label: &label, status, size });
    let start = ctx.clock.elapsed();
    let bytes = ctx.gitlab.archive(
        &found.at,
        size,
        archive,
        |archive| archive.restart(),
        &mut |done, total| ctx.watch.step(&Step::Bytes { label: &label, done, total }),
    )?;
    let took = ctx.clock.elapsed().saturating_sub(start);
    ctx.watch.step(&Step::Downloaded { label: &label, bytes, took });
    Ok(bytes)
}

/// What an archive that is not there means.
enum Gone {
    /// GitLab found nothing by ref and name, but the lists did.
    Elsewhere(Vec<Found>),
    For(Refusal),
}

/// Reads "404" for what it says of this job; any other error stays what it is.
fn gone(
    ctx: &Ctx<'_>,
    found: &Found,
    wanted: &Wanted,
    error: anyhow::Error,
) -> anyhow::Result<Gone> {
    if let Some(refusal @ (Refusal::NoReport { .. } | Refusal::ReportsUnknown { .. })) =
        error.downcast_ref()
    {
        return Ok(Gone::For(refusal.clone()));
    }
    if error.downcast_ref::<gitlab::Error>().is_none_or(|error| error.status() != Some(404)) {
        return Err(error);
    }
    match (&found.at, &found.job) {
        (ArchiveAt::Job { .. }, Some(listed)) => Ok(Gone::For(job::gone(listed, ctx.clock.now()))),
        (ArchiveAt::Ref { project, ref_, job, recent }, _) => {
            let only = Wanted {
                jobs: wanted.jobs.iter().filter(|pattern| pattern.text() == job).cloned().collect(),
                ..wanted.clone()
            };
            // The lists tell what there is; where they may not be read, GitLab's answer stands.
            match named::by_lists(ctx, project, ref_, *recent, &only) {
                Ok(finding) => match finding.missing.into_iter().next() {
                    Some((_, refusal)) => Ok(Gone::For(refusal)),
                    None => Ok(Gone::Elsewhere(finding.found)),
                },
                Err(_) => unknown(ctx, found, wanted, error),
            }
        }
        (ArchiveAt::Job { .. }, None) => unknown(ctx, found, wanted, error),
    }
}

/// GitLab says no more than "not found": who is patient may see it come, who is lenient goes on.
fn unknown(
    ctx: &Ctx<'_>,
    found: &Found,
    wanted: &Wanted,
    error: anyhow::Error,
) -> anyhow::Result<Gone> {
    if ctx.patience.is_none() && !wanted.lenient {
        return Err(error);
    }
    Ok(Gone::For(Refusal::NotThere { label: found.label() }))
}
