//! Arithmetic on byte ranges: merges neighbours, so that few range requests bring many entries.

use std::ops::Range;

/// Ranges that are at most this many bytes apart are requested together.
const MAX_GAP: u64 = 64 << 10;
/// The most range requests for one archive.
const MAX_RANGES: usize = 32;

/// Merges ranges that are at most `max_gap` bytes apart, in ascending order.
pub fn merge(mut ranges: Vec<Range<u64>>, max_gap: u64) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(max_gap) => {
                last.end = last.end.max(range.end);
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// Merges ranges into at most [`MAX_RANGES`], closing the narrowest gaps first.
pub fn merge_for_requests(ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let ranges = merge(ranges, MAX_GAP);
    let Some(surplus) = ranges.len().checked_sub(MAX_RANGES + 1) else { return ranges };
    let gap = |pair: &[Range<u64>]| pair[1].start - pair[0].end;
    let mut gaps: Vec<u64> = ranges.windows(2).map(gap).collect();
    gaps.sort_unstable();
    merge(ranges, gaps[surplus])
}

/// Adds up the bytes of all ranges.
pub fn total(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().fold(0, |sum: u64, range| sum.saturating_add(range.end - range.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const K: u64 = 1 << 10;
    const M: u64 = 1 << 20;

    #[test]
    fn neighbours_share_a_request_and_there_are_never_too_many_requests() {
        let list = |ranges: &[(u64, u64)]| ranges.iter().map(|(a, b)| *a..*b).collect::<Vec<_>>();
        type Ranges<'a> = &'a [(u64, u64)];
        let cases: [(Ranges<'_>, Ranges<'_>); 6] = [
            (&[], &[]),
            (&[(5, 5), (7, 9)], &[(7, 9)]),
            (&[(100, 200), (0, 50), (150, 160)], &[(0, 200)]),
            (&[(0, K), (65 * K, 66 * K)], &[(0, 66 * K)]),
            (&[(0, K), (65 * K + 1, 66 * K)], &[(0, K), (65 * K + 1, 66 * K)]),
            (&[(0, u64::MAX), (9, 10)], &[(0, u64::MAX)]),
        ];
        for (ranges, expect) in cases {
            assert_eq!(merge_for_requests(list(ranges)), list(expect), "{ranges:?}");
        }
        let scattered = |count: u64| (0..count).map(|i| i * M..i * M + 1).collect::<Vec<_>>();
        assert_eq!(merge_for_requests(scattered(32)).len(), 32);
        assert_eq!(merge_for_requests(scattered(33)), list(&[(0, 32 * M + 1)]));
        assert_eq!(total(&merge_for_requests(scattered(32))), 32);
        // With gaps that widen, the first ones are closed.
        let wider = |count: u64| (0..count).map(|i| i * i * M..i * i * M + 1).collect::<Vec<_>>();
        let ranges = merge_for_requests(wider(40));
        assert_eq!((ranges.len(), total(&ranges)), (32, 64 * M + 1 + 31));
    }
}
