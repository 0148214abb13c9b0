//! Unpacking an archive while it is downloaded, without keeping it.
//!
//! The directory of an archive is at its end, so it is read beside the download, from the same
//! place. The whole plan is made and judged from it; then the files are made as their bytes come.
//! Whatever is unusual about an archive or its server is left to the way that keeps it first.

use std::collections::HashSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use anyhow::Context;

use super::afar::{Afar, plain, read};
use super::land::{How, folder, plan, unpacking};
use super::{Ctx, Found};
use crate::archive::{self, Layout};
use crate::disk::Staging;
use crate::extract;
use crate::gitlab::{Body, BrokeOff};
use crate::model::EntryKind;
use crate::plan::Plan;
use crate::select::together;
use crate::step::Step;

/// Below this, in bytes, a further request costs more than is gained.
const SMALL: u64 = 2 << 20;
/// The targets of links are read beside as well, where they take no more than so many requests
/// and bytes.
const MOST_LINKS: (usize, u64) = (4, 256 << 10);
/// Links that are not further apart than this come with one request, in bytes.
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
pub(super) fn ready(found: &Found, body: &Body<'_>, how: &How) -> anyhow::Result<Option<Ready>> {
    let Some(remote) = body.beside().filter(|remote| remote.length() > SMALL) else {
        return Ok(None);
    };
    match planned(found, read(remote), how) {
        // The bytes beside do not come; those of the download may.
        Err(error) if matches!(error.downcast_ref(), Some(archive::Error::Read(_))) => Ok(None),
        ready => ready.with_context(|| unpacking(found)),
    }
}

fn planned(
    found: &Found,
    archive: Result<Afar<'_>, archive::Error>,
    how: &How,
) -> anyhow::Result<Option<Ready>> {
    let mut archive = archive?;
    if !archive.is_orderly() || !fetch_links(&mut archive)? {
        return Ok(None);
    }
    let plan = plan(&mut archive, &how.rules)?.below(&folder(found, how));
    let mut plans = [(found.label(), plan)];
    let warnings =
        together::settle(&mut plans, how.on_conflict, how.rules.symlinks, how.rules.system)?;
    let [(_, mut plan)] = plans;
    plan.warnings.extend(warnings);
    // The bytes of an entry come once, and here they are wanted in several places.
    let mut entries = HashSet::new();
    if !plan.placements.iter().all(|placement| entries.insert(placement.entry)) {
        return Ok(None);
    }
    Ok(Some(Ready { plan, layout: archive.into_layout() }))
}

/// Reads the targets of links, where they are few enough or close together.
fn fetch_links(archive: &mut Afar<'_>) -> Result<bool, archive::Error> {
    let links = archive.entries().iter().zip(archive.packed());
    let links = links.filter(|(entry, _)| entry.kind == EntryKind::Link);
    let mut places: Vec<Range<u64>> = links.map(|(_, packed)| packed.extent()).collect();
    places.sort_by_key(|place| place.start);
    let mut near: Vec<Range<u64>> = Vec::new();
    for place in places {
        match near.last_mut() {
            Some(last) if place.start <= last.end.saturating_add(NEAR) => {
                last.end = last.end.max(place.end);
            }
            _ => near.push(place),
        }
    }
    let (most, bytes) = MOST_LINKS;
    let total = near.iter().fold(0, |sum: u64, place| sum.saturating_add(place.end - place.start));
    if near.len() > most || total > bytes {
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
    found: &Found,
    Ready { plan, layout }: Ready,
    body: Body<'_>,
    dest: &Path,
) -> anyhow::Result<Option<Staged>> {
    let mut staging = Staging::beside(dest, ctx.interrupt)?;
    let (label, start) = (found.label(), ctx.clock.elapsed());
    let bytes = body.total().unwrap_or_default();
    let told = |done| ctx.watch.step(&Step::Bytes { label: &label, done, total: Some(bytes) });
    let coming = Coming { body: BufReader::with_capacity(NEAR as usize, body), done: 0, told };
    match extract::stream(&layout, coming, &plan, &mut staging) {
        Ok(()) => {}
        Err(error) if begins_again(&error) => return Ok(None),
        Err(error) => {
            return Err(match error.downcast::<archive::Error>() {
                Ok(error) => plain(error, unpacking(found)),
                Err(error) => error.context(unpacking(found)),
            });
        }
    }
    told(bytes);
    let took = ctx.clock.elapsed().saturating_sub(start);
    ctx.watch.step(&Step::Downloaded { label: &label, bytes, took });
    Ok(Some(Staged { staging, plan, bytes }))
}

fn begins_again(error: &anyhow::Error) -> bool {
    match error.downcast_ref() {
        Some(archive::Error::Surprise { .. }) => true,
        Some(archive::Error::Read(error)) => error.get_ref().is_some_and(|it| it.is::<BrokeOff>()),
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

impl<F: Fn(u64)> archive::Body for Coming<'_, F> {
    fn go_to(&mut self, position: u64) -> io::Result<()> {
        let gap = position.checked_sub(self.done).ok_or(io::ErrorKind::InvalidInput)?;
        io::copy(&mut self.take(gap), &mut io::sink()).map(|_| ())
    }
}
