//! Caches in real folders: what is kept, what is found again, what goes.

use std::time::Duration;

use super::*;
use crate::model::JobId;

fn key(job: u64, size: usize) -> Key {
    Key { server: "https://gitlab.test/api/v4".to_owned(), job: JobId(job), size: size as u64 }
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn open(dir: &Path, most: u64) -> Cache {
    Cache::open(dir, most, &Interrupt::default()).unwrap()
}

fn keep(cache: &Cache, key: &Key, bytes: &[u8], now: SystemTime) -> Vec<u8> {
    let mut coming = cache.begin().unwrap();
    coming.write_all(bytes).unwrap();
    let (mut file, reason) = cache.keep(key, coming, now).unwrap();
    // On Windows what another run is reading cannot be replaced, which costs a warning.
    assert!(reason.is_none() || cfg!(windows), "{reason:?}");
    let mut read = Vec::new();
    file.read_to_end(&mut read).unwrap();
    read
}

/// What a fresh run gets.
fn got(cache: &Cache, key: &Key) -> Option<Vec<u8>> {
    match cache.take(key, at(0)) {
        CacheLookup::Whole(mut file) => {
            let mut read = Vec::new();
            file.read_to_end(&mut read).unwrap();
            Some(read)
        }
        CacheLookup::Damaged => panic!("damaged"),
        CacheLookup::Nothing => None,
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_is_kept_is_found_again_under_its_key_alone() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("deep/cache");
    let cache = open(&dir, 100);
    assert_eq!(got(&cache, &key(1, 5)), None);
    assert_eq!(keep(&cache, &key(1, 5), b"hello", at(0)), b"hello");
    assert_eq!(got(&cache, &key(1, 5)).as_deref(), Some(&b"hello"[..]));
    assert_eq!(got(&open(&dir, 100), &key(1, 5)).as_deref(), Some(&b"hello"[..]));
    assert_eq!(got(&cache, &key(2, 5)), None);
    assert_eq!(got(&cache, &key(1, 6)), None);
    assert_eq!(names(&dir).len(), 1);
    // The same again, as a parallel run would.
    assert_eq!(keep(&cache, &key(1, 5), b"hello", at(0)), b"hello");
    assert_eq!(names(&dir).len(), 1);
}

#[cfg(unix)]
#[test]
fn folder_and_files_are_open_to_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("deep/cache");
    let cache = open(&dir, 100);
    keep(&cache, &key(1, 5), b"hello", at(0));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(dir.parent().unwrap())), (0o700, 0o700));
    assert_eq!(mode(&dir.join(&names(&dir)[0])), 0o600);
}

#[test]
fn what_is_not_as_it_was_written_is_dropped() {
    let place = tempfile::tempdir().unwrap();
    let cache = open(place.path(), 100);
    for spoilt in ["hellO", "hell", "hello!", ""] {
        keep(&cache, &key(1, 5), b"hello", at(0));
        fs::write(place.path().join(&names(place.path())[0]), spoilt).unwrap();
        assert!(matches!(cache.take(&key(1, 5), at(0)), CacheLookup::Damaged), "{spoilt}");
        assert!(names(place.path()).is_empty(), "{spoilt}");
        assert!(matches!(cache.take(&key(1, 5), at(0)), CacheLookup::Nothing), "{spoilt}");
    }
    // What stands under such a name and is no file is neither read nor removed.
    keep(&cache, &key(1, 5), b"hello", at(0));
    let name = names(place.path()).remove(0);
    fs::remove_file(place.path().join(&name)).unwrap();
    fs::create_dir(place.path().join(&name)).unwrap();
    assert!(matches!(cache.take(&key(1, 5), at(0)), CacheLookup::Nothing));
    assert_eq!(names(place.path()), [name]);
}

#[test]
fn what_was_used_last_stays_longest() {
    let place = tempfile::tempdir().unwrap();
    let cache = open(place.path(), 100);
    for job in 1..=3 {
        keep(&cache, &key(job, 30), &[0; 30], at(job));
    }
    assert!(matches!(cache.take(&key(1, 30), at(9)), CacheLookup::Whole(_)));
    keep(&cache, &key(4, 30), &[0; 30], at(10));
    let here: Vec<u64> = (1..=4)
        .filter(|job| matches!(cache.take(&key(*job, 30), at(11)), CacheLookup::Whole(_)))
        .collect();
    assert_eq!(here, [1, 3, 4]);
    // What is kept again, as parallel runs do, takes no more room than before.
    keep(&cache, &key(1, 30), &[0; 30], at(12));
    assert_eq!(names(place.path()).len(), 3);
    assert!(cache.holds(100) && !cache.holds(101));
}

#[test]
fn an_archive_that_goes_while_it_is_read_is_read_to_its_end() {
    let place = tempfile::tempdir().unwrap();
    let cache = open(place.path(), 40);
    keep(&cache, &key(1, 30), &[7; 30], at(1));
    let CacheLookup::Whole(mut file) = cache.take(&key(1, 30), at(2)) else {
        panic!("it is there")
    };
    keep(&cache, &key(2, 30), &[0; 30], at(3));
    // Windows may leave the name until the last handle is closed.
    #[cfg(unix)]
    assert!(matches!(cache.take(&key(1, 30), at(4)), CacheLookup::Nothing));
    let mut read = Vec::new();
    file.read_to_end(&mut read).unwrap();
    assert_eq!(read, [7; 30]);
}

#[test]
fn only_what_is_ours_and_old_is_removed() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path();
    let old = at(0) - Duration::from_secs(48 * 60 * 60);
    for (name, used) in
        [(".downriver-old.part", old), (".downriver-new.part", at(0)), ("artifacts.zip", old)]
    {
        let file = File::create(dir.join(name)).unwrap();
        file.set_modified(used).unwrap();
    }
    keep(&open(dir, 5), &key(1, 5), b"hello", at(0));
    let left = names(dir);
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(!left.contains(&".downriver-old.part".to_owned()));
}

#[test]
fn what_is_not_kept_leaves_no_trace() {
    let place = tempfile::tempdir().unwrap();
    let cache = open(place.path(), 100);
    let mut coming = cache.begin().unwrap();
    coming.write_all(b"hello").unwrap();
    drop(coming);
    assert!(names(place.path()).is_empty());
    // Not as long as was announced: it can be read, and that is all.
    assert_eq!(keep(&cache, &key(1, 4), b"hello", at(0)), b"hello");
    assert!(names(place.path()).is_empty());
    let mut coming = cache.begin().unwrap();
    coming.write_all(b"a failed try").unwrap();
    coming.restart().unwrap();
    coming.write_all(b"hello").unwrap();
    cache.keep(&key(1, 5), coming, at(0)).unwrap();
    assert_eq!(got(&cache, &key(1, 5)).as_deref(), Some(&b"hello"[..]));
    cache.forget();
    assert!(names(place.path()).is_empty());
}

/// Elsewhere a folder cannot be moved while a file in it is open.
#[cfg(unix)]
#[test]
fn what_cannot_be_kept_can_be_read_all_the_same() {
    let place = tempfile::tempdir().unwrap();
    let cache = open(&place.path().join("cache"), 100);
    let mut coming = cache.begin().unwrap();
    coming.write_all(b"hello").unwrap();
    fs::rename(place.path().join("cache"), place.path().join("elsewhere")).unwrap();
    let (mut file, reason) = cache.keep(&key(1, 5), coming, at(0)).unwrap();
    assert!(reason.unwrap().to_string().starts_with("cannot write `"));
    let mut read = Vec::new();
    file.read_to_end(&mut read).unwrap();
    assert_eq!(read, b"hello");
    assert!(cache.begin().is_err());
}

#[test]
fn many_runs_at_once_hinder_nobody() {
    let place = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for run in 0..8 {
            let dir = place.path();
            scope.spawn(move || {
                let cache = open(dir, 100);
                for round in 0..20 {
                    let job = (run + round) % 5;
                    let bytes = [job as u8; 30];
                    match cache.take(&key(job, 30), at(round)) {
                        CacheLookup::Whole(mut file) => {
                            let mut read = Vec::new();
                            file.read_to_end(&mut read).unwrap();
                            assert_eq!(read, bytes);
                        }
                        CacheLookup::Damaged => panic!("nobody sees a file that is not whole"),
                        CacheLookup::Nothing => {
                            assert_eq!(keep(&cache, &key(job, 30), &bytes, at(round)), bytes)
                        }
                    }
                }
            });
        }
    });
    assert!(names(place.path()).iter().all(|name| Name::parse(name).is_some()));
}
