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
use super::way::{Taken, keep_first, take};
use super::{Address, Ctx, Found, Wanted};
use crate::archive::Archive;
use crate::disk::{self, AtomicFile, Staging};
use crate::extract;
use crate::plan::{OnConflict, Plan, What};
use crate::refusal::Refusal;
use crate::select::files::{self, Rules};
use crate::select::name::folder_name;
use crate::select::together;
use crate::shown::shown;
use crate::step::Step;

/// How archives become files.
#[derive(Debug, Clone)]
pub struct How {
    pub rules: Rules,
    /// Each job into a folder of its own.
    pub separate: bool,
    pub on_conflict: OnConflict,
}

/// A job whose archive is where it was wanted.
#[derive(Debug)]
pub struct Landed {
    pub found: Found,
    /// Below the destination; empty where jobs are not separate.
    pub folder: PathBuf,
    /// Below the destination, with their sizes in bytes, in archive order: files and links.
    pub files: Vec<(PathBuf, u64)>,
    /// The bytes that were received.
    pub bytes: u64,
}

/// What landed, and what is missing with the reason.
#[derive(Debug, Default)]
pub struct Landing {
    pub landed: Vec<Landed>,
    pub missing: Vec<(String, Refusal)>,
}

/// The files of the wanted jobs below `dest`, which is as it was if any of it fails.
pub fn extract(
    ctx: &Ctx<'_>,
    address: &Address,
    wanted: &Wanted,
    how: &How,
    dest: &Path,
) -> anyhow::Result<Landing> {
    // That nothing can be written there is better known before anything is downloaded.
    let mut staging = Staging::beside(dest, ctx.interrupt)?;
    let rules = Rules { takes_links: staging.takes_links(), ..how.rules.clone() };
    let how = &How { rules, ..*how };
    let Each { mut taken, missing } = each(ctx, address, wanted, MOST, |found, alone| {
        take(ctx, found, how, dest, &staging, alone)
    })?;
    if let [(_, Taken::Staged(_))] = taken.as_slice()
        && let Some((found, Taken::Staged(staged))) = taken.pop()
    {
        let Staged { staging, mut plan, bytes } = *staged;
        tell_warnings(ctx, &found, &mut plan);
        let folder = folder(&found, how);
        let landed = Landed { found, folder, files: Vec::new(), bytes };
        return Ok(Landing {
            landed: place(ctx, vec![(landed, plan)], staging, how, dest)?,
            missing,
        });
    }
    let founds: Vec<Found> = taken.iter().map(|(found, _)| found.clone()).collect();
    let landed = match stage_all(ctx, taken, how, &mut staging) {
        Err(error) if begins_again(&error) => {
            // Some archive is not what its directory let expect: now each is looked at as a whole.
            staging = Staging::beside(dest, ctx.interrupt)?;
            let kept = founds.into_iter().map(|found| {
                let (archive, bytes) =
                    keep_first(ctx, &found, ctx.gitlab.body(&found.at)?, &staging)?;
                Ok((found, Taken::CacheLookup(archive, bytes)))
            });
            let kept: anyhow::Result<Vec<_>> = kept.collect();
            stage_all(ctx, kept?, how, &mut staging)?
        }
        landed => landed?,
    };
    Ok(Landing { landed: place(ctx, landed, staging, how, dest)?, missing })
}

/// Judges all archives together, and makes the files of each.
fn stage_all(
    ctx: &Ctx<'_>,
    taken: Vec<(Found, Taken<'_>)>,
    how: &How,
    staging: &mut Staging,
) -> anyhow::Result<Vec<(Landed, Plan)>> {
    let mut landed = Vec::new();
    let opened = open_all(ctx, taken, how, staging)?;
    let sizes = opened.iter().map(|opened| opened.plan.size());
    staging.room_for(sizes.fold(0, u128::saturating_add))?;
    for Opened { found, folder, source, plan } in opened {
        let bytes = match source {
            Source::File(mut archive, bytes) => {
                extract::stage(&mut archive, &plan, staging).with_context(|| unpacking(&found))?;
                bytes
            }
            Source::Afar(apart, parts) => parts::run(ctx, &found, *apart, &parts, &plan, staging)?,
        };
        landed.push((Landed { found, folder, files: Vec::new(), bytes }, plan));
    }
    Ok(landed)
}

/// Puts all that was staged in its place, and tells what of each archive was.
fn place(
    ctx: &Ctx<'_>,
    landed: Vec<(Landed, Plan)>,
    staging: Staging,
    how: &How,
    dest: &Path,
) -> anyhow::Result<Vec<Landed>> {
    let skipped: HashSet<PathBuf> = staging.commit(how.on_conflict)?.into_iter().collect();
    let landed = landed.into_iter().map(|(landed, plan)| {
        let files = listed(plan, &skipped);
        let (count, bytes) = (files.len(), files.iter().map(|(_, size)| size).sum());
        let at: PathBuf = dest.join(&landed.folder).components().collect();
        ctx.watch.step(&Step::Placed { files: count, bytes, at: &at.to_string_lossy() });
        Landed { files, ..landed }
    });
    Ok(landed.collect())
}

fn tell_warnings(ctx: &Ctx<'_>, found: &Found, plan: &mut Plan) {
    for warning in plan.warnings.drain(..) {
        ctx.watch.step(&Step::Warning(&format!("{}: {warning}", shown(&found.label()))));
    }
}

/// The archive itself as `file`, which appears whole or not at all. A file that is there already
/// and is to stay spares the whole lookup.
pub fn keep(
    ctx: &Ctx<'_>,
    address: &Address,
    wanted: &Wanted,
    on_conflict: OnConflict,
    file: &Path,
) -> anyhow::Result<Landing> {
    match on_conflict {
        OnConflict::Skip if file.is_file() => return Ok(Landing::default()),
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
    let Fetch { fetched, missing } = fetch(ctx, address, wanted, spool)?;
    let mut landed = Vec::new();
    for Fetched { found, mut archive, bytes } in fetched {
        if let Some(archive) = archive.file() {
            judge(archive, &found)?;
        }
        archive.keep(on_conflict)?;
        landed.push(Landed { found, folder: PathBuf::new(), files: Vec::new(), bytes });
    }
    Ok(Landing { landed, missing })
}

/// The archive itself, handed to `out` once it is here whole.
pub fn stream(
    ctx: &Ctx<'_>,
    address: &Address,
    wanted: &Wanted,
    mut out: impl FnMut(&mut File) -> io::Result<u64>,
) -> anyhow::Result<Landing> {
    let spool = |_| Ok(disk::temporary()?);
    let Fetch { fetched, missing } = fetch(ctx, address, wanted, spool)?;
    let mut landed = Vec::new();
    for Fetched { found, mut archive, bytes } in fetched {
        judge(&mut archive, &found)?;
        archive.rewind()?;
        out(&mut archive)?;
        landed.push(Landed { found, folder: PathBuf::new(), files: Vec::new(), bytes });
    }
    Ok(Landing { landed, missing })
}

/// An archive that was judged, and what will become of it.
struct Opened<'a> {
    found: Found,
    folder: PathBuf,
    source: Source<'a>,
    plan: Plan,
}

/// Where the bytes of an archive are.
enum Source<'a> {
    /// Here, with how many were received.
    File(Box<Archive<File>>, u64),
    /// Far away, and which of them are needed.
    Afar(Box<Apart<'a>>, Vec<Range<u64>>),
}

/// Judges all archives, each for itself and all together, before a byte is unpacked.
fn open_all<'a>(
    ctx: &Ctx<'_>,
    taken: Vec<(Found, Taken<'a>)>,
    how: &How,
    staging: &Staging,
) -> anyhow::Result<Vec<Opened<'a>>> {
    let (mut opened, mut plans) = (Vec::new(), Vec::new());
    for (found, taken) in taken {
        let (source, mut plan) = match taken {
            Taken::Apart(mut apart, parts) => {
                let plan = std::mem::take(&mut apart.plan);
                (Source::Afar(apart, parts), plan)
            }
            Taken::CacheLookup(archive, bytes) => open(archive, bytes, &found, how)?,
            // It was the only one when it came, and no more: now all are judged together.
            Taken::Staged(_) => {
                let body = ctx.gitlab.body(&found.at)?;
                let (archive, bytes) = keep_first(ctx, &found, body, staging)?;
                open(archive, bytes, &found, how)?
            }
        };
        tell_warnings(ctx, &found, &mut plan);
        let folder = folder(&found, how);
        plans.push((found.label(), plan.below(&folder)));
        opened.push((found, folder, source));
    }
    let warnings =
        together::settle(&mut plans, how.on_conflict, how.rules.symlinks, how.rules.system)?;
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
    found: &Found,
    how: &How,
) -> anyhow::Result<(Source<'a>, Plan)> {
    let mut archive = Archive::open(archive).with_context(|| unpacking(found))?;
    let plan = plan(&mut archive, &how.rules).with_context(|| unpacking(found))?;
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
fn judge(file: &mut File, found: &Found) -> anyhow::Result<()> {
    Archive::list(file)
        .with_context(|| format!("reading the artifacts of {}", shown(&found.label())))?;
    Ok(())
}

pub(super) fn folder(found: &Found, how: &How) -> PathBuf {
    match (how.separate, found.name()) {
        (false, _) => PathBuf::new(),
        (true, Some(name)) => PathBuf::from(folder_name(name)),
        (true, None) => PathBuf::from(folder_name(&found.label())),
    }
}

/// The files and links of a plan but those that were skipped.
fn listed(plan: Plan, skipped: &HashSet<PathBuf>) -> Vec<(PathBuf, u64)> {
    let files = plan.placements.into_iter().filter(|placement| !skipped.contains(&placement.path));
    let sized = files.filter_map(|placement| match placement.what {
        What::File { size, .. } => Some((placement.path, size)),
        What::Link { target } => Some((placement.path, target.len() as u64)),
        What::Folder { .. } => None,
    });
    sized.collect()
}

pub(super) fn unpacking(found: &Found) -> String {
    format!("unpacking the artifacts of {}", shown(&found.label()))
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
