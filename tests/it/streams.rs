//! Archives that several streams bring at the same time: when, with how many requests, and what
//! happens to faults in one of the streams.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, Origin};
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::one_archive;
use crate::zip_builder::{ZipItem, file, folder, link, zip};

const STORE: &str = "store/*";
const MIB: usize = 1 << 20;

/// Returns bytes without repetitions.
fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Returns an archive of about 26 MB: entries of many sizes, stored and compressed, one stored one
/// that is larger than a segment, a compressed one too, and data descriptors.
static ITEMS: LazyLock<Vec<ZipItem>> = LazyLock::new(|| {
    let mut items = vec![
        folder("empty/"),
        file("bin/run", noise(700_000)).deflated().mode(0o100_755).but(|item| item.flags = 8),
        file("none", ""),
        file("stored.bin", noise(9 * MIB + 17)).but(|item| item.flags = 8),
        file("packed.bin", noise(6 * MIB)).deflated().but(|item| item.flags = 8),
    ];
    // Where links become copies, an entry is needed twice, and one stream brings the archive.
    items.extend(cfg!(unix).then(|| link("run", "bin/run")));
    items.extend((0..240).map(|i| {
        let item = file(format!("many/{}/{i}", i % 11), noise(i * 370));
        if i % 2 == 0 { item } else { item.deflated().but(|item| item.flags = 8) }
    }));
    items
});
static ARCHIVE: LazyLock<Vec<u8>> = LazyLock::new(|| zip(&ITEMS));
/// The run in which one stream brings that archive.
static BY_ONE: LazyLock<Ran> = LazyLock::new(|| fetched(vec![], "--streams 1"));

fn fake(bytes: Vec<u8>, settings: Value, faults: Vec<Fault>) -> Fake {
    let world = one_archive(bytes).server(json!({"archives": "redirect"})).server(settings);
    let fake = Fake::start(world);
    for fault in faults {
        fake.fault(fault);
    }
    fake
}

fn fetched(faults: Vec<Fault>, args: &str) -> Ran {
    let fake = fake(ARCHIVE.clone(), json!({}), faults);
    Run::new(&fake).args(&format!("fetch build -D out {args}")).succeeds()
}

/// Returns the statuses of the storage's responses in the order of the requests, and the bytes sent.
fn store(ran: &Ran) -> (Vec<u16>, usize) {
    let stored: Vec<_> = ran.log.iter().filter(|logged| logged.origin == Origin::Store).collect();
    let sent = stored.iter().map(|logged| logged.bytes_sent).sum();
    (stored.iter().map(|logged| logged.status).collect(), sent)
}

fn assert_no_token_at_the_storage(ran: &Ran) {
    for logged in ran.log.iter().filter(|logged| logged.origin == Origin::Store) {
        for header in ["private-token", "job-token", "authorization"] {
            assert_eq!(logged.header(header), None, "{}", logged.short);
        }
    }
}

#[test]
fn four_streams_make_the_tree_that_one_makes() {
    let (one, four) = (&*BY_ONE, fetched(vec![], "--streams 4"));
    assert!(store(one).0.len() <= 3 && store(&four).0.len() > 5, "{:?}", store(&four));
    assert_eq!(one.tree(), four.tree());
    assert!(one.items() == four.items());
    let landed = four.items();
    for item in ITEMS.iter().filter(|item| item.mode & 0o170_000 == 0o100_000) {
        let name = format!("out/{}", String::from_utf8_lossy(&item.name));
        let landed = landed.iter().find(|it| it.path == name);
        assert!(landed.is_some_and(|it| it.content == item.data), "{name}");
        let date = |ran: &Ran| {
            let path = ran.place.path().join("work").join(&name);
            std::fs::metadata(path).unwrap().modified().unwrap()
        };
        assert_eq!(date(one), date(&four), "{name}");
    }
    // The totals of the log are those of one stream.
    for ran in [one, &four] {
        ran.says("[4/4] build (201): 25.8 MiB in");
    }
}

#[test]
fn a_large_archive_in_storage_comes_by_four_streams_without_a_flag() {
    let items: Vec<_> = (0..66).map(|i| file(format!("{}/{i}", i % 5), noise(MIB + i))).collect();
    let bytes = zip(&items);
    let segments = bytes.len() / (2 * MIB);
    let bandwidth = |args: &str, settings: Value| {
        let fake = fake(bytes.clone(), settings, vec![]);
        let ran = Run::new(&fake).args(&format!("fetch build -D out {args}")).succeeds();
        let most = fake.most_at_once(Origin::Store).max(fake.most_ranges_at_once(Origin::Api));
        (ran, most)
    };
    let (ran, most) = bandwidth("", json!({"store_bandwidth": 60 * MIB}));
    assert!((3..=4).contains(&most), "{most} at once");
    let (statuses, sent) = store(&ran);
    assert!(statuses.len() <= 2 + segments, "{} requests", statuses.len());
    assert!(sent < bytes.len() + 12 * MIB, "{sent}");
    let asked = ran.log.iter().filter(|logged| logged.short.ends_with("/artifacts")).count();
    assert_eq!(asked, 1, "GitLab is asked once");
    let (one, _) = bandwidth("--streams 1", json!({}));
    assert!(store(&one).0.len() <= 3);
    assert_eq!(ran.tree(), one.tree());
    // GitLab itself, a storage without ranges, one without strong ETags.
    for settings in [json!({"archives": "direct"}), json!({"etag": "weak"})] {
        let (plain, most) = bandwidth("", settings);
        assert!(most <= 1, "{most} at once");
        assert_eq!(plain.tree(), ran.tree());
    }
    let (four, _) = bandwidth("--streams 4", json!({"archives": "direct"}));
    assert_eq!(four.tree(), ran.tree());
}

#[test]
fn a_fault_in_one_segment_ends_in_the_right_files() {
    let expected = BY_ONE.items();
    // The first requests are those for the download, its end and the link, and a segment.
    let on = || Fault::on(STORE).after(if cfg!(unix) { 4 } else { 3 });
    let other = || on().without_header("ETag").header("ETag", "\"other\"");
    let full = on().body(200, "application/zip", ARCHIVE.clone());
    for (what, fault, starts_over) in [
        ("cut", on().cut(500_000), false),
        ("torn", on().cut(70_000).torn(), false),
        ("closed at once", on().close().cut(0), false),
        ("silent", on().stall(300_000), false),
        ("500", on().status(500), false),
        ("expired address", on().storage_refuses(), false),
        ("416", on().status(416), true),
        ("another object", other(), true),
        ("200 instead of 206", full, true),
        ("no range told", on().without_header("Content-Range"), true),
        ("too short", on().length(1000), false),
    ] {
        let ran = fetched(vec![fault], "--streams 4 --timeout 1s");
        assert!(ran.items() == expected, "{what}: {:?}", ran.tree());
        // One is the download that the streams share, another one begins where they give up, and
        // one of these faults is a third.
        let wholes = store(&ran).0.iter().filter(|status| **status == 200).count();
        let expect = 1 + usize::from(starts_over) + usize::from(what == "200 instead of 206");
        assert_eq!(wholes, expect, "{what}");
        assert_no_token_at_the_storage(&ran);
    }
}

#[test]
fn a_connection_lost_behind_the_last_byte_of_a_range_costs_no_request() {
    for args in ["-D out --streams 4", "-D out --streams 2", "-o it.zip --streams 3"] {
        // All ranges end without the chunk that marks their end; the first answer is the whole.
        let lost = Fault::on(STORE).after(1).always().chunked().cut(usize::MAX);
        let fake = fake(ARCHIVE.clone(), json!({}), vec![lost]);
        let ran = Run::new(&fake).args("fetch build").args(args).succeeds();
        // A request for the rest of a range comes after a pause.
        assert!(ran.pauses.is_empty(), "{args}: {:?}", ran.pauses);
        let requests = store(&ran).0.len();
        assert!((4..=12).contains(&requests), "{args}: {requests} requests");
        if !args.contains("-o") {
            assert_eq!(ran.tree(), BY_ONE.tree());
        }
    }
}

#[test]
fn the_archive_itself_comes_by_several_streams_too() {
    let on = || Fault::on(STORE).after(2);
    let other = || on().without_header("ETag").header("ETag", "\"other\"");
    for (what, faults, wholes) in [
        ("no fault", vec![], 1),
        ("cut", vec![on().cut(500_000)], 1),
        ("busy", vec![on().status(503).times(2)], 1),
        ("another object", vec![other()], 2),
        ("416", vec![on().status(416)], 2),
    ] {
        let ran = {
            let fake = fake(ARCHIVE.clone(), json!({}), faults);
            Run::new(&fake).args("fetch build -o it.zip --streams 4").succeeds()
        };
        let saved = std::fs::read(ran.place.path().join("work/it.zip")).unwrap();
        assert!(saved == *ARCHIVE, "{what}: {} bytes", saved.len());
        let statuses = store(&ran).0;
        assert_eq!(statuses.iter().filter(|it| **it == 200).count(), wholes, "{what}");
        assert!(statuses.contains(&206), "{what}");
    }
}

#[test]
fn a_busy_storage_gets_fewer_requests_at_once() {
    for status in [429, 503] {
        let busy = Fault::on(STORE).after(4).over(2).always().status(status).retry_after(3);
        let fake = fake(ARCHIVE.clone(), json!({"store_bandwidth": 8 * MIB}), vec![busy]);
        let ran = Run::new(&fake).args("fetch build -D out --streams 4").succeeds();
        assert_eq!(ran.tree(), BY_ONE.tree());
        let refused = store(&ran).0.iter().filter(|it| **it == status).count();
        assert!((1..=3).contains(&refused), "{refused} times {status}");
    }
}

#[test]
fn a_failure_for_good_leaves_nothing() {
    let on = |requests| Fault::on(STORE).after(requests).always();
    for (args, fault, code) in [
        ("-D out", on(4).status(404), 3),
        ("-o it.zip", on(2).status(404), 3),
        // Each new address is refused as well.
        ("-D out", on(4).status(403), 5),
        ("-D out", on(6).storage_refuses(), 5),
        ("-o it.zip", on(2).storage_refuses(), 5),
    ] {
        let fake = fake(ARCHIVE.clone(), json!({}), vec![fault]);
        let ran = Run::new(&fake).args(&format!("fetch build {args} --streams 4")).fails(code);
        ran.changes_nothing();
        assert_no_token_at_the_storage(&ran);
    }

    // One bit of the large stored entry, of a packed one and of a small one.
    for at in [5 * MIB, 12 * MIB, 18 * MIB] {
        let mut bytes = ARCHIVE.clone();
        bytes[at] ^= 1;
        let fake = self::fake(bytes, json!({}), vec![]);
        Run::new(&fake).args("fetch build -D out --streams 4").fails(6).changes_nothing();
    }
}

#[test]
fn signed_addresses_that_work_once_are_asked_for_one_after_the_other() {
    let fake = fake(ARCHIVE.clone(), json!({"signature_uses": 6}), vec![]);
    let ran = Run::new(&fake).args("fetch build -D out --streams 4").succeeds();
    assert_eq!(ran.tree(), BY_ONE.tree());
    assert!(fake.most_at_once(Origin::Api) <= 1);
}

#[test]
fn the_front_passes_a_long_range_that_another_stream_reads() {
    let small = |i: usize| file(format!("{i}"), noise(500_000 + i));
    let mut items: Vec<_> = (0..4).map(small).collect();
    items.push(file("long", noise(6 * MIB)).deflated());
    items.extend((4..24).map(small));
    let fetched = |streams: usize| {
        let fake = fake(zip(&items), json!({"store_bandwidth": 8 * MIB}), vec![]);
        Run::new(&fake).args(&format!("fetch build -D out --streams {streams}")).succeeds()
    };
    assert_eq!(fetched(2).tree(), fetched(1).tree());
}

#[test]
fn as_many_slow_connections_as_wanted_are_used_at_the_same_time() {
    let items: Vec<_> = (0..40).map(|i| file(format!("{i}"), noise(700_000 + i))).collect();
    for streams in [1, 2, 4] {
        let fake = fake(zip(&items), json!({"store_bandwidth": 20_000_000}), vec![]);
        Run::new(&fake).args(&format!("fetch build -D out --streams {streams}")).succeeds();
        let most = fake.most_at_once(Origin::Store);
        // The end of the archive can be asked for while its start still comes.
        assert!((streams..=streams + 1).contains(&most), "{most} at once");
    }
}
