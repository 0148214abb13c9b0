//! Some files of a large archive by range requests: the requests, their sizes, and the results.

use std::collections::HashSet;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World};
use crate::folder::takes_links;
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::{downstream, one_archive};
use crate::zip_builder::{ZipItem, file, folder, link, zip};

const STORE: &str = "store/*";
const K: usize = 1 << 10;
/// The length of the first range request.
const TAIL: usize = 66 * K;

/// Returns bytes without repetitions.
fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Returns an archive of about 5 MB: a folder of small files between large ones, and links.
fn items() -> Vec<ZipItem> {
    static ITEMS: OnceLock<Vec<ZipItem>> = OnceLock::new();
    ITEMS.get_or_init(made).clone()
}

fn made() -> Vec<ZipItem> {
    let mut items = vec![
        file("first.bin", noise(1_500_000)),
        file("bin/run", noise(30_000)).deflated().mode(0o100_755).but(|item| item.flags = 8),
        // Where no links are made, another small file.
        if takes_links() { link("run", "bin/run") } else { file("run", "no link") },
        file("second.bin", noise(1_500_000)),
        folder("docs/").mode(0o040_700),
    ];
    items.extend((0..100).map(|i| {
        let item = file(format!("docs/{i}.md"), noise(i * 9));
        if i % 2 == 0 { item } else { item.deflated().but(|item| item.flags = 8) }
    }));
    items.push(file("third.bin", noise(2_000_000)));
    items.push(file("last.txt", "the end"));
    items
}

fn world(items: &[ZipItem], settings: Value) -> World {
    one_archive(zip(items)).server(json!({"archives": "redirect"})).server(settings)
}

fn fetched(items: &[ZipItem], settings: Value, faults: Vec<Fault>, line: &str) -> Ran {
    let fake = Fake::start(world(items, settings));
    for fault in faults {
        fake.fault(fault);
    }
    Run::new(&fake).args("fetch build -D out").args(line).succeeds()
}

/// Returns the statuses of the storage's responses, and the bytes sent.
fn store(ran: &Ran) -> (Vec<u16>, usize) {
    let stored: Vec<_> = ran.log.iter().filter(|logged| logged.short.contains("store/")).collect();
    let sent = stored.iter().map(|logged| logged.bytes_sent).sum();
    (stored.iter().map(|logged| logged.status).collect(), sent)
}

/// Returns the number of requests to GitLab for the archive.
fn asked(ran: &Ran) -> usize {
    ran.log.iter().filter(|logged| logged.short.ends_with("/artifacts")).count()
}

/// Asserts that the wanted items were extracted with their content, and nothing else.
fn holds(ran: &Ran, items: &[ZipItem], wanted: impl Fn(&str) -> bool) {
    let name = |item: &ZipItem| String::from_utf8_lossy(&item.name).into_owned();
    let files = items.iter().filter(|item| item.mode & 0o170_000 == 0o100_000);
    let mut expect: Vec<&ZipItem> = files.filter(|item| wanted(&name(item))).collect();
    expect.sort_by_key(|item| name(item));
    let mut landed: Vec<_> = ran.items().into_iter().filter(|it| !it.content.is_empty()).collect();
    landed.sort_by(|a, b| a.path.cmp(&b.path));
    for item in expect.iter().filter(|item| !item.data.is_empty()) {
        let path = format!("out/{}", name(item));
        let landed = landed.iter().find(|landed| landed.path == path);
        assert!(landed.is_some_and(|landed| landed.content == item.data), "{path}");
    }
    let files = ran.files().len();
    let links = ran.tree().iter().filter(|line| line.contains(" -> ")).count();
    assert_eq!(files, expect.len() + links, "{:?}", ran.tree());
}

#[test]
fn only_the_directory_and_what_is_wanted_cross_the_wire() {
    let items = items();
    let cases = [
        // One file, and what is its: the directory comes with the first answer.
        ("--path bin/run", vec![206, 206], 30_000),
        // Neighbours.
        ("--path 'docs/*'", vec![206, 206], 50_000),
        // Far from each other.
        ("--path bin/run --path 'docs/9*'", vec![206, 206, 206], 45_000),
        // It is here already.
        ("--path last.txt", vec![206], 0),
        ("--path 'docs/*' --exclude 'docs/1*' --path last.txt", vec![206, 206], 50_000),
        // With a link, whose target must be known before anything is judged.
        ("--path run --path bin/run", vec![206, 206, 206], 30_000),
    ];
    for (line, statuses, bytes) in cases {
        if line.contains("--path run") && !takes_links() {
            continue;
        }
        let ran = fetched(&items, json!({}), vec![], line);
        let (answered, sent) = store(&ran);
        assert_eq!((answered, asked(&ran)), (statuses, 1), "{line}");
        assert!(sent <= bytes + 100 * K, "{line}: {sent}");
        assert_eq!(connections(&ran), 1, "{line}");
        // Kept first, it is the same tree.
        let kept = fetched(&items, json!({"etag": "none"}), vec![], line);
        assert_eq!(kept.tree(), ran.tree(), "{line}");
        assert!(kept.items() == ran.items(), "{line}");
    }
    if !takes_links() {
        return;
    }
    let ran = fetched(&items, json!({}), vec![], "--path 'docs/**' --path run --path bin/run");
    holds(&ran, &items, |name| name.starts_with("docs/") || name == "bin/run");
    assert!(ran.tree().contains(&"out/run -> bin/run".to_owned()), "{:?}", ran.tree());
    let copied = fetched(&items, json!({}), vec![], "--path run --path bin --symlinks copy");
    assert!(copied.items().iter().filter(|it| it.content == noise(30_000)).count() == 2);
}

/// Returns the number of connections to the storage.
fn connections(ran: &Ran) -> usize {
    let stored = ran.log.iter().filter(|logged| logged.short.contains("store/"));
    stored.map(|logged| logged.connection).collect::<HashSet<_>>().len()
}

#[test]
fn what_was_received_is_told() {
    let ran = fetched(&items(), json!({}), vec![], "--path bin/run --json");
    let told = ran.json()["fetched"][0]["bytes_transferred"].as_u64().unwrap();
    assert_eq!(told as usize, store(&ran).1);
}

#[test]
fn more_than_half_comes_as_one_stream() {
    let items = items();
    let length = zip(&items).len();
    let ran = fetched(&items, json!({}), vec![], "--path '*.bin'");
    let (statuses, sent) = store(&ran);
    // The directory that came before is the one by which the stream is cut.
    assert_eq!(statuses, [206, 200]);
    assert!(sent < length + TAIL + K, "{sent} of {length}");
    holds(&ran, &items, |name| name.ends_with(".bin"));
    // So it does where things are left out, which mostly are few.
    let ran = fetched(&items, json!({}), vec![], "--exclude docs");
    assert_eq!(store(&ran).0[0], 200);
}

#[test]
fn a_small_archive_comes_whole_with_one_request() {
    let items = &items()[3..];
    let small = fetched(&items[1..60], json!({}), vec![], "--path docs/7.md");
    assert_eq!(store(&small).0, [200]);
    let large = fetched(items, json!({}), vec![], "--path docs/7.md");
    assert_eq!(store(&large).0, [206, 206]);
}

#[test]
fn without_parts_or_a_strong_tag_the_archive_comes_whole() {
    let items = items();
    let length = zip(&items).len();
    for (settings, statuses) in [
        // What was sent instead of the end is used.
        (json!({"ranges": false}), vec![200]),
        (json!({"etag": "weak"}), vec![206, 200]),
        (json!({"etag": "none"}), vec![206, 200]),
    ] {
        let ran = fetched(&items, settings, vec![], "--path 'docs/*'");
        let (answered, sent) = store(&ran);
        assert_eq!(answered, statuses);
        assert!(sent <= length + TAIL);
        holds(&ran, &items, |name| name.starts_with("docs/"));
    }
    for archives in ["direct", "proxied"] {
        let ran = fetched(&items, json!({"archives": archives}), vec![], "--path 'docs/*'");
        assert_eq!(asked(&ran), 2);
        holds(&ran, &items, |name| name.starts_with("docs/"));
    }
}

#[test]
fn where_parts_are_not_what_was_asked_for_the_whole_is() {
    let items = items();
    let other = || Fault::on(STORE).without_header("ETag").header("ETag", "\"other\"");
    let odd =
        || Fault::on(STORE).without_header("Content-Range").header("Content-Range", "bytes 1-5/9");
    for faults in [
        // The archive is another one in the meantime.
        vec![other().after(1)],
        vec![odd()],
        vec![odd().after(1)],
        vec![Fault::on(STORE).after(1).without_header("Content-Range")],
        vec![Fault::on(STORE).after(1).status(200)],
    ] {
        let ran = fetched(&items, json!({}), faults, "--path 'docs/*'");
        assert!(store(&ran).0.contains(&200), "{}", ran.stderr);
        holds(&ran, &items, |name| name.starts_with("docs/"));
    }
}

#[test]
fn a_signed_address_that_has_run_out_is_asked_for_again() {
    let items = items();
    let line = "--path bin/run --path 'docs/*'";
    let ran = fetched(&items, json!({"signature_uses": 1}), vec![], line);
    holds(&ran, &items, |name| name.starts_with("docs/") || name == "bin/run");
    assert_eq!(asked(&ran), 3);
}

#[test]
fn a_part_that_breaks_off_goes_on_where_it_was() {
    let items = items();
    let cut = Fault::on(STORE).after(1).cut(600_000);
    let ran = fetched(&items, json!({}), vec![cut], "--path third.bin");
    let (statuses, sent) = store(&ran);
    assert_eq!(statuses, [206, 206, 206]);
    assert!(sent < 2_100_000 + TAIL, "{sent}");
    holds(&ran, &items, |name| name == "third.bin");
}

#[test]
fn a_header_that_lies_is_looked_at_as_a_whole_and_refused() {
    let mut lies = items();
    lies[1].local_name = Some(b"bin/ran".to_vec());
    let fake = Fake::start(world(&lies, json!({})));
    let ran = Run::new(&fake).args("fetch build --path bin/run").fails(6);
    assert_eq!(store(&ran).0, [206, 206, 200]);
    let mut damaged = items();
    damaged[1].crc ^= 1;
    let fake = Fake::start(world(&damaged, json!({})));
    let ran = Run::new(&fake).args("fetch build --path bin/run --path 'docs/*'").fails(6);
    ran.says("entry `bin/run` is damaged");
}

#[test]
fn what_is_not_there_costs_no_more_than_the_directory() {
    let items = items();
    let fake = Fake::start(world(&items, json!({})));
    let ran = Run::new(&fake).args("fetch build --path bin/ran").fails(3);
    ran.says("did you mean `bin/run`?");
    let (statuses, sent) = store(&ran);
    assert_eq!(statuses, [206]);
    assert!(sent <= TAIL, "{sent}");
}

#[test]
fn several_archives_give_their_parts_and_are_judged_together() {
    let jobs: Vec<Value> = (201..204)
        .map(|id| json!({"id": id, "name": format!("job-{id}"), "archive": {"made": "it"}}))
        .collect();
    let items = items();
    let world =
        || downstream(&jobs).made("it", zip(&items)).server(json!({"archives": "redirect"}));
    let line = "fetch 'job-*' --separate --path bin/run --path 'docs/*'";
    let ran = Run::new(world()).args(line).succeeds();
    let (statuses, sent) = store(&ran);
    assert_eq!((statuses, asked(&ran)), (vec![206; 9], 3));
    assert!(sent <= 3 * (80_000 + 100 * K), "{sent}");
    assert_eq!(ran.files().len(), 3 * 101);
    // One of them is another archive when its parts are asked for: all are looked at again.
    let fake = Fake::start(world());
    fake.fault(Fault::on(STORE).after(5).without_header("ETag").header("ETag", "\"other\""));
    let again = Run::new(&fake).args(line).succeeds();
    assert_eq!(store(&again).0[6..], [200, 200, 200]);
    assert_eq!(again.tree(), ran.tree());
}
