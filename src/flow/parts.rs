//! Unpacking some files of an archive that stays where it is: only its directory and what is
//! wanted cross the wire, and nothing of it is kept.

use std::io::{self, BufReader, Read};
use std::ops::Range;

use anyhow::Context;

use super::afar::parts;
use super::land::{ExtractOptions, unpacking};
use super::stream::{fault, judged};
use super::way::sum;
use super::{Ctx, FoundJob};
use crate::archive::{self, Archive, Layout};
use crate::disk::Staging;
use crate::extract;
use crate::gitlab::{Body, RemoteArchive};
use crate::plan::{PlacementKind, Plan};
use crate::step::Step;

/// So much is asked for where a header is longer than any that writers make. It is never longer
/// than this, in bytes.
const HEADER: u64 = 192 << 10;
/// How much is read at once, in bytes.
const AHEAD: usize = 64 << 10;

/// An archive of which only the directory is here.
pub(super) struct Apart<'a> {
    /// What will become of it, by its own names.
    pub(super) plan: Plan,
    pub(super) layout: Layout,
    pub(super) remote: RemoteArchive<'a>,
    /// Its end, which came with the first answer.
    tail: Vec<u8>,
}

/// Reads the directory and judges everything. None where parts cannot be had, or not in a way that
/// shows that they are of the same archive, and where something about the archive is unusual.
pub(super) fn look<'a>(
    found: &FoundJob,
    mut remote: RemoteArchive<'a>,
    options: &ExtractOptions,
) -> anyhow::Result<Option<Apart<'a>>> {
    let tail = remote.take_tail();
    if !remote.has_strong_etag() && (tail.len() as u64) < remote.length() {
        return Ok(None);
    }
    match judged(Archive::list(parts(&mut remote, tail.clone())), &options.rules) {
        // The whole may come nevertheless.
        Err(error) if matches!(error.downcast_ref(), Some(archive::Error::Read(_))) => Ok(None),
        Err(error) => Err(error).with_context(|| unpacking(found)),
        Ok(judged) => Ok(judged.map(|(plan, layout)| Apart { plan, layout, remote, tail })),
    }
}

impl Apart<'_> {
    /// Where the end begins that is here.
    fn here(&self) -> u64 {
        self.remote.length() - self.tail.len() as u64
    }

    /// Where the files of the plan lie, as far as they are not here yet.
    pub(super) fn query(&self) -> Vec<Range<u64>> {
        let end = self.layout.directory.min(self.here());
        let files =
            self.plan.placements.iter().filter(|it| matches!(it.what, PlacementKind::File { .. }));
        let packed = files.filter_map(|file| self.layout.locations.get(file.entry));
        let places = packed.map(|packed| packed.extent());
        places.map(|place| place.start.min(end)..place.end.min(end)).collect()
    }
}

/// Makes the files of this plan from these parts. Tells how many bytes were received in all.
pub(super) fn run(
    ctx: &Ctx<'_>,
    found: &FoundJob,
    mut apart: Apart<'_>,
    parts: &[Range<u64>],
    plan: &Plan,
    staging: &mut Staging,
) -> anyhow::Result<u64> {
    let (label, start) = (found.label(), ctx.clock.elapsed());
    let total = apart.remote.received() + sum(parts);
    let told = |done| ctx.watch.step(&Step::Bytes { label: &label, done, total: Some(total) });
    let mut coming = Coming {
        here: apart.here(),
        tail: &apart.tail,
        received: apart.remote.received(),
        remote: &mut apart.remote,
        parts,
        body: None,
        position: 0,
        end: 0,
        told,
    };
    let made = extract::some(&apart.layout, &mut coming, plan, staging);
    let left = made.and_then(|()| Ok(coming.leave().map_err(archive::Error::Read)?));
    left.map_err(|error| fault(error, found))?;
    let bytes = coming.received;
    let took = ctx.clock.elapsed().saturating_sub(start);
    ctx.watch.step(&Step::Downloaded { label: &label, bytes, took });
    Ok(bytes)
}

/// Parts as the archive room wants them: bytes in order, of which some are passed over.
struct Coming<'a, 'b, F> {
    remote: &'b mut RemoteArchive<'a>,
    parts: &'b [Range<u64>],
    /// The part that is being read, and where it ends.
    body: Option<BufReader<Body<'a>>>,
    end: u64,
    /// In the archive.
    position: u64,
    /// The end of the archive, and where it begins.
    tail: &'b [u8],
    here: u64,
    /// In bytes.
    received: u64,
    told: F,
}

impl<F: Fn(u64)> Coming<'_, '_, F> {
    /// Reads a part to its end, which is near, so that its connection can be used again.
    fn leave(&mut self) -> io::Result<()> {
        if let Some(mut body) = self.body.take() {
            self.received += io::copy(&mut body, &mut io::sink())?;
        }
        Ok(())
    }

    /// Asks for the part that begins here, or lies around this place.
    fn ask(&mut self) -> io::Result<()> {
        self.leave()?;
        let part = self.parts.iter().find(|part| part.contains(&self.position));
        let end = part.map_or(self.position.saturating_add(HEADER), |part| part.end);
        self.end = end.min(self.here);
        let body = self.remote.stream_range(self.position..self.end).map_err(io::Error::other)?;
        self.body = Some(BufReader::with_capacity(AHEAD, body));
        Ok(())
    }
}

impl<F: Fn(u64)> Read for Coming<'_, '_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(past) = self.position.checked_sub(self.here) {
            let past = usize::try_from(past).unwrap_or(usize::MAX);
            let count = self.tail.get(past..).unwrap_or_default().read(buffer)?;
            self.position += count as u64;
            return Ok(count);
        }
        if self.position >= self.end {
            self.ask()?;
        }
        let Some(body) = &mut self.body else { return Ok(0) };
        let count = body.read(buffer)?;
        self.position += count as u64;
        self.received += count as u64;
        (self.told)(self.received);
        Ok(count)
    }
}

impl<F: Fn(u64)> archive::SkipRead for &mut Coming<'_, '_, F> {
    fn skip_to(&mut self, position: u64) -> io::Result<()> {
        if (self.position..self.end).contains(&position) {
            let gap = position - self.position;
            return io::copy(&mut Read::take(&mut **self, gap), &mut io::sink()).map(|_| ());
        }
        if position < self.position {
            // One entry can become two files; what is gone is asked for again.
            self.body = None;
        }
        self.leave()?;
        (self.position, self.end) = (position, position);
        Ok(())
    }
}
