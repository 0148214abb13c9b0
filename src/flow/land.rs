//! The end of step 4: archives become files, all of them or none; or stay archives.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::fetch::{Each, Fetch, Fetched, MOST, Spool, each, fetch};
use super::parts::{self, Apart};
use super::stream::{Staged, begins_again};
use super::way::{Acquired, keep_first, take};
use super::{Ctx, FoundJob, JobQuery, Scope};
use crate::archive::Archive;
use crate::disk::{self, AtomicFile, Staging};
use crate::extract;
use crate::plan::{OnConflict, PlacementKind, Plan};
use crate::refusal::Refusal;
use crate::sanitize::sanitize;
use crate::select::files::{self, Rules};
use crate::select::merge_plans;
use crate::select::name::folder_name;
use crate::step::Step;

/// How archives become files.
#[derive(Debug, Clone)]
pub struct ExtractOptions {
    pub rules: Rules,
    /// Each job into a folder of its own.
    pub separate: bool,
    pub on_conflict: OnConflict,
}

/// A job whose archive is where it was wanted.
#[derive(Debug)]
pub struct TransferredJob {
    pub found: FoundJob,
    /// Below the destination; empty where jobs are not separate.
    pub folder: PathBuf,
    /// Below the destination, with their sizes in bytes, in archive order: files and links.
    pub files: Vec<(PathBuf, u64)>,
    /// The bytes that were received.
    pub bytes: u64,
}

/// What landed, and what is missing with the reason.
#[derive(Debug, Default)]
pub struct TransferResult {
    pub landed: Vec<TransferredJob>,
    pub missing: Vec<(String, Refusal)>,
}

/// The files of the wanted jobs below `dest`, which is as it was if any of it fails.
pub fn extract(
    ctx: &Ctx<'_>,
    address: &Scope,
    query: &JobQuery,
    options: &ExtractOptions,
    dest: &Path,
) -> anyhow::Result<TransferResult> {
    // That nothing can be written there is better known before anything is downloaded.
    let mut staging = Staging::beside(dest, ctx.interrupt)?;
    let rules = Rules { takes_links: staging.takes_links(), ..options.rules.clone() };
    let options = &ExtractOptions { rules, ..*options };
    let Each { mut taken, missing } = each(ctx, address, query, MOST, |found, alone| {
        take(ctx, found, options, dest, &staging, alone)
    })?;
    if let [(_, Acquired::Staged(_))] = taken.as_slice()
        && let Some((found, Acquired::Staged(staged))) = taken.pop()
    {
        let Staged { staging, mut plan, bytes } = *staged;
        tell_warnings(ctx, &found, &mut plan);
        let folder = folder(&found, options);
        let landed = TransferredJob { found, folder, files: Vec::new(), bytes };
        return Ok(TransferResult {
            landed: place(ctx, vec![(landed, plan)], staging, options, dest)?,
            missing,
        });
    }
    let founds: Vec<FoundJob> = taken.iter().map(|(found, _)| found.clone()).collect();
    let landed = match stage_all(ctx, taken, options, &mut staging) {
        Err(error) if begins_again(&error) => {
            // Some archive is not what its directory let expect: now each is looked at as a whole.
            staging = Staging::beside(dest, ctx.interrupt)?;
            let kept = founds.into_iter().map(|found| {
                let (archive, bytes) =
                    keep_first(ctx, &found, ctx.gitlab.download(&found.at)?, &staging)?;
                Ok((found, Acquired::CacheLookup(archive, bytes)))
            });
            let kept: anyhow::Result<Vec<_>> = kept.collect();
            stage_all(ctx, kept?, options, &mut staging)?
        }
        landed => landed?,
    };
    Ok(TransferResult { landed: place(ctx, landed, staging, options, dest)?, missing })
}

/// Judges all archives together, and makes the files of each.
fn stage_all(
    ctx: &Ctx<'_>,
    taken: Vec<(FoundJob, Acquired<'_>)>,
    options: &ExtractOptions,
    staging: &mut Staging,
) -> anyhow::Result<Vec<(TransferredJob, Plan)>> {
    let mut landed = Vec::new();
    let opened = open_all(ctx, taken, options, staging)?;
    let sizes = opened.iter().map(|opened| opened.plan.size());
    staging.room_for(sizes.fold(0, u128::saturating_add))?;
    for Opened { found, folder, source, plan } in opened {
        let bytes = match source {
            Source::File(mut archive, bytes) => {
                extract::stage(&mut archive, &plan, staging).with_context(|| unpacking(&found))?;
                bytes
            }
            Source::RemoteZip(apart, parts) => {
                parts::run(ctx, &found, *apart, &parts, &plan, staging)?
            }
        };
        landed.push((TransferredJob { found, folder, files: Vec::new(), bytes }, plan));
    }
    Ok(landed)
}

/// Puts all that was staged in its place, and tells what of each archive was.
fn place(
    ctx: &Ctx<'_>,
    landed: Vec<(TransferredJob, Plan)>,
    staging: Staging,
    options: &ExtractOptions,
    dest: &Path,
) -> anyhow::Result<Vec<TransferredJob>> {
    let skipped: HashSet<PathBuf> = staging.commit(options.on_conflict)?.into_iter().collect();
    let landed = landed.into_iter().map(|(landed, plan)| {
        let files = listed(plan, &skipped);
        let (count, bytes) = (files.len(), files.iter().map(|(_, size)| size).sum());
        let at: PathBuf = dest.join(&landed.folder).components().collect();
        ctx.watch.step(&Step::Placed { files: count, bytes, at: &at.to_string_lossy() });
        TransferredJob { files, ..landed }
    });
    Ok(landed.collect())
}

fn tell_warnings(ctx: &Ctx<'_>, found: &FoundJob, plan: &mut Plan) {
    for warning in plan.warnings.drain(..) {
        ctx.watch.step(&Step::Warning(&format!("{}: {warning}", sanitize(&found.label()))));
    }
}

/// The archive itself as `file`, which appears whole or not at all. A file that is there already
/// and is to stay spares the whole lookup.
pub fn keep(
    ctx: &Ctx<'_>,
    address: &Scope,
    query: &JobQuery,
    on_conflict: OnConflict,
    file: &Path,
) -> anyhow::Result<TransferResult> {
    match on_conflict {
        OnConflict::Skip if file.is_file() => return Ok(TransferResult::default()),
        OnConflict::Fail if file.is_file() => {
            return Err(disk::Error::Conflict { paths: vec![file.to_owned()] }.into());
        }
        OnConflict::Overwrite | OnConflict::Skip | OnConflict::Fail => {}
    }
    let spool = |size: Option<u64>| {
        let whole = AtomicFile::beside(file, ctx.interrupt)?;
        whole.room_for(size.unwrap_or_default().into())?;
        Ok(whole)
    };
    let Fetch { fetched, missing } = fetch(ctx, address, query, spool)?;
    let mut landed = Vec::new();
    for Fetched { found, mut archive, bytes } in fetched {
        if let Some(archive) = archive.file() {
            judge(archive, &found)?;
        }
        archive.keep(on_conflict)?;
        landed.push(TransferredJob { found, folder: PathBuf::new(), files: Vec::new(), bytes });
    }
    Ok(TransferResult { landed, missing })
}

/// The archive itself, handed to `out` once it is here whole.
pub fn stream(
    ctx: &Ctx<'_>,
    address: &Scope,
    query: &JobQuery,
    mut out: impl FnMut(&mut File) -> io::Result<u64>,
) -> anyhow::Result<TransferResult> {
    let spool = |_| Ok(disk::temporary()?);
    let Fetch { fetched, missing } = fetch(ctx, address, query, spool)?;
    let mut landed = Vec::new();
    for Fetched { found, mut archive, bytes } in fetched {
        judge(&mut archive, &found)?;
        archive.rewind()?;
        out(&mut archive)?;
        landed.push(TransferredJob { found, folder: PathBuf::new(), files: Vec::new(), bytes });
    }
    Ok(TransferResult { landed, missing })
}

/// An archive that was judged, and what will become of it.
struct Opened<'a> {
    found: FoundJob,
    folder: PathBuf,
    source: Source<'a>,
    plan: Plan,
}

/// Where the bytes of an archive are.
enum Source<'a> {
    /// Here, with how many were received.
    File(Box<Archive<File>>, u64),
    /// Far away, and which of them are needed.
    RemoteZip(Box<Apart<'a>>, Vec<Range<u64>>),
}

/// Judges all archives, each for itself and all together, before a byte is unpacked.
fn open_all<'a>(
    ctx: &Ctx<'_>,
    taken: Vec<(FoundJob, Acquired<'a>)>,
    options: &ExtractOptions,
    staging: &Staging,
) -> anyhow::Result<Vec<Opened<'a>>> {
    let (mut opened, mut plans) = (Vec::new(), Vec::new());
    for (found, taken) in taken {
        let (source, mut plan) = match taken {
            Acquired::Apart(mut apart, parts) => {
                let plan = std::mem::take(&mut apart.plan);
                (Source::RemoteZip(apart, parts), plan)
            }
            Acquired::CacheLookup(archive, bytes) => open(archive, bytes, &found, options)?,
            // It was the only one when it came, and no more: now all are judged together.
            Acquired::Staged(_) => {
                let body = ctx.gitlab.download(&found.at)?;
                let (archive, bytes) = keep_first(ctx, &found, body, staging)?;
                open(archive, bytes, &found, options)?
            }
        };
        tell_warnings(ctx, &found, &mut plan);
        let folder = folder(&found, options);
        plans.push((found.label(), plan.below(&folder)));
        opened.push((found, folder, source));
    }
    let warnings = merge_plans::settle(
        &mut plans,
        options.on_conflict,
        options.rules.symlinks,
        options.rules.system,
    )?;
    for warning in warnings {
        ctx.watch.step(&Step::Warning(&warning));
    }
    let opened = opened.into_iter().zip(plans);
    let opened =
        opened.map(|((found, folder, source), (_, plan))| Opened { found, folder, source, plan });
    Ok(opened.collect())
}

fn open<'a>(
    archive: File,
    bytes: u64,
    found: &FoundJob,
    options: &ExtractOptions,
) -> anyhow::Result<(Source<'a>, Plan)> {
    let mut archive = Archive::open(archive).with_context(|| unpacking(found))?;
    let plan = plan(&mut archive, &options.rules).with_context(|| unpacking(found))?;
    Ok((Source::File(Box::new(archive), bytes), plan))
}

/// What becomes of an archive. Of its content, the targets of the links that matter
/// are read.
pub(super) fn plan<R: Read + Seek>(
    archive: &mut Archive<R>,
    rules: &Rules,
) -> anyhow::Result<Plan> {
    let mut targets = BTreeMap::new();
    for index in files::links(archive.entries(), rules) {
        targets.insert(index, archive.link_target(index)?);
    }
    Ok(files::files(archive.entries(), &targets, rules)?)
}

/// Whether what was received is an archive.
fn judge(file: &mut File, found: &FoundJob) -> anyhow::Result<()> {
    Archive::list(file)
        .with_context(|| format!("reading the artifacts of {}", sanitize(&found.label())))?;
    Ok(())
}

pub(super) fn folder(found: &FoundJob, options: &ExtractOptions) -> PathBuf {
    match (options.separate, found.name()) {
        (false, _) => PathBuf::new(),
        (true, Some(name)) => PathBuf::from(folder_name(name)),
        (true, None) => PathBuf::from(folder_name(&found.label())),
    }
}

/// The files and links of a plan but those that were skipped.
fn listed(plan: Plan, skipped: &HashSet<PathBuf>) -> Vec<(PathBuf, u64)> {
    let files = plan.placements.into_iter().filter(|placement| !skipped.contains(&placement.path));
    let sized = files.filter_map(|placement| match placement.what {
        PlacementKind::File { size, .. } => Some((placement.path, size)),
        PlacementKind::Link { target } => Some((placement.path, target.len() as u64)),
        PlacementKind::Folder { .. } => None,
    });
    sized.collect()
}

pub(super) fn unpacking(found: &FoundJob) -> String {
    format!("unpacking the artifacts of {}", sanitize(&found.label()))
}

impl Spool for File {
    fn restart(&mut self) -> io::Result<()> {
        self.set_len(0)?;
        self.rewind()
    }
}

impl Spool for AtomicFile {
    fn restart(&mut self) -> io::Result<()> {
        // A device or a pipe has nothing to go back to; what it swallowed is gone.
        self.file().map_or(Ok(()), Spool::restart)
    }
}
