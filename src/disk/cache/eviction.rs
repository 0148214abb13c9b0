//! Eviction: the choice of cached files to remove before an archive is added.

use std::time::SystemTime;

use super::name::CacheName;

/// A file in the directory of a cache.
#[derive(Debug, Clone)]
pub struct CachedFile {
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Time of last use.
    pub used: SystemTime,
}

/// Returns the names of the files to remove: the least recently used archives until `incoming` more
/// bytes fit within `max_bytes`.
pub fn select_evictions(files: &[CachedFile], incoming: u64, max_bytes: u64) -> Vec<&str> {
    let mut evicted = Vec::new();
    let mut archives: Vec<&CachedFile> =
        files.iter().filter(|file| CacheName::parse(&file.name).is_some()).collect();
    archives.sort_by(|a, b| (a.used, &a.name).cmp(&(b.used, &b.name)));
    let mut total = archives.iter().fold(incoming, |sum, file| sum.saturating_add(file.size));
    for file in archives {
        if total <= max_bytes {
            break;
        }
        total = total.saturating_sub(file.size);
        evicted.push(file.name.as_str());
    }
    evicted
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        ] {
            assert_eq!(
                select_evictions(items, incoming, max_bytes),
                expect,
                "{incoming} of {max_bytes}"
            );
        }
    }
}
