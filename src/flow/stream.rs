//! Unpacking an archive while it is downloaded, without keeping it.
//!
//! The directory of an archive is at its end, so it is read beside the download, from the same
//! place. The whole plan is made and judged from it; then the files are made as their bytes come.
//! Whatever is unusual about an archive or its server is left to the way that keeps it first.

use std::collections::HashSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::Context;

use super::afar::{RemoteZip, plain, read};
use super::land::{ExtractOptions, folder, plan, unpacking};
use super::way::{self, SMALL};
use super::{Ctx, FoundJob};
use crate::archive::{self, Layout};
use crate::disk::Staging;
use crate::extract;
use crate::gitlab::{self, Body, DownloadInterrupted, RemoteArchive};
use crate::plan::Plan;
use crate::select::files::{self, Rules};
use crate::select::merge_plans;
use crate::step::Step;

/// The targets of links are read beside as well, where they take no more than so many requests
/// and bytes.
const MOST_LINKS: (usize, u64) = (4, 256 << 10);
/// Links that are not further apart than this come with one request, in bytes; so much is read at
/// once as well.
const NEAR: u64 = 64 << 10;
/// The download is told of each time that so many bytes have come.
const TOLD: u64 = 256 << 10;

/// What a download will become.
pub(super) struct Ready {
    plan: Plan,
    layout: Layout,
}

/// What a download has become: files that wait for being put in place.
pub(super) struct Staged {
    pub(super) staging: Staging,
    /// Below the destination; its warnings are not told yet.
    pub(super) plan: Plan,
    /// The length of the archive.
    pub(super) bytes: u64,
}

/// Reads the directory beside the download and judges everything. None where the archive must be
/// kept first: it is small, its server gives no parts that are surely of the same archive, or
/// something about it is unusual.
pub(super) fn ready(
    found: &FoundJob,
    body: &Body<'_>,
    options: &ExtractOptions,
) -> anyhow::Result<Option<Ready>> {
    let Some(remote) = RemoteArchive::from_download(body).filter(|remote| remote.length() > SMALL)
    else {
        return Ok(None);
    };
    match judged(read(remote), &options.rules) {
        // The bytes beside do not come; those of the download may.
        Err(error) if matches!(error.downcast_ref(), Some(archive::Error::Read(_))) => Ok(None),
        Err(error) => Err(error).with_context(|| unpacking(found)),
        Ok(judged) => {
            let judged = judged.filter(|(plan, _)| wants_each_once(plan));
            judged.map(|(plan, layout)| alone(found, plan, layout, options)).transpose()
        }
    }
}

/// The bytes of an entry come once, and copies of links want them in several places.
fn wants_each_once(plan: &Plan) -> bool {
    let mut entries = HashSet::new();
    plan.placements.iter().all(|placement| entries.insert(placement.entry))
}

/// What becomes of an archive whose directory alone speaks for it; none where it does not.
pub(super) fn judged(
    archive: Result<RemoteZip<'_>, archive::Error>,
    rules: &Rules,
) -> anyhow::Result<Option<(Plan, Layout)>> {
    let mut archive = archive?;
    // The directory is entries now.
    archive.reader().lighten();
    if !archive.is_streamable() || !fetch_links(&mut archive, rules)? {
        return Ok(None);
    }
    let plan = plan(&mut archive, rules)?;
    Ok(Some((plan, archive.into_layout())))
}

/// The same below the destination, where no other archive has a say.
pub(super) fn alone(
    found: &FoundJob,
    plan: Plan,
    layout: Layout,
    options: &ExtractOptions,
) -> anyhow::Result<Ready> {
    let mut plans = [(found.label(), plan.below(&folder(found, options)))];
    let warnings = merge_plans::settle(
        &mut plans,
        options.on_conflict,
        options.rules.symlinks,
        options.rules.system,
    )
    .with_context(|| unpacking(found))?;
    let [(_, mut plan)] = plans;
    plan.warnings.extend(warnings);
    Ok(Ready { plan, layout })
}

/// Reads the targets of links, where they are few enough or close together.
fn fetch_links(archive: &mut RemoteZip<'_>, rules: &Rules) -> Result<bool, archive::Error> {
    let links = files::links(archive.entries(), rules);
    let places = links.into_iter().map(|index| archive.extent(index)).collect();
    let near = way::together(places, NEAR);
    let (most, bytes) = MOST_LINKS;
    if near.len() > most || way::sum(&near) > bytes {
        return Ok(false);
    }
    for place in near {
        let start = place.start;
        let reader = archive.reader();
        reader.want(place);
        // One byte brings the others with it.
        let read = reader.seek(SeekFrom::Start(start)).and_then(|_| reader.read(&mut [0]));
        read.map_err(archive::Error::Read)?;
    }
    Ok(true)
}

/// Makes the files while the download goes on. None where it turns out that the archive must be
/// kept first; what was made by then is gone.
pub(super) fn run(
    ctx: &Ctx<'_>,
    found: &FoundJob,
    Ready { plan, layout }: Ready,
    body: Body<'_>,
    dest: &Path,
) -> anyhow::Result<Option<Staged>> {
    let mut staging = Staging::beside(dest, ctx.interrupt)?;
    staging.room_for(plan.size())?;
    let (label, start) = (found.label(), ctx.clock.elapsed());
    let bytes = body.total().unwrap_or_default();
    let told = |done| ctx.watch.step(&Step::Bytes { label: &label, done, total: Some(bytes) });
    let coming = Coming { body: BufReader::with_capacity(NEAR as usize, body), done: 0, told };
    match extract::stream(&layout, coming, &plan, &mut staging) {
        Ok(()) => {}
        Err(error) if begins_again(&error) => return Ok(None),
        Err(error) => {
            return Err(fault(error, found));
        }
    }
    told(bytes);
    let took = ctx.clock.elapsed().saturating_sub(start);
    ctx.watch.step(&Step::Downloaded { label: &label, bytes, took });
    Ok(Some(Staged { staging, plan, bytes }))
}

/// What went wrong while an archive was unpacked.
pub(super) fn fault(error: anyhow::Error, found: &FoundJob) -> anyhow::Error {
    match error.downcast::<archive::Error>() {
        Ok(error) => plain(error, unpacking(found)),
        Err(error) => error.context(unpacking(found)),
    }
}

/// Whether the archive may be right all the same, and is only to be had in another way.
pub(super) fn begins_again(error: &anyhow::Error) -> bool {
    if let Some(error) = error.downcast_ref::<gitlab::Error>() {
        return error.is_unexpected();
    }
    match error.downcast_ref() {
        Some(archive::Error::NeedsFullCheck { .. }) => true,
        Some(archive::Error::Read(error)) => {
            error.get_ref().is_some_and(|it| it.is::<DownloadInterrupted>())
        }
        _ => false,
    }
}

/// A download as the archive room wants it: bytes in order, of which some are passed over.
struct Coming<'a, F> {
    body: BufReader<Body<'a>>,
    done: u64,
    told: F,
}

impl<F: Fn(u64)> Read for Coming<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        let before = self.done / TOLD;
        self.done += count as u64;
        if self.done / TOLD > before {
            (self.told)(self.done);
        }
        Ok(count)
    }
}

impl<F: Fn(u64)> archive::SkipRead for Coming<'_, F> {
    fn skip_to(&mut self, position: u64) -> io::Result<()> {
        let gap = position.checked_sub(self.done).ok_or(io::ErrorKind::InvalidInput)?;
        io::copy(&mut self.take(gap), &mut io::sink()).map(|_| ())
    }
}
