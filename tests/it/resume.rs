//! Interrupted downloads: they resume or start over, and never mix two archives.

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::one_archive;
use crate::zip_builder::{file, zip};

const STORE: &str = "store/*";

/// Returns bytes without repetitions.
fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Returns a world with an archive of about a megabyte, in a storage with these settings.
fn world(settings: Value) -> World {
    let world = one_archive(zip(&[file("a.bin", noise(1_000_000))]));
    world.server(json!({"archives": "redirect"})).server(settings)
}

/// Fetches the archive with this fault, and checks its content.
fn fetched(settings: Value, faults: Vec<Fault>) -> Ran {
    let fake = Fake::start(world(settings));
    for fault in faults {
        fake.fault(fault);
    }
    let ran = Run::new(&fake).args("fetch build").succeeds();
    let items = ran.items();
    ran.check(items.len() == 1 && items[0].content == noise(1_000_000), "the file is whole");
    ran
}

/// Returns the ranges requested from the storage, and the bytes sent for each.
fn store(ran: &Ran) -> Vec<(Option<&str>, usize)> {
    let stored = ran.log.iter().filter(|logged| logged.short.contains("store/"));
    stored.map(|logged| (logged.header("range"), logged.bytes_sent)).collect()
}

#[test]
fn what_breaks_off_goes_on_where_it_was_with_a_fresh_address() {
    for at in [100_000, 999_999] {
        let fault = Fault::on(STORE).cut(at);
        // Each signed address is good for one use.
        let ran = fetched(json!({"signature_uses": 1}), vec![fault]);
        let rest = format!("bytes={at}-1000107");
        let sent = store(&ran);
        ran.check(sent.len() == 2 && sent[1].0 == Some(&rest), "the rest is asked for");
        ran.check(
            ran.log
                .iter()
                .all(|logged| logged.header("if-range").is_none_or(|tag| tag.starts_with('"'))),
            "it is tied to the archive",
        );
        let total: usize = sent.iter().map(|(_, bytes)| bytes).sum();
        ran.check(total < 1_100_000, "less than a tenth is sent again");
        ran.says("the download broke off after ").says("(1 of 5)");
    }
}

#[test]
fn it_may_break_off_as_often_as_tries_are_left() {
    let faults = (1..=3).map(|_| Fault::on(STORE).cut(200_000)).collect();
    let ran = fetched(json!({}), faults);
    let asked: Vec<_> = store(&ran).iter().map(|(range, _)| range.map(str::to_owned)).collect();
    let range = |from: usize| Some(format!("bytes={from}-1000107"));
    assert_eq!(asked, [None, range(200_000), range(400_000), range(600_000)]);
    let fake = Fake::start(world(json!({})));
    fake.fault(Fault::on(STORE).always().cut(10_000));
    Run::new(&fake)
        .args("fetch build --retries 2")
        .fails(5)
        .says("broke off after 30000 of")
        .says("3 times");
}

#[test]
fn where_ranges_are_refused_it_begins_again() {
    for status in [400, 403, 416, 501] {
        let refused = Fault::on(STORE).status(status);
        let ran = fetched(json!({}), vec![Fault::on(STORE).cut(300_000), refused]);
        let asked: Vec<bool> = store(&ran).iter().map(|(range, _)| range.is_some()).collect();
        assert_eq!(asked, [false, true, false], "{status}");
    }
}

#[test]
fn what_cannot_be_tied_to_the_same_archive_begins_again() {
    let cut = || Fault::on(STORE).cut(300_000);
    let second = || Fault::on(STORE);
    for (settings, faults) in [
        // Without a strong tag nothing is asked for by range.
        (json!({"etag": "none"}), vec![cut()]),
        (json!({"etag": "weak"}), vec![cut()]),
        // 200 instead of 206: the whole is sent, and not added to what was there.
        (json!({"ranges": false}), vec![cut()]),
        (json!({}), vec![cut(), second().status(416)]),
        // Another part than was asked for, another length, another archive.
        (
            json!({}),
            vec![
                cut(),
                second().without_header("Content-Range").header("Content-Range", "bytes 1-5/9"),
            ],
        ),
        (json!({}), vec![cut(), second().without_header("Content-Range")]),
        (json!({}), vec![cut(), second().without_header("ETag").header("ETag", "\"other\"")]),
    ] {
        let strong = settings["etag"].is_null();
        let ran = fetched(settings, faults);
        let asked: Vec<_> = store(&ran).iter().map(|(range, _)| range.is_some()).collect();
        ran.check(asked.contains(&true) == strong, "ranges only with a strong tag");
        ran.check(asked.last() == Some(&false), "in the end the whole is asked for");
    }
}

#[test]
fn a_large_download_that_breaks_off_sends_little_again_whether_it_is_kept_or_unpacked() {
    let (first, second) = (noise(5_000_000), noise(3_000_000));
    let archive = zip(&[file("a.bin", &first), file("b.bin", &second)]);
    let length = archive.len();
    // The address is signed for one use, so each time a fresh one is asked for.
    let settings = json!({"archives": "redirect", "signature_uses": 1});
    let world = one_archive(archive.clone()).server(settings);
    for (line, besides) in [("-o it.zip", 0), ("-D out", 64 << 10)] {
        let fake = Fake::start(world.clone());
        fake.fault(Fault::on(STORE).cut(2_500_000));
        let ran = Run::new(&fake).args("fetch build").args(line).succeeds();
        let sent: usize = store(&ran).iter().map(|(_, bytes)| bytes).sum();
        ran.check(sent < length + length / 10 + besides, "less than a tenth is sent again");
        ran.check(sent >= length, "all of it is sent");
        ran.says("(1 of 5)");
        let landed: Vec<Vec<u8>> = ran.items().into_iter().map(|it| it.content).collect();
        let expect =
            if besides > 0 { vec![first.clone(), second.clone()] } else { vec![archive.clone()] };
        ran.check(landed.iter().filter(|it| !it.is_empty()).eq(&expect), "and it is right");
    }
}
