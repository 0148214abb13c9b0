//! Archives that are extracted while they are downloaded: the choice of this strategy, its requests,
//! and its results.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Fault};
use crate::folder::takes_links;
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::{downstream, job, one_archive};
use crate::zip_builder::{ZipItem, file, folder, link, zip};

const STORE: &str = "store/*";

/// Returns bytes without repetitions.
fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Returns an archive of about 3 MB: entries of many sizes, compressed and stored, modes, links.
fn items() -> Vec<ZipItem> {
    let mut items = vec![
        file("large.bin", noise(1_500_000)),
        folder("empty/"),
        folder("shut/").mode(0o040_700),
        file("bin/run", noise(700_000)).deflated().mode(0o100_755).but(|item| item.flags = 8),
        link("run", "bin/run"),
        link("bin/again", "../bin/run"),
        file("shut/none", ""),
    ];
    items.extend((0..300).map(|i| {
        let item = file(format!("many/{}/{i}", i % 11), noise(i * 9));
        if i % 2 == 0 { item } else { item.deflated().but(|item| item.flags = 8) }
    }));
    items
}

fn fetched(items: &[ZipItem], settings: Value, faults: Vec<Fault>) -> Ran {
    let world = one_archive(zip(items)).server(json!({"archives": "redirect"})).server(settings);
    let fake = Fake::start(world);
    for fault in faults {
        fake.fault(fault);
    }
    Run::new(&fake).args("fetch build -D out").succeeds()
}

/// Returns the statuses of the storage's responses, and the bytes sent.
fn store(ran: &Ran) -> (Vec<u16>, usize) {
    let stored: Vec<_> = ran.log.iter().filter(|logged| logged.short.contains("store/")).collect();
    let sent = stored.iter().map(|logged| logged.bytes_sent).sum();
    (stored.iter().map(|logged| logged.status).collect(), sent)
}

#[test]
fn a_large_archive_is_unpacked_as_it_comes_and_a_small_one_with_one_request() {
    let items = items();
    let length = zip(&items).len();
    let streamed = fetched(&items, json!({}), vec![]);
    let (statuses, sent) = store(&streamed);
    assert_eq!(statuses, [200, 206, 206], "the whole, and beside it its end and the links");
    assert!(sent < length + (70 << 10), "{sent} of {length}");
    let all = streamed.items();
    for item in &items {
        let name = String::from_utf8_lossy(&item.name).into_owned();
        let landed = all.iter().find(|it| it.path == format!("out/{name}"));
        let landed = landed.unwrap_or_else(|| panic!("{name} is there"));
        if item.mode & 0o170_000 == 0o100_000 {
            assert!(landed.content == item.data, "{name}");
        }
    }
    // The other way, on which the archive is kept first, leads to the very same tree.
    let kept = fetched(&items, json!({"etag": "none"}), vec![]);
    assert_eq!(store(&kept), (vec![200], length));
    assert_eq!(kept.tree(), streamed.tree());
    assert!(kept.items() == streamed.items());
    let date = |ran: &Ran, path| {
        std::fs::metadata(ran.place.path().join("work/out").join(path)).unwrap().modified().unwrap()
    };
    // A folder on Windows keeps the date of its making.
    let dated = if cfg!(unix) { "shut" } else { "bin/run" };
    for path in ["bin/run", "many/3/3", dated] {
        assert_eq!(date(&kept, path), date(&streamed, path), "{path}");
    }

    let small = fetched(&items[5..], json!({}), vec![]);
    assert_eq!(store(&small).0, [200]);
}

#[test]
fn a_server_without_parts_or_a_strong_tag_sends_the_archive_once() {
    let items = items();
    for settings in [json!({"etag": "weak"}), json!({"etag": "none"}), json!({"ranges": false})] {
        assert_eq!(store(&fetched(&items, settings, vec![])).0, [200]);
    }
    for archives in ["direct", "proxied"] {
        fetched(&items, json!({"archives": archives}), vec![]);
    }
}

#[test]
fn what_is_unusual_is_kept_first() {
    let mut twice = items();
    twice.push(file("large.bin", noise(1_500_000)));
    assert_eq!(store(&fetched(&twice, json!({}), vec![])).0, [200, 206]);
    // Too many links, far from each other.
    let mut far = items();
    for i in 0..6 {
        far.push(link(format!("l{i}"), "bin/run"));
        far.push(file(format!("f{i}"), noise(80_000)));
    }
    let ran = fetched(&far, json!({}), vec![]);
    assert_eq!(store(&ran).0, [200, 206]);
    let made = if takes_links() { "out/l5 -> bin/run" } else { "0000 700000 out/l5" };
    assert!(ran.tree().contains(&made.to_owned()), "{:?}", ran.tree());
}

#[test]
fn what_breaks_off_while_it_is_unpacked_goes_on() {
    let items = items();
    let length = zip(&items).len();
    let whole = fetched(&items, json!({}), vec![]);
    let ran = fetched(&items, json!({}), vec![Fault::on(STORE).cut(900_000)]);
    let (statuses, sent) = store(&ran);
    assert_eq!(statuses, [200, 206, 206, 206]);
    assert!(sent < length + length / 10, "{sent} of {length}");
    assert_eq!(ran.tree(), whole.tree());
    // Another archive in the meantime: what was made by then goes away, and all begins again.
    let cut = Fault::on(STORE).cut(900_000);
    let other = Fault::on(STORE).after(2).without_header("ETag").header("ETag", "\"other\"");
    let ran = fetched(&items, json!({}), vec![cut, other]);
    assert_eq!(store(&ran).0, [200, 206, 206, 206, 200]);
    assert_eq!(ran.tree(), whole.tree());
}

#[test]
fn where_the_end_cannot_be_had_the_download_is_used() {
    let items = items();
    for fault in [
        Fault::on(STORE).after(1).status(416),
        Fault::on(STORE).after(1).status(404),
        Fault::on(STORE).after(1).without_header("Content-Range"),
        Fault::on(STORE).after(1).without_header("ETag").header("ETag", "\"other\""),
    ] {
        let ran = fetched(&items, json!({}), vec![fault]);
        let (statuses, _) = store(&ran);
        assert_eq!((statuses[0], statuses.len()), (200, 2));
    }
}

#[test]
fn several_archives_come_at_once_but_no_more_than_four_and_in_order() {
    let jobs: Vec<Value> = (201..207).map(|id| job(id, &format!("job-{id}"))).collect();
    let fake = Fake::start(downstream(&jobs));
    // Each answer waits, so that those under way at the same time need connections of their own.
    let pause = Duration::from_millis(150);
    fake.fault(Fault::on("artifacts").always().first_byte_after(pause));
    let ran = Run::new(&fake).args("fetch 'job-*' --separate --json").succeeds();
    let asked = ran.log.iter().filter(|logged| logged.short.ends_with("/artifacts"));
    let connections: HashSet<usize> = asked.clone().map(|logged| logged.connection).collect();
    assert_eq!((asked.count(), connections.len()), (6, 4));
    let told: Vec<u64> = ran.json()["fetched"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["job"]["id"].as_u64().unwrap())
        .collect();
    // As GitLab lists them: the newest first.
    assert_eq!(told, (201..207).rev().collect::<Vec<_>>());
    assert_eq!(ran.read("job-203/from"), "203");
}
