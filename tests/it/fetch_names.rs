//! Names, types and methods of entries as real writers make them.

use std::io::Read;

use serde_json::json;

use crate::fake::{Fake, World, fixtures};
use crate::harness::Run;
use crate::scenes::one_archive;
use crate::zip_builder::{ZipItem, file, link, zip};

fn zstd() -> World {
    one_archive(include_bytes!("../../fixtures/archives/zstd.zip").to_vec())
}

#[test]
fn zstandard_entries_are_fetched_listed_and_printed() {
    let text: String = (0..3000).map(|i| format!("line {i} of a file that packs well\n")).collect();
    for args in ["", "--path '*.txt'", "--path frames.txt --path level-1.txt", "--sync"] {
        let ran = Run::new(zstd()).args("fetch build").args(args).succeeds();
        assert_eq!(ran.read("frames.txt"), text, "{args}");
    }
    let fake = Fake::start(zstd().server(json!({"archives": "redirect"})));
    let first = Run::new(&fake).args("fetch build --sync").succeeds();
    let run = Run::new(&fake).after(&first).file("level-1.txt", "another");
    run.args("fetch build --sync --list").succeeds().prints("level-1.txt\n");
    assert_eq!(first.read("level-1.txt"), text);
    Run::new(zstd()).args("ls build").succeeds();
    for (name, length) in [("frames.txt", text.len()), ("window-128-MiB.txt", 2000)] {
        let ran = Run::new(zstd()).args("cat build").arg(name).succeeds();
        assert!(ran.stdout == text[..length], "{name}: {}", ran.stdout.len());
    }
}

#[test]
fn a_zstd_window_above_128_mib_is_refused_with_its_size() {
    // The header of a frame with a window of 256 MiB, and one block without compression.
    let frame = b"\x28\xb5\x2f\xfd\0\x90\x29\0\0hello".to_vec();
    let large = file("large", "hello").but(|item| (item.method, item.compressed) = (93, frame));
    let world = || one_archive(zip(&[file("good", "x"), large.clone()]));
    for args in ["fetch build", "fetch build --sync", "fetch build --path large", "cat build large"]
    {
        let ran = Run::new(world()).file("good", "y").args(args).fails(6);
        ran.says("entry `large` takes a zstd window of 256 MiB, and 128 MiB are allowed");
    }
    Run::new(world()).args("ls build").succeeds();
    Run::new(world()).args("fetch build -o it.zip").succeeds();
}

#[test]
fn what_cannot_be_unpacked_is_listed_and_refused_with_a_way_out() {
    type Change = fn(&mut ZipItem);
    let cases: [(Change, &str, &str); 3] = [
        (|item| item.flags = 1, "entry `odd` is encrypted", "password"),
        (|item| item.method = 12, "compression method 12 (bzip2)", "7z x FILE"),
        (|item| item.method = 97, "compression method 97,", "the program that made it"),
    ];
    for (change, says, hint) in cases {
        let world = || one_archive(zip(&[file("good", "x"), file("odd", "y").but(change)]));
        let ran = Run::new(world()).args("ls build").succeeds();
        ran.check(ran.stdout.contains("odd"), "it is listed");
        for args in ["fetch build", "fetch build --path odd"] {
            Run::new(world()).args(args).fails(6).says(says).says(hint).says("-o FILE");
        }
        let ran = Run::new(world()).args("cat build good").succeeds();
        assert_eq!(ran.stdout, "x");
    }
}

#[test]
fn what_info_zip_read_from_a_pipe_becomes_a_file() {
    let world = || one_archive(include_bytes!("../../fixtures/archives/infozip-pipe.zip").to_vec());
    for args in ["", "--path 'made*' --path -", "--on-conflict fail", "--sync"] {
        let ran = Run::new(world()).args("fetch build").args(args).succeeds();
        assert_eq!(ran.read("made-pipe"), "piped by name\n", "{args}");
        assert_eq!(ran.read("-"), "piped\n", "{args}");
    }
    let ran = Run::new(world()).args("cat build made-pipe").succeeds();
    assert_eq!(ran.stdout, "piped by name\n");
}

#[cfg(target_os = "linux")]
#[test]
fn names_in_latin_1_that_info_zip_wrote_keep_their_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let archive = include_bytes!("../../fixtures/archives/infozip-latin1.zip");
    let at = std::ffi::OsStr::from_bytes(b"d\xfc/gr\xfc\xdfe.txt");
    for args in ["", "--path 'd*/**'", "--exclude to", "--symlinks copy"] {
        let world = one_archive(archive.to_vec());
        let run = Run::new(world).args("fetch build").args(args);
        let work = run.work();
        let ran = run.succeeds();
        assert_eq!(std::fs::read(work.join(at)).unwrap(), b"hello\n", "{args}");
        if args.is_empty() {
            assert_eq!(std::fs::read_link(work.join("to")).unwrap(), at);
        }
        drop(ran);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_utf8_keep_their_bytes() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let name = b"d\xfc/gr\xfc\xdfe.txt";
    let archive = zip(&[file(name, "hello"), link("to", name), file("plain", "x")]);
    let fetched = |args: &str| {
        let run = Run::new(one_archive(archive.clone())).args("fetch build").args(args);
        let work = run.work();
        let ran = run.may_leave_files().succeeds();
        (ran, work)
    };
    for args in ["", "--path 'd?/*' --path to", "--path 'd?/**'"] {
        let (ran, _) = fetched(args);
        ran.check(ran.files().iter().any(|file| file.starts_with('d')), args);
    }
    let world = || one_archive(archive.clone());
    let odd = |name: &'static [u8]| OsStr::from_bytes(name);
    for (args, place, prints) in [
        ("--list --path 'd*/*'", None, &b"d\xfc/gr\xfc\xdfe.txt\n"[..]),
        ("--list --path plain -D", Some(odd(b"\xff")), b"plain\n"),
        ("--list -o", Some(odd(b"it\xff\x1b.zip")), b"it\xff\\u{1b}.zip\n"),
    ] {
        let run = Run::new(world()).binary().args("fetch build").args(args);
        let run = if let Some(place) = place { run.arg(place) } else { run };
        let ran = run.may_leave_files().succeeds();
        assert_eq!(ran.raw_stdout, prints, "{args}");
    }
    // In JSON and messages such a byte is escaped.
    let ran = Run::new(world()).args("fetch build --json -D").arg(odd(b"\xff")).may_leave_files();
    let ran = ran.succeeds();
    assert_eq!(ran.json()["fetched"][0]["files"][0]["path"], r"d\xfc/gr\xfc\xdfe.txt");
    assert_eq!(ran.json()["fetched"][0]["dir"], r"\xff");
    let run = Run::new(world()).args("fetch build -o").arg(odd(b"it\xff.zip")).may_leave_files();
    run.succeeds().says(r"/it\xff.zip");
    let ran = Run::new(world()).args("ls build").succeeds();
    ran.check(ran.stdout.contains(r"d\xfc/gr\xfc\xdfe.txt"), "bytes are escaped");
    let ran = Run::new(world()).args("ls build --json").succeeds();
    assert_eq!(ran.json()["files"][0]["path"], r"d\xfc/gr\xfc\xdfe.txt");
    for word in [OsStr::from_bytes(name), OsStr::new(r"d\xfc/gr\xfc\xdfe.txt"), OsStr::new("to")] {
        let ran = Run::new(world()).args("cat build").arg(word).succeeds();
        assert_eq!(ran.stdout, "hello", "{word:?}");
    }
}

#[test]
fn names_of_thousands_of_levels_and_too_many_folders_are_refused() {
    let deep = zip(&[file("d/".repeat(600) + "x", "x")]);
    let ran = Run::new(one_archive(deep)).args("fetch build").fails(6);
    ran.says("has more than 512 levels in its name");
    let wide: Vec<ZipItem> =
        (0..20).map(|i| file(format!("{i}/{}x", "d/".repeat(99)), "")).collect();
    let world = || one_archive(zip(&wide));
    Run::new(world()).args("fetch build --max-entries 2020").succeeds();
    let ran = Run::new(world()).args("fetch build --max-entries 2019").fails(6);
    ran.says("with the folders of its names it has more than 2019 entries");
    let ran = Run::new(world()).args("fetch build --max-entries 19").fails(6);
    ran.says("it has 20 entries, and 19 are allowed").says("--max-entries allows more");
    // Entries of one name, which are extracted once, count one by one.
    for name in ["x", "d/", "d/x"] {
        let same: Vec<ZipItem> = (0..20).map(|_| file(name, "")).collect();
        for line in ["fetch build", "fetch build --path '**'"] {
            let run = Run::new(one_archive(zip(&same))).args(line).args("--max-entries 19");
            run.fails(6).says("it has 20 entries, and 19 are allowed").changes_nothing();
        }
        Run::new(one_archive(zip(&same))).args("fetch build --max-entries 21").succeeds();
    }
}

fn of_go(name: &str) -> World {
    one_archive(std::fs::read(fixtures().join("archives").join(name)).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn names_and_types_that_go_wrote_are_kept_as_they_are() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    /// Files and their modes, the umask apart. The entry without a mode is one of FAT, thus with a
    /// name of code page 437.
    const NAMES: [(&[u8], u32); 5] = [
        (b"unix-gr\xfc\xdfe.txt", 0o600),
        ("unix-grün.txt".as_bytes(), 0o700),
        ("fat-grün.txt".as_bytes(), 0o600),
        ("讀我.md".as_bytes(), 0o600),
        (b"pipe", 0o600),
    ];
    const TREE: [(&[u8], u32); 2] =
        [(b"d\xfc/gr\xfc\xdfe.txt", 0o600), ("grün.txt".as_bytes(), 0o700)];
    for (name, files) in [("go-tree.zip", &TREE[..]), ("go-names.zip", &NAMES[..])] {
        for (server, args) in [
            (json!({"archives": "direct"}), ""),
            (json!({"archives": "redirect"}), "--path '**'"),
            (json!({"archives": "redirect", "ranges": false}), "--path '**' --sync"),
        ] {
            let run = Run::new(of_go(name).server(server)).args("fetch build -D out").args(args);
            let out = run.work().join("out");
            let ran = run.may_leave_files().succeeds();
            for (path, mode) in files {
                let path = out.join(OsStr::from_bytes(path));
                assert_eq!(std::fs::read(&path).unwrap(), b"of Go\n", "{path:?} {args}");
                let found = std::fs::symlink_metadata(&path).unwrap();
                assert!(found.is_file(), "{path:?}");
                assert_eq!(found.permissions().mode() & 0o700, *mode, "{path:?}");
            }
            match name {
                "go-tree.zip" => {
                    let target = std::fs::read_link(out.join("to")).unwrap();
                    assert_eq!(target.as_os_str().as_bytes(), TREE[0].0, "{args}");
                }
                _ => {
                    ran.says("no-pipe").says("no-device");
                    let count = std::fs::read_dir(&out).unwrap().count();
                    assert_eq!(count, NAMES.len(), "nothing is made for an empty pipe or device");
                }
            }
        }
    }
    for (word, name) in [(r"unix-gr\xfc\xdfe.txt", "go-names.zip"), ("to", "go-tree.zip")] {
        Run::new(of_go(name)).args("cat build").arg(word).succeeds().prints("of Go\n");
    }
}

#[test]
fn a_backslash_in_a_name_that_go_wrote_is_refused() {
    let ran = Run::new(of_go("go-backslash.zip")).args("fetch build").fails(6);
    ran.says(r"entry `d\a.txt` has a backslash in its name").changes_nothing();
    let ran = Run::new(of_go("go-backslash.zip")).args("ls build").succeeds();
    ran.check(ran.stdout.contains(r"d\a.txt"), "it is listed");
}

/// Go writes sizes of 8 bytes into a data descriptor where 4 bytes do not suffice.
#[test]
fn an_entry_of_4_gib_that_go_wrote_leaves_the_others_readable() {
    let packed = std::fs::read(fixtures().join("archives/go-zip64.zip.gz")).unwrap();
    let mut archive = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut archive).unwrap();
    for server in [json!({"archives": "redirect"}), json!({"archives": "direct"})] {
        let world = || one_archive(archive.clone()).server(server.clone());
        let ran = Run::new(world()).args("fetch build --path small.txt").succeeds();
        assert_eq!(ran.read("small.txt"), "of Go\n");
        Run::new(world()).args("cat build small.txt").succeeds().prints("of Go\n");
        let ran = Run::new(world()).args("ls build --json").succeeds();
        assert_eq!(ran.json()["files"][0]["size"], 4_u64 << 30);
        let ran = Run::new(world()).args("fetch build --max-size 4GiB").fails(6);
        ran.says("--max-size").changes_nothing();
    }
}
