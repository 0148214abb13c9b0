//! The choice of how an archive is transferred, made without I/O:
//!
//! - ranged: its directory first, then only the wanted entries, neighbours in one range request;
//! - streaming: all of it, extracted while it is downloaded;
//! - download first: all of it into a file, which is extracted afterwards.

use std::ops::Range;

use super::byte_ranges::{merge_for_requests, total};

/// Below this size in bytes, one further request costs more than it can save.
pub const SMALL_ARCHIVE: u64 = 2 << 20;

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

#[cfg(test)]
mod tests {
    use super::*;

    const M: u64 = 1 << 20;

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
