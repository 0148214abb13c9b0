//! A table of the refusals of an archive: message, advice and exit code.

use super::*;
use crate::exit::Exit;
use crate::refusal::Refusal;

#[test]
fn every_refusal_of_an_archive_says_what_and_what_to_do() {
    let name = |name: &str| name.to_owned();
    let kept = "--output keeps the archive itself, unopened, for a closer look";
    let cases = [
        (
            ArchiveRefusal::Leaves { entry: name("../a\u{1b}[2J") },
            "entry `../a\\u{1b}[2J` leaves the destination",
            kept,
        ),
        (
            ArchiveRefusal::Name { entry: name("a\\b"), why: "has a backslash" },
            "entry `a\\b` has a backslash",
            kept,
        ),
        (
            ArchiveRefusal::Collision { first: name("A"), second: name("a") },
            "entries `A` and `a` have one name on this system",
            kept,
        ),
        (
            ArchiveRefusal::Double { entry: name("a") },
            "entry `a` is there twice with different contents",
            kept,
        ),
        (
            ArchiveRefusal::FileAndFolder { entry: name("a") },
            "entry `a` is both a folder and not one",
            kept,
        ),
        (
            ArchiveRefusal::FolderWithContent { entry: name("a/") },
            "entry `a/` is a folder and has bytes of its own",
            kept,
        ),
        (
            ArchiveRefusal::BelowLink { entry: name("l/a"), link: name("l") },
            "entry `l/a` lies below the link `l`",
            kept,
        ),
        (
            ArchiveRefusal::LinkLeaves { entry: name("l"), target: name("/etc\n") },
            "link `l` points out of the destination, to `/etc\\u{a}`",
            "--symlinks skip leaves links out, --symlinks all takes them as they are",
        ),
        (
            ArchiveRefusal::LinkTarget { entry: name("l"), why: "goes round in circles" },
            "link `l` goes round in circles",
            "--symlinks skip leaves links out",
        ),
        (
            ArchiveRefusal::TooLarge { size: 11, most: 10 },
            "unpacked it would be 11 bytes, and 10 are allowed",
            "--max-size allows more, --path takes less",
        ),
        (
            ArchiveRefusal::TooMany { entries: 3, most: 2 },
            "it has 3 entries, and 2 are allowed",
            "--max-entries allows more",
        ),
    ];
    for (refusal, sentence, hint) in cases {
        assert_eq!(refusal.to_string(), sentence);
        assert_eq!(refusal.hint().as_deref(), Some(hint));
        let refusal = Refusal::from(refusal);
        assert_eq!((refusal.exit(true), refusal.may_change()), (Exit::Archive, false));
    }
}
