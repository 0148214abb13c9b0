//! Eviction: the choice of cached files to remove before an archive is added.

use std::time::{Duration, SystemTime};

use super::name::{CacheName, PARTIAL_PREFIX, PARTIAL_SUFFIX};

/// Age of the last write after which a partial file counts as left behind by a killed run.
const STALE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A file in the directory of a cache.
#[derive(Debug, Clone)]
pub struct CachedFile {
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Time of last use; of a partial file, time of the last write.
    pub used: SystemTime,
}

/// Returns the names of the files to remove: stale partial files, and the least recently used
/// archives until `incoming` more bytes fit within `max_bytes`.
pub fn select_evictions(
    files: &[CachedFile],
    incoming: u64,
    max_bytes: u64,
    now: SystemTime,
) -> Vec<&str> {
    let is_stale = |file: &&CachedFile| {
        file.name.starts_with(PARTIAL_PREFIX)
            && file.name.ends_with(PARTIAL_SUFFIX)
            && now.duration_since(file.used).is_ok_and(|age| age > STALE_AFTER)
    };
    let mut evicted: Vec<&str> =
        files.iter().filter(is_stale).map(|file| file.name.as_str()).collect();
    let mut archives: Vec<&CachedFile> =
        files.iter().filter(|file| CacheName::parse(&file.name).is_some()).collect();
    archives.sort_by(|a, b| (a.used, &a.name).cmp(&(b.used, &b.name)));
    let mut total = archives.iter().fold(incoming, |sum, file| sum.saturating_add(file.size));
    for file in archives {
        if total <= max_bytes {
            break;
        }
        total = total.saturating_sub(file.size);
        evicted.push(&file.name);
    }
    evicted
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "https%3A%2F%2Fg-1-40-000000aa.zip";
    const B: &str = "https%3A%2F%2Fg-2-30-000000bb.zip";
    const C: &str = "https%3A%2F%2Fg-3-20-000000cc.zip";

    #[test]
    fn the_least_recently_used_are_evicted_and_no_more_than_needed() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let item = |name: &str, size, ago| CachedFile {
            name: name.to_owned(),
            size,
            used: now - Duration::from_secs(ago),
        };
        let three = [item(A, 40, 10), item(B, 30, 30), item(C, 20, 20)];
        let day = 24 * 60 * 60;
        for (items, incoming, max_bytes, expect) in [
            (&three[..], 10, 100, vec![]),
            (&three, 11, 100, vec![B]),
            (&three, 41, 100, vec![B, C]),
            (&three, 61, 100, vec![B, C, A]),
            (&three, 100, 100, vec![B, C, A]),
            (&three, 0, 50, vec![B, C]),
            (&three, u64::MAX, 100, vec![B, C, A]),
            // Files of the same age are ordered by name, so that parallel runs agree.
            (&[item(B, 30, 5), item(A, 40, 5)], 40, 100, vec![A]),
            // Other files of the user are neither counted nor removed.
            (&[item("artifacts.zip", 1000, 90), item(A, 40, 10)], 60, 100, vec![]),
            (
                &[
                    item(".downriver-a.part", 7, day + 1),
                    item(".downriver-b.part", 7, day - 1),
                    item(".downriver-c", 7, day + 1),
                    item("mine.part", 7, day + 1),
                ],
                60,
                100,
                vec![".downriver-a.part"],
            ),
        ] {
            assert_eq!(
                select_evictions(items, incoming, max_bytes, now),
                expect,
                "{incoming} of {max_bytes}"
            );
        }
    }

    #[test]
    fn a_partial_file_from_the_future_is_not_stale() {
        let now = SystemTime::UNIX_EPOCH;
        let used = now + Duration::from_secs(1_000_000);
        let item = CachedFile { name: ".downriver-a.part".to_owned(), size: 1, used };
        assert!(select_evictions(&[item], 0, 100, now).is_empty());
    }
}
