//! Archives with names that leave the destination, deceive, collide, or only look dangerous.

use crate::archives::{Case, case, each};
use crate::zip_builder::{ZipItem, extra, file, folder, link, unicode_extra};

const LEAVES: &str = "leaves the destination";

/// Returns a case of one entry that is refused: its name, and words of the message.
const HOSTILE: [(&str, &str); 23] = [
    ("../a", "entry `../a` leaves the destination"),
    ("d/../../a", LEAVES),
    ("d/../a", LEAVES),
    ("d/..", LEAVES),
    ("..", LEAVES),
    ("./../a", LEAVES),
    ("a//../../b", LEAVES),
    ("../", LEAVES),
    ("/etc/a", "entry `/etc/a` leaves the destination"),
    ("//server/share/a", LEAVES),
    ("/", LEAVES),
    ("C:/a", "entry `C:/a` leaves the destination"),
    ("c:", LEAVES),
    ("C:\\a", LEAVES),
    ("..\\a", "has a backslash in its name"),
    ("a\\b", "has a backslash in its name"),
    ("\\\\server\\share\\a", "has a backslash in its name"),
    ("\\\\?\\C:\\a", "has a backslash in its name"),
    ("", "has no name"),
    (".", "is no folder and is called `.`"),
    ("d/.", "is no folder and is called `.`"),
    ("a\0.txt", "has a NUL in its name"),
    ("d/e/", "is a folder and has bytes of its own"),
];

/// Cases of names that only look dangerous.
const HONEST: [&str; 17] = [
    "foo..bar",
    "..x",
    ".hidden",
    "-rf",
    "~root",
    "$HOME",
    "a b",
    " leading",
    "%2e%2e%2fa",
    "讀我.md",
    "．．／a",
    "a\u{202e}txt.exe",
    "out-evil/a",
    "etc/passwd",
    "__MACOSX/._a",
    "a.zip",
    "console",
];

/// Cases of names that only Windows refuses.
const NOT_ON_WINDOWS: [&str; 14] = [
    "CON",
    "nul.txt",
    "d/aux",
    "com1",
    "LPT9.log",
    "x:y",
    "a<b>",
    "a|b",
    "what?*",
    "dot.",
    "x..",
    "...",
    "space ",
    "a\u{1b}[31m\nb",
];

fn twice(one: ZipItem, other: ZipItem) -> [ZipItem; 2] {
    [one, other]
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, says) in HOSTILE {
        cases.push(case(&format!("a file called {name:?}"), &[file(name, "x")]).refused(says));
    }
    for name in HONEST {
        cases.push(case(&format!("a file called {name:?}"), &[file(name, name)]).taken_as_it_is());
    }
    for name in NOT_ON_WINDOWS {
        let taken = case(&format!("a file called {name:?}"), &[file(name, name)]).taken_as_it_is();
        cases.push(taken.refused_if(cfg!(windows), "Windows"));
    }
    cases.extend(spellings());
    cases.extend(collisions());
    cases.extend(long());
    cases
}

/// Cases of encoded names, and their text.
fn spellings() -> Vec<Case> {
    let named = |bytes: &[u8], unicode: &str| {
        file(bytes, "x").but(|item| {
            item.extra = unicode_extra(&item.name, unicode);
            item.local_extra = item.extra.clone();
        })
    };
    let of_dos = |name: &[u8]| file(name, "x").but(|item| (item.creator, item.mode) = (0, 0));
    let flagged = |name: &str| file(name, "x").but(|item| item.flags = 1 << 11);
    vec![
        case("a name in UTF-8 that says so", &[flagged("ä")]).taken(&[("ä", "x")]),
        case("a name in UTF-8 that does not say so", &[file("é", "x")]).taken(&[("é", "x")]),
        case("a name of DOS", &[of_dos(b"\x81ber.txt")]).taken(&[("über.txt", "x")]),
        case("too long a form of two dots", &[of_dos(b"\xc0\xae\xc0\xae/a")])
            .taken(&[("└«└«/a", "x")]),
        case("a name of DOS with its Unicode", &[named(b"\x81", "ü")]).taken(&[("ü", "x")]),
        case("a name with the same in Unicode", &[named(b"x", "x")]).taken(&[("x", "x")]),
        case("a plain name with another in Unicode", &[named(b"x", "z")])
            .refused("has a second name"),
        case("a Unicode name that leaves", &[named(b"\x81", "../a")])
            .refused("changes file name path components"),
        case("a Unicode name with a NUL", &[named(b"\x81", "a\0")]).refused("contains null byte"),
        case(
            "a Unicode name of another name",
            &[file("x", "x").but(|item| {
                item.extra = unicode_extra(b"y", "x");
            })],
        )
        .refused("has a second name"),
        case(
            "a Unicode name cut short",
            &[file("x", "x").but(|item| {
                item.extra = extra(0x7075, &[1, 2]);
            })],
        )
        .refused("has a second name"),
        case("names with dots in them", &[file("./a", "x"), file("b/./c", "y"), file("d//e", "z")])
            .taken(&[("a", "x"), ("b/c", "y"), ("d/e", "z")]),
        case("the destination itself", &[folder("./"), file("./a", "x")]).taken(&[("a", "x")]),
        case("folders alone", &[folder("d/"), folder("e/f/")]).taken(&[("d/", ""), ("e/f/", "")]),
        case("a folder without a slash", &[file("d", "").mode(0o040_755)]).taken(&[("d/", "")]),
        case("git's folder", &[file(".git/hooks/post-checkout", "x")]).taken_as_it_is(),
        case("a folder that leaves", &[folder("../d/")]).refused(LEAVES),
        case("a folder above all", &[folder("//")]).refused(LEAVES),
    ]
}

/// Cases of two entries with one path.
fn collisions() -> Vec<Case> {
    // What these systems take for one name.
    let one = cfg!(any(windows, target_vendor = "apple"));
    let case_of = |what, items: [ZipItem; 2]| case(what, &items);
    let double = "is there twice with different contents";
    let both = "is both a folder and not one";
    vec![
        case("the honest name again", &[file("good.txt", "bad")]).refused(double),
        case_of("two contents", twice(file("x", "one"), file("x", "two"))).refused(double),
        case_of("two contents by a dot", twice(file("x", "one"), file("./x", "two")))
            .refused(double),
        case_of("one content twice", twice(file("x", "x"), file("x", "x"))).taken(&[("x", "x")]),
        case_of("one folder twice", twice(folder("d/"), folder("d/"))).taken(&[("d/", "")]),
        case_of("two modes", twice(file("x", "x"), file("x", "x").mode(0o100_755))).refused(double),
        case_of("a file and a link", twice(file("x", "y"), link("x", "y"))).refused(double),
        case_of("two links", twice(link("x", "y"), link("x", "z"))).refused(double),
        case_of("a file in a file", twice(file("x", "x"), file("x/y", "y"))).refused(both),
        case_of("the same the other way round", twice(file("x/y", "y"), file("x", "x")))
            .refused(both),
        case_of("a file and a folder", twice(file("x", ""), folder("x/"))).refused(both),
        case_of("two cases", twice(file("Read", "one"), file("read", "two")))
            .taken(&[("Read", "one"), ("read", "two")])
            .refused_if(one, "have one name on this system"),
        case_of("two cases of a folder", twice(file("D/a", "one"), file("d/b", "two")))
            .taken(&[("D/a", "one"), ("d/b", "two")])
            .refused_if(one, "have one name on this system"),
        case_of("two forms of a letter", twice(file("é", "one"), file("e\u{301}", "two")))
            .taken(&[("é", "one"), ("e\u{301}", "two")])
            .refused_if(one, "have one name on this system"),
    ]
}

fn long() -> Vec<Case> {
    let levels = "d/".repeat(100) + "leaf";
    let path = vec!["n".repeat(29); 100].join("/");
    vec![
        case("a part of 255 bytes", &[file("n".repeat(255), "x")]).taken_as_it_is(),
        case("a part of 256 bytes", &[file("n".repeat(256), "x")])
            .refused("has too long a part in its name"),
        case("a hundred levels", &[file(levels, "x")]).taken_as_it_is(),
        case("a path of 3,000 bytes", &[file(path, "x")]).taken_as_it_is(),
        case("a path of 5,000 bytes", &[file("d/".repeat(2500) + "x", "x")])
            .refused("has a name of more than 4096 bytes"),
        case("a path of 65,000 bytes", &[file("d".repeat(65_000), "x")])
            .refused("has a name of more than 4096 bytes"),
    ]
}

#[test]
fn names_are_taken_as_they_are_or_not_at_all() {
    each(cases());
}
