//! The choice of how an archive is transferred, made without I/O:
//!
//! - ranged: its directory first, then only the wanted entries, neighbours in one range request;
//! - streaming: all of it, extracted while it is downloaded, by one request or by several at the
//!   same time;
//! - download first: all of it into a file, which is extracted afterwards.

use std::ops::Range;

use super::byte_ranges::{merge_for_requests, total};

/// Below this size in bytes, one further request costs more than it can save.
pub const SMALL_ARCHIVE: u64 = 2 << 20;

/// Bytes that a stream reads at once.
pub const READ_AHEAD: usize = 64 << 10;

/// The number of streams of a large archive in object storage.
const USUAL_STREAMS: u8 = 4;
/// From this size in bytes, an archive is large.
const LARGE_ARCHIVE: u64 = 64 << 20;
/// Each stream that the user allows has to bring this many bytes, to be worth its requests.
const MIN_SHARE: u64 = 6 << 20;

/// How an archive whose directory is known is transferred.
#[derive(Debug, PartialEq, Eq)]
pub enum Strategy {
    /// By requests for these ranges.
    Ranged(Vec<Range<u64>>),
    Streaming,
    DownloadFirst,
}

/// The facts that decide the strategy.
pub struct ArchiveFacts {
    /// The length of the archive in bytes.
    pub length: u64,
    /// Its files can be extracted as their bytes arrive: no other archive has to be planned together
    /// with this one, and each entry is needed once.
    pub may_stream: bool,
    /// The ranges of the wanted entries that are not known yet.
    pub wanted: Vec<Range<u64>>,
}

/// Returns if the directory is read before anything else. `narrow`: `--path` was given.
pub fn reads_directory_first(narrow: bool, size: Option<u64>) -> bool {
    narrow && size.is_none_or(|size| size > SMALL_ARCHIVE)
}

/// Chooses the strategy for an archive whose directory is known: ranges, where they bring at most
/// half of it.
pub fn choose(facts: ArchiveFacts) -> Strategy {
    let ranges = merge_for_requests(facts.wanted);
    if total(&ranges) <= facts.length / 2 {
        Strategy::Ranged(ranges)
    } else if facts.may_stream && facts.length > SMALL_ARCHIVE {
        Strategy::Streaming
    } else {
        Strategy::DownloadFirst
    }
}

/// The facts about a download that has begun.
pub struct DownloadFacts {
    /// The length of the archive in bytes, if the server told it.
    pub length: Option<u64>,
    /// The bytes come from object storage, and not from GitLab itself.
    pub from_storage: bool,
    /// The most bytes that one stream has to bring alone, because they are one compressed entry.
    pub undivided: u64,
}

/// Returns the number of streams that bring an archive while it is extracted; none if it is small
/// or of unknown length, and better downloaded first. `allowed`: the number that the user gave.
/// GitLab itself gets one request at a time unless the user allows more.
pub fn streams(allowed: Option<u8>, facts: &DownloadFacts) -> u8 {
    let Some(length) = facts.length.filter(|length| *length > SMALL_ARCHIVE) else { return 0 };
    let usual = match facts.from_storage && length >= LARGE_ARCHIVE {
        true => USUAL_STREAMS,
        false => 1,
    };
    let shares = |bytes: u64| u8::try_from(bytes / MIN_SHARE).unwrap_or(u8::MAX);
    let others = shares(length.saturating_sub(facts.undivided));
    allowed.unwrap_or(usual).min(shares(length)).min(others.saturating_add(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: u64 = 1 << 20;

    #[test]
    fn length_and_origin_decide_the_number_of_streams() {
        for (allowed, length, from_storage, undivided, expect) in [
            (None, 64 * M - 1, true, 0, 1),
            (None, 64 * M, true, 0, 4),
            (None, 10_000 * M, true, 0, 4),
            (None, 10_000 * M, false, 0, 1),
            (Some(1), 10_000 * M, true, 0, 1),
            (Some(4), 24 * M, true, 0, 4),
            (Some(4), 24 * M - 1, true, 0, 3),
            (Some(4), 5 * M, true, 0, 1),
            (Some(4), 2 * M + 1, true, 0, 1),
            (Some(4), 2 * M, true, 0, 0),
            (Some(8), 10_000 * M, false, 0, 8),
            // Other streams are of use only for what is not one compressed entry.
            (None, 700 * M, true, 700 * M - 1, 1),
            (None, 700 * M, true, 694 * M, 2),
            (None, 700 * M, true, 600 * M, 4),
            (Some(8), 700 * M, true, 800 * M, 1),
        ] {
            let label = format!("{allowed:?} {length} {from_storage} {undivided}");
            let facts = DownloadFacts { length: Some(length), from_storage, undivided };
            assert_eq!(streams(allowed, &facts), expect, "{label}");
        }
        let unknown = DownloadFacts { length: None, from_storage: true, undivided: 0 };
        assert_eq!(streams(Some(4), &unknown), 0);
    }

    #[test]
    fn the_directory_comes_first_only_where_that_can_save_something() {
        for (narrow, size, first) in [
            (true, None, true),
            (true, Some(SMALL_ARCHIVE + 1), true),
            (true, Some(SMALL_ARCHIVE), false),
            (false, None, false),
            (false, Some(100 * M), false),
        ] {
            assert_eq!(reads_directory_first(narrow, size), first, "{narrow} {size:?}");
        }
    }

    #[test]
    fn size_and_company_decide_the_strategy() {
        let (one, two) = (10 * M..11 * M, 30 * M..40 * M);
        let ranged =
            |ranges: &[&Range<u64>]| Strategy::Ranged(ranges.iter().copied().cloned().collect());
        type Case<'a> = (u64, bool, &'a [&'a Range<u64>], Strategy);
        let cases: [Case<'_>; 7] = [
            (100 * M, true, &[&one, &two], ranged(&[&one, &two])),
            (100 * M, false, &[&two, &one], ranged(&[&one, &two])),
            // Nothing is wanted, or all of it is known already.
            (100 * M, true, &[], ranged(&[])),
            // Exactly half, and more.
            (22 * M, true, &[&one, &two], ranged(&[&one, &two])),
            (22 * M - 2, true, &[&one, &two], Strategy::Streaming),
            (22 * M - 2, false, &[&one, &two], Strategy::DownloadFirst),
            (M, true, &[&(0..M)], Strategy::DownloadFirst),
        ];
        for (length, may_stream, wanted, expect) in cases {
            let wanted: Vec<_> = wanted.iter().copied().cloned().collect();
            let label = format!("{length} {may_stream} {wanted:?}");
            assert_eq!(choose(ArchiveFacts { length, may_stream, wanted }), expect, "{label}");
        }
    }
}
