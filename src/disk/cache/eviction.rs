//! What has to go from a cache, so that an archive that comes finds room.

use std::time::{Duration, SystemTime};

use super::name::{COMING, Name};

/// What was written to last so long ago is of a run that was killed.
const STALE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A file in the folder of a cache.
#[derive(Debug, Clone)]
pub struct CachedFile {
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// When it was used last; of one that is still written, when it was written to last.
    pub used: SystemTime,
}

/// The names of those that go: what killed runs left behind, and as many archives as it takes for
/// `coming` more bytes to find room within `most`, the least recently used first.
pub fn select_evictions(
    items: &[CachedFile],
    coming: u64,
    most: u64,
    now: SystemTime,
) -> Vec<&str> {
    let is_left = |item: &&CachedFile| {
        let (start, end) = COMING;
        item.name.starts_with(start)
            && item.name.ends_with(end)
            && now.duration_since(item.used).is_ok_and(|age| age > STALE_AFTER)
    };
    let mut go: Vec<&str> = items.iter().filter(is_left).map(|item| item.name.as_str()).collect();
    let mut kept: Vec<&CachedFile> =
        items.iter().filter(|item| Name::parse(&item.name).is_some()).collect();
    kept.sort_by(|a, b| (a.used, &a.name).cmp(&(b.used, &b.name)));
    let mut total = kept.iter().fold(coming, |sum, item| sum.saturating_add(item.size));
    for item in kept {
        if total <= most {
            break;
        }
        total = total.saturating_sub(item.size);
        go.push(&item.name);
    }
    go
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "https%3A%2F%2Fg-1-40-000000aa.zip";
    const B: &str = "https%3A%2F%2Fg-2-30-000000bb.zip";
    const C: &str = "https%3A%2F%2Fg-3-20-000000cc.zip";

    #[test]
    fn the_least_recently_used_go_first_and_no_more_than_must() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let item = |name: &str, size, ago| CachedFile {
            name: name.to_owned(),
            size,
            used: now - Duration::from_secs(ago),
        };
        let three = [item(A, 40, 10), item(B, 30, 30), item(C, 20, 20)];
        let day = 24 * 60 * 60;
        for (items, coming, most, expect) in [
            (&three[..], 10, 100, vec![]),
            (&three, 11, 100, vec![B]),
            (&three, 41, 100, vec![B, C]),
            (&three, 61, 100, vec![B, C, A]),
            (&three, 100, 100, vec![B, C, A]),
            (&three, 0, 50, vec![B, C]),
            (&three, u64::MAX, 100, vec![B, C, A]),
            // Of the same age, the name decides, so that all runs choose alike.
            (&[item(B, 30, 5), item(A, 40, 5)], 40, 100, vec![A]),
            // What the user keeps beside is neither counted nor touched.
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
            assert_eq!(select_evictions(items, coming, most, now), expect, "{coming} of {most}");
        }
    }

    #[test]
    fn a_file_from_the_future_is_not_left_behind() {
        let now = SystemTime::UNIX_EPOCH;
        let used = now + Duration::from_secs(1_000_000);
        let item = CachedFile { name: ".downriver-a.part".to_owned(), size: 1, used };
        assert!(select_evictions(&[item], 0, 100, now).is_empty());
    }
}
