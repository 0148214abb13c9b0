//! Archives whose links lead out of the destination, in circles, or nowhere.

use crate::archives::{Case, case};
use crate::zip_builder::{ZipItem, file, link, zip64_extra};

const OUT: &str = "points out of the destination";
const CIRCLES: &str = "goes round in circles";
const BELOW: &str = "lies below the link `l`";

/// Cases of one link each that refuse the archive.
const HOSTILE: [(&str, &str, &str); 17] = [
    ("l", "/etc", "link `l` points out of the destination, to `/etc`"),
    ("l", "/", OUT),
    ("l", "..", OUT),
    ("l", "../..", OUT),
    ("l", "../out/good.txt", OUT),
    ("l", "../out-evil/x", OUT),
    ("l", "d/../../x", OUT),
    ("l", "./../x", OUT),
    ("d/l", "../../x", OUT),
    ("d/e/l", "../../../x", OUT),
    ("l", "//server/share", OUT),
    ("l", "", "link `l` has no target"),
    ("l", "a\0b", "link `l` has a NUL in its target"),
    ("l", "l", CIRCLES),
    ("l", "./l/x", CIRCLES),
    ("l/", "d", "is no folder and is called like one"),
    ("../l", "x", "leaves the destination"),
];

/// Cases of one link each that is created.
const HONEST: [(&str, &str); 10] = [
    ("l", "good.txt"),
    ("l", "."),
    ("l", "gone"),
    ("d/l", ".."),
    ("d/l", "../good.txt"),
    ("l", "./good.txt"),
    ("l", "..x/...y"),
    ("l", "a\\b"),
    ("l", "C:/x"),
    ("d/e/l", "../../good.txt"),
];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, target, says) in HOSTILE {
        let title = format!("a link {name:?} to {target:?}");
        cases.push(case(&title, &[link(name, target)]).refused(says));
    }
    for (name, target) in HONEST {
        let title = format!("a link {name:?} to {target:?}");
        let line = format!("{name} -> {target}");
        let taken = case(&title, &[link(name, target)]).taken(&[(&line, "")]);
        let windows = cfg!(windows) && target.contains(['\\', ':']);
        cases.push(taken.refused_if(windows, OUT));
    }
    cases.extend(several());
    cases.extend(odd());
    cases
}

/// Cases with several links.
fn several() -> Vec<Case> {
    let chain = |count: usize| -> Vec<ZipItem> {
        (0..count).map(|i| link(format!("l{i}"), format!("l{}", i + 1))).collect()
    };
    vec![
        case("a file through a link", &[link("l", "d"), file("l/in", "x")]).refused(BELOW),
        case("a link behind its file", &[file("l/in", "x"), link("l", "d")])
            .refused("entry `l` is both a folder and not one"),
        case("a link through a link", &[link("l", "."), link("l/up", "..")]).refused(BELOW),
        case("a folder through a link", &[link("l", "."), file("l/d/in", "x")]).refused(BELOW),
        case("a link to here, and one up from there", &[link("a", "."), link("b", "a/../..")])
            .refused(OUT),
        case("up by way of another link", &[link("d/up", ".."), link("b", "d/up/../x")])
            .refused(OUT),
        case("up by way of a link that comes later", &[link("b", "d/up/../x"), link("d/up", "..")])
            .refused(OUT),
        case("two links in a circle", &[link("a", "b"), link("b", "a")]).refused(CIRCLES),
        case("links that grow", &[link("a", "b/x"), link("b", "a/y")]).refused(CIRCLES),
        case("a chain of fifty links", &chain(50)).refused(CIRCLES),
        case("a chain of three links", &chain(3)).taken(&[
            ("l0 -> l1", ""),
            ("l1 -> l2", ""),
            ("l2 -> l3", ""),
        ]),
        case("one link twice", &[link("l", "good.txt"), link("l", "good.txt")])
            .taken(&[("l -> good.txt", "")]),
        case("a link that is a folder too", &[link("l", "d"), file("l/", "").mode(0o040_755)])
            .refused("entry `l` is both a folder and not one"),
    ]
}

/// Cases of links that are stored in unusual ways.
fn odd() -> Vec<Case> {
    let long = |length: usize| "n/".repeat(length / 2);
    let here = |line: String, case: Case| case.taken(&[(&line, "")]);
    let longest = format!("l -> {}", long(2000));
    let huge = link("l", "good.txt").but(|item| {
        (item.size, item.claimed_compressed) = (u32::MAX, Some(u32::MAX));
        item.extra = zip64_extra(&[1 << 40, 8]);
        item.local_extra = item.extra.clone();
    });
    vec![
        here(longest, case("a target of 2,000 bytes", &[link("l", long(2000))])),
        case("a target of 5,000 bytes", &[link("l", long(5000))])
            .refused("link `l` has a target of more than 4096 bytes"),
        case("a target of a terabyte", &[huge])
            .refused("link `l` has a target of more than 4096 bytes"),
        case(
            "a target that says it is longer",
            &[link("l", "good.txt").but(|item| {
                item.size = 4000;
            })],
        )
        .refused("l"),
        case(
            "a target that is longer than it says",
            &[link("l", "good.txt").deflated().but(|item| item.size = 4)],
        )
        .refused("entry `l` is damaged"),
        case("a target with another checksum", &[link("l", "good.txt").but(|item| item.crc = 7)])
            .refused("l"),
        case("a target that is no text", &[link("l", b"\xff\xfe")])
            .taken(&[("l -> \u{fffd}\u{fffd}", "")])
            .refused_if(cfg!(not(target_os = "linux")), "has a target that is not UTF-8"),
        case("a target that is packed", &[link("l", "good.txt").deflated()])
            .taken(&[("l -> good.txt", "")]),
        case(
            "a link with its sizes behind it",
            &[link("l", "good.txt").but(|item| {
                item.flags = 8;
            })],
        )
        .taken(&[("l -> good.txt", "")]),
        case("a link that a DOS program made", &[link("l", "/etc").but(|item| item.creator = 0)])
            .taken(&[("l", "/etc")]),
        case("a link with all its permissions", &[link("l", "good.txt").mode(0o127_777)])
            .taken(&[("l -> good.txt", "")]),
    ]
}

#[cfg(unix)]
#[test]
fn links_stay_inside_or_nothing_is_taken() {
    crate::archives::each(cases());
}
