//! Three ways lead from an archive to files, and here one is chosen:
//!
//! - by parts: its directory first, then what is wanted of it, neighbours with one request;
//! - as a stream: all of it, unpacked while it comes;
//! - kept first: all of it into a file, which is unpacked then.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use super::afar::announce;
use super::fetch::whole;
use super::land::ExtractOptions;
use super::parts::{self, Apart};
use super::stream::{self, Staged};
use super::{Ctx, FoundJob, kept};
use crate::disk::Staging;
use crate::gitlab::{Body, RemoteAnswer};

/// Below this, in bytes, a further request costs more than is gained.
pub(super) const SMALL: u64 = 2 << 20;
/// What is not further apart than this comes with one request, in bytes.
const NEAR: u64 = 64 << 10;
/// More requests than this for parts of one archive are too many.
const MOST_PARTS: usize = 32;

/// A way.
#[derive(Debug, PartialEq, Eq)]
enum Strategy {
    /// These parts.
    Parts(Vec<Range<u64>>),
    Stream,
    Keep,
}

/// What the directory of an archive and its server let know.
struct ArchiveFacts {
    /// Of the archive, in bytes.
    length: u64,
    /// The job is the only one: others would have to be judged together with it.
    alone: bool,
    /// Where that lies which is wanted and not here yet.
    query: Vec<Range<u64>>,
}

/// Whether the directory is asked for before all else. `narrow` is who names what they want.
fn directory_first(narrow: bool, size: Option<u64>) -> bool {
    narrow && size.is_none_or(|size| size > SMALL)
}

/// The way of an archive whose directory is here.
fn way(known: ArchiveFacts) -> Strategy {
    let parts = few(known.query);
    if sum(&parts) <= known.length / 2 {
        Strategy::Parts(parts)
    } else if known.alone && known.length > SMALL {
        Strategy::Stream
    } else {
        Strategy::Keep
    }
}

/// What lies near each other, together.
pub(super) fn together(mut places: Vec<Range<u64>>, near: u64) -> Vec<Range<u64>> {
    places.retain(|place| !place.is_empty());
    places.sort_by_key(|place| place.start);
    let mut parts: Vec<Range<u64>> = Vec::new();
    for place in places {
        match parts.last_mut() {
            Some(last) if place.start <= last.end.saturating_add(near) => {
                last.end = last.end.max(place.end);
            }
            _ => parts.push(place),
        }
    }
    parts
}

/// The same in few enough parts, with what lies between them if need be.
fn few(places: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let parts = together(places, NEAR);
    let Some(most) = parts.len().checked_sub(MOST_PARTS + 1) else { return parts };
    // The narrowest gaps are closed first.
    let gap = |pair: &[Range<u64>]| pair[1].start - pair[0].end;
    let mut gaps: Vec<u64> = parts.windows(2).map(gap).collect();
    gaps.sort_unstable();
    together(parts, gaps[most])
}

/// Bytes of all parts.
pub(super) fn sum(parts: &[Range<u64>]) -> u64 {
    parts.iter().fold(0, |sum: u64, part| sum.saturating_add(part.end - part.start))
}

/// What was taken of an archive on its way to files.
pub(super) enum Acquired<'a> {
    /// The directory; these parts will be needed.
    Apart(Box<Apart<'a>>, Vec<Range<u64>>),
    /// All of it, as files.
    Staged(Box<Staged>),
    /// All of it in a file, with its length.
    CacheLookup(File, u64),
}

/// Takes of an archive what must be here before it can be judged with the others. `alone` says
/// that there are none.
pub(super) fn take<'a>(
    ctx: &Ctx<'a>,
    found: &FoundJob,
    options: &ExtractOptions,
    dest: &Path,
    staging: &Staging,
    alone: bool,
) -> anyhow::Result<Acquired<'a>> {
    announce(ctx, found);
    if let Some((archive, bytes)) = kept::take(ctx, found)? {
        return Ok(Acquired::CacheLookup(archive, bytes));
    }
    let size = found.size();
    let (mut coming, mut apart) = (None, None);
    if directory_first(options.rules.patterns.are_narrow(), size) {
        match ctx.gitlab.open_remote(&found.at) {
            Ok(RemoteAnswer::Ranges(remote)) => apart = parts::look(found, *remote, options)?,
            Ok(RemoteAnswer::Whole(body)) => coming = Some(*body),
            // Parts that are not what was asked for say nothing about the whole.
            Err(error) if error.is_unexpected() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut streamed = alone;
    if let Some(known) = apart {
        match way(ArchiveFacts { length: known.remote.length(), alone, query: known.query() }) {
            Strategy::Parts(parts) => return Ok(Acquired::Apart(Box::new(known), parts)),
            Strategy::Stream => {}
            Strategy::Keep => streamed = false,
        }
        apart = Some(known);
    }
    let mut body = match coming {
        Some(body) => body,
        None => ctx.gitlab.download(&found.at)?,
    };
    let ready = match apart.filter(|apart| apart.remote.is_same_archive(&body)) {
        _ if !streamed => None,
        Some(Apart { plan, layout, .. }) => Some(stream::alone(found, plan, layout, options)?),
        None => stream::ready(found, &body, options)?,
    };
    if let Some(ready) = ready {
        if let Some(staged) = stream::run(ctx, found, ready, body, dest)? {
            return Ok(Acquired::Staged(Box::new(staged)));
        }
        body = ctx.gitlab.download(&found.at)?;
    }
    let (archive, bytes) = keep_first(ctx, found, body, staging)?;
    Ok(Acquired::CacheLookup(archive, bytes))
}

/// All of an archive in a file beside the destination.
pub(super) fn keep_first<'a>(
    ctx: &Ctx<'a>,
    found: &FoundJob,
    body: Body<'a>,
    staging: &Staging,
) -> anyhow::Result<(File, u64)> {
    staging.room_for(body.total().unwrap_or_default().into())?;
    let mut archive = staging.spool()?;
    let bytes = whole(ctx, found, body, &mut archive)?;
    Ok((archive, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const K: u64 = 1 << 10;
    const M: u64 = 1 << 20;

    #[test]
    fn the_directory_comes_first_only_where_that_can_spare_something() {
        for (narrow, size, first) in [
            (true, None, true),
            (true, Some(SMALL + 1), true),
            (true, Some(SMALL), false),
            (false, None, false),
            (false, Some(100 * M), false),
        ] {
            assert_eq!(directory_first(narrow, size), first, "{narrow} {size:?}");
        }
    }

    #[test]
    fn each_archive_goes_its_way() {
        let (one, two) = (10 * M..11 * M, 30 * M..40 * M);
        let parts =
            |parts: &[&Range<u64>]| Strategy::Parts(parts.iter().copied().cloned().collect());
        type Case<'a> = (u64, bool, &'a [&'a Range<u64>], Strategy);
        let cases: [Case<'_>; 7] = [
            (100 * M, true, &[&one, &two], parts(&[&one, &two])),
            (100 * M, false, &[&two, &one], parts(&[&one, &two])),
            // Nothing is wanted, or it is here already.
            (100 * M, true, &[], parts(&[])),
            // Exactly half, and more.
            (22 * M, true, &[&one, &two], parts(&[&one, &two])),
            (22 * M - 2, true, &[&one, &two], Strategy::Stream),
            (22 * M - 2, false, &[&one, &two], Strategy::Keep),
            (M, true, &[&(0..M)], Strategy::Keep),
        ];
        for (length, alone, query, expect) in cases {
            let query: Vec<_> = query.iter().copied().cloned().collect();
            let label = format!("{length} {alone} {query:?}");
            assert_eq!(way(ArchiveFacts { length, alone, query }), expect, "{label}");
        }
    }

    #[test]
    fn neighbours_come_together_and_the_parts_are_never_too_many() {
        let list = |places: &[(u64, u64)]| places.iter().map(|(a, b)| *a..*b).collect::<Vec<_>>();
        type Places<'a> = &'a [(u64, u64)];
        let cases: [(Places<'_>, Places<'_>); 6] = [
            (&[], &[]),
            (&[(5, 5), (7, 9)], &[(7, 9)]),
            (&[(100, 200), (0, 50), (150, 160)], &[(0, 200)]),
            (&[(0, K), (65 * K, 66 * K)], &[(0, 66 * K)]),
            (&[(0, K), (65 * K + 1, 66 * K)], &[(0, K), (65 * K + 1, 66 * K)]),
            (&[(0, u64::MAX), (9, 10)], &[(0, u64::MAX)]),
        ];
        for (places, expect) in cases {
            assert_eq!(few(list(places)), list(expect), "{places:?}");
        }
        let scattered = |count: u64| (0..count).map(|i| i * M..i * M + 1).collect::<Vec<_>>();
        assert_eq!(few(scattered(32)).len(), 32);
        assert_eq!(few(scattered(33)), list(&[(0, 32 * M + 1)]));
        assert_eq!(sum(&few(scattered(32))), 32);
        // Ever wider gaps: those at the beginning are closed.
        let wider = |count: u64| (0..count).map(|i| i * i * M..i * i * M + 1).collect::<Vec<_>>();
        let parts = few(wider(40));
        assert_eq!((parts.len(), sum(&parts)), (32, 64 * M + 1 + 31));
    }
}
