//! Caches in real directories: insertion, lookup and eviction.

use std::io::Read;
use std::time::Duration;

use super::*;
use crate::model::JobId;

fn key(job: u64, size: usize) -> CacheKey {
    CacheKey { server: "https://gitlab.test/api/v4".to_owned(), job: JobId(job), size: size as u64 }
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn open(dir: &Path, max_bytes: u64) -> Cache {
    Cache::open(dir, max_bytes, &Interrupt::default()).unwrap()
}

fn insert(cache: &Cache, key: &CacheKey, bytes: &[u8], now: SystemTime) -> Vec<u8> {
    let mut writer = cache.begin_write().unwrap();
    writer.write_all(bytes).unwrap();
    let (mut file, reason) = cache.insert(key, writer, now).unwrap();
    // On Windows a file that another run is reading cannot be replaced, which is a warning.
    assert!(reason.is_none() || cfg!(windows), "{reason:?}");
    let mut read = Vec::new();
    file.read_to_end(&mut read).unwrap();
    read
}

/// Returns the content of a hit.
fn found(cache: &Cache, key: &CacheKey) -> Option<Vec<u8>> {
    match cache.lookup(key, at(0)) {
        CacheLookup::Hit(mut file) => {
            let mut read = Vec::new();
            file.read_to_end(&mut read).unwrap();
            Some(read)
        }
        CacheLookup::Damaged => panic!("damaged"),
        CacheLookup::Miss => None,
    }
}

/// Returns the sorted names in a directory. Windows keeps the temporary directory of a file that is
/// still open; the next run removes it.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    if cfg!(windows) {
        names.retain(|name| !name.starts_with(".downriver"));
    }
    names.sort();
    names
}

#[test]
fn a_run_that_inserts_nothing_removes_what_a_killed_one_has_left() {
    let dir = tempfile::tempdir().unwrap();
    for (stale, lock) in [("00000000dead", "lock"), ("000000000bad", "rubbish")] {
        let stale = dir.path().join(format!(".downriver-{stale}"));
        fs::create_dir(&stale).unwrap();
        fs::write(stale.join(lock), "").unwrap();
        fs::write(stale.join("file"), "half").unwrap();
    }
    open(dir.path(), 100);
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

#[test]
fn an_inserted_archive_is_found_under_its_key_only() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("deep/cache");
    let cache = open(&dir, 100);
    assert_eq!(found(&cache, &key(1, 5)), None);
    assert_eq!(insert(&cache, &key(1, 5), b"hello", at(0)), b"hello");
    assert_eq!(found(&cache, &key(1, 5)).as_deref(), Some(&b"hello"[..]));
    assert_eq!(found(&open(&dir, 100), &key(1, 5)).as_deref(), Some(&b"hello"[..]));
    assert_eq!(found(&cache, &key(2, 5)), None);
    assert_eq!(found(&cache, &key(1, 6)), None);
    assert_eq!(names(&dir).len(), 1);
    // A parallel run may insert the archive again.
    assert_eq!(insert(&cache, &key(1, 5), b"hello", at(0)), b"hello");
    assert_eq!(names(&dir).len(), 1);
}

#[cfg(unix)]
#[test]
fn folder_and_files_are_open_to_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("deep/cache");
    let cache = open(&dir, 100);
    insert(&cache, &key(1, 5), b"hello", at(0));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(dir.parent().unwrap())), (0o700, 0o700));
    assert_eq!(mode(&dir.join(&names(&dir)[0])), 0o600);
}

#[test]
fn a_damaged_archive_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let cache = open(home.path(), 100);
    for spoilt in ["hellO", "hell", "hello!", ""] {
        insert(&cache, &key(1, 5), b"hello", at(0));
        fs::write(home.path().join(&names(home.path())[0]), spoilt).unwrap();
        assert!(matches!(cache.lookup(&key(1, 5), at(0)), CacheLookup::Damaged), "{spoilt}");
        assert!(names(home.path()).is_empty(), "{spoilt}");
        assert!(matches!(cache.lookup(&key(1, 5), at(0)), CacheLookup::Miss), "{spoilt}");
    }
    // A directory of such a name is neither read nor removed.
    insert(&cache, &key(1, 5), b"hello", at(0));
    let name = names(home.path()).remove(0);
    fs::remove_file(home.path().join(&name)).unwrap();
    fs::create_dir(home.path().join(&name)).unwrap();
    assert!(matches!(cache.lookup(&key(1, 5), at(0)), CacheLookup::Miss));
    assert_eq!(names(home.path()), [name]);
}

#[test]
fn the_least_recently_used_archive_is_evicted_first() {
    let home = tempfile::tempdir().unwrap();
    let cache = open(home.path(), 100);
    for job in 1..=3 {
        insert(&cache, &key(job, 30), &[0; 30], at(job));
    }
    assert!(matches!(cache.lookup(&key(1, 30), at(9)), CacheLookup::Hit(_)));
    insert(&cache, &key(4, 30), &[0; 30], at(10));
    let here: Vec<u64> = (1..=4)
        .filter(|job| matches!(cache.lookup(&key(*job, 30), at(11)), CacheLookup::Hit(_)))
        .collect();
    assert_eq!(here, [1, 3, 4]);
    // An archive that is inserted again counts once.
    insert(&cache, &key(1, 30), &[0; 30], at(12));
    assert_eq!(names(home.path()).len(), 3);
    assert!(cache.fits(100) && !cache.fits(101));
}

#[test]
fn an_archive_that_is_evicted_while_it_is_read_is_read_to_its_end() {
    let home = tempfile::tempdir().unwrap();
    let cache = open(home.path(), 40);
    insert(&cache, &key(1, 30), &[7; 30], at(1));
    let CacheLookup::Hit(mut file) = cache.lookup(&key(1, 30), at(2)) else {
        panic!("it is there")
    };
    insert(&cache, &key(2, 30), &[0; 30], at(3));
    // Windows may leave the name until the last handle is closed.
    #[cfg(unix)]
    assert!(matches!(cache.lookup(&key(1, 30), at(4)), CacheLookup::Miss));
    let mut read = Vec::new();
    file.read_to_end(&mut read).unwrap();
    assert_eq!(read, [7; 30]);
}

#[test]
fn an_archive_that_is_not_inserted_leaves_no_file() {
    let home = tempfile::tempdir().unwrap();
    let cache = open(home.path(), 100);
    let mut writer = cache.begin_write().unwrap();
    writer.write_all(b"hello").unwrap();
    drop(writer);
    assert!(names(home.path()).is_empty());
    // An archive of another size than announced can be read but is not cached.
    assert_eq!(insert(&cache, &key(1, 4), b"hello", at(0)), b"hello");
    assert!(names(home.path()).is_empty());
    let mut writer = cache.begin_write().unwrap();
    writer.write_all(b"a failed try").unwrap();
    writer.restart().unwrap();
    writer.write_all(b"hello").unwrap();
    cache.insert(&key(1, 5), writer, at(0)).unwrap();
    assert_eq!(found(&cache, &key(1, 5)).as_deref(), Some(&b"hello"[..]));
    cache.forget();
    assert!(names(home.path()).is_empty());
}

/// Runs on Unix only, because Windows does not move a directory while a file in it is open.
#[cfg(unix)]
#[test]
fn an_archive_that_cannot_be_inserted_can_still_be_read() {
    let home = tempfile::tempdir().unwrap();
    let cache = open(&home.path().join("cache"), 100);
    let mut writer = cache.begin_write().unwrap();
    writer.write_all(b"hello").unwrap();
    fs::rename(home.path().join("cache"), home.path().join("elsewhere")).unwrap();
    let (mut file, reason) = cache.insert(&key(1, 5), writer, at(0)).unwrap();
    assert!(reason.unwrap().to_string().starts_with("cannot write `"));
    let mut read = Vec::new();
    file.read_to_end(&mut read).unwrap();
    assert_eq!(read, b"hello");
    assert!(cache.begin_write().is_err());
}

#[test]
fn parallel_runs_never_see_a_partial_archive() {
    let home = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for run in 0..8 {
            let dir = home.path();
            scope.spawn(move || {
                let cache = open(dir, 100);
                for round in 0..20 {
                    let job = (run + round) % 5;
                    let bytes = [job as u8; 30];
                    match cache.lookup(&key(job, 30), at(round)) {
                        CacheLookup::Hit(mut file) => {
                            let mut read = Vec::new();
                            file.read_to_end(&mut read).unwrap();
                            assert_eq!(read, bytes);
                        }
                        CacheLookup::Damaged => panic!("nobody sees a file that is not whole"),
                        CacheLookup::Miss => {
                            assert_eq!(insert(&cache, &key(job, 30), &bytes, at(round)), bytes)
                        }
                    }
                }
            });
        }
    });
    assert!(names(home.path()).iter().all(|name| CacheName::parse(name).is_some()));
}

#[test]
fn the_place_of_the_cache_in_a_folder_is_found() {
    let home = tempfile::tempdir().unwrap();
    let cache = open(&home.path().join("ci/kept"), 1);
    std::fs::create_dir(home.path().join("out")).unwrap();
    for (dest, expect) in [
        ("", Some("ci/kept")),
        ("out/../ci", Some("kept")),
        ("ci/kept", Some("")),
        ("out", None),
        ("missing", None),
    ] {
        let path = cache.path_in(&home.path().join(dest));
        assert_eq!(path.as_deref(), expect.map(Path::new), "{dest}");
    }
}
