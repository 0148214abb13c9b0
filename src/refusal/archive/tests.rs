//! A table of the refusals of an archive: message, advice and exit code.

use super::*;
use crate::exit::Exit;
use crate::model::Method;
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
            ArchiveRefusal::SamePath { path: name("a") },
            "two entries with different contents would both be `a` without their folders",
            "--path takes one of them; without --flatten or --strip-components each keeps its folder",
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
            ArchiveRefusal::LinkCouldLeave { entry: name("l"), target: name("a/../b") },
            "link `l` could come to point out of the destination: in its target `a/../b`, `..` follows something that is no folder",
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
        (
            ArchiveRefusal::TooManyFolders { most: 2 },
            "with the folders of its names it has more than 2 entries, which is the limit",
            "--max-entries allows more",
        ),
        (
            ArchiveRefusal::Unreadable { entry: name("a\n"), method: Method::Encrypted },
            "entry `a\\u{a}` is encrypted",
            "-o FILE keeps the archive itself; `7z x FILE` asks for its password",
        ),
        (
            ArchiveRefusal::Unreadable { entry: name("a"), method: Method::Other(95) },
            "entry `a` uses compression method 95 (xz), where only stored (0), deflate (8) and zstd (93) can be read",
            "-o FILE keeps the archive itself, and `7z x FILE` (7-Zip) knows this method",
        ),
    ];
    for (refusal, sentence, hint) in cases {
        assert_eq!(refusal.to_string(), sentence);
        assert_eq!(refusal.hint().as_deref(), Some(hint));
        let refusal = Refusal::from(refusal);
        assert_eq!((refusal.exit(true), refusal.may_change()), (Exit::Archive, false));
    }
}
