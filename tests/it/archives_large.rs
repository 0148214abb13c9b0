//! Archives with very many entries, and the memory that archives need.

use crate::harness::Run;
use crate::scenes::one_archive;
use crate::zip_builder::{Zip64, ZipBuilder, ZipItem, file, zip};

/// The number of files of a large archive; fewer on Windows, where each takes ten times as long.
const MANY: usize = if cfg!(windows) { 2_000 } else { 20_000 };

fn many(count: usize) -> Vec<ZipItem> {
    (0..count).map(|i| file(format!("d{}/f{i}", i % 50), i.to_string())).collect()
}

#[test]
fn twenty_thousand_files_land_to_the_byte() {
    let items = many(MANY);
    let ran = Run::new(one_archive(zip(&items))).args("fetch build -q").succeeds();
    let mut expect: Vec<(String, Vec<u8>)> =
        items.into_iter().map(|item| (String::from_utf8(item.name).unwrap(), item.data)).collect();
    expect.sort();
    let landed = ran.items().into_iter().filter(|item| !item.path.ends_with('/'));
    let landed: Vec<(String, Vec<u8>)> = landed.map(|item| (item.path, item.content)).collect();
    assert!(landed == expect);
}

#[test]
fn one_bad_entry_among_twenty_thousand_keeps_all_away() {
    for bad in [file("x", "x").but(|item| item.crc = 7), file("x", "x").but(|item| item.flags = 1)]
    {
        let mut items = many(MANY);
        items.insert(MANY - 1_000, bad);
        Run::new(one_archive(zip(&items))).args("fetch build").fails(6).says("entry `x` is ");
    }
}

#[test]
fn as_many_entries_as_two_bytes_can_count_and_more() {
    for (count, long) in [(65_534, None), (65_535, None), (70_000, Some(Zip64::default()))] {
        let items = many(count);
        let whole = ZipBuilder::new(&items).but(|whole| whole.zip64 = long);
        let ran = Run::new(one_archive(whole.bytes())).args("fetch build --path d7/f7").succeeds();
        assert_eq!((ran.files(), ran.read("d7/f7")), (vec!["d7/f7".to_owned()], "7".to_owned()));
    }
    // The count begins anew where nothing tells more.
    let ran = Run::new(one_archive(zip(&many(65_536)))).args("fetch build").fails(6);
    ran.says("it lists no entries and begins with one");
    Run::new(one_archive(zip(&many(70_000)))).args("fetch build").fails(6).says("lists 70000");
}

/// Extracts archives in a process with limits on memory and open files.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_what_an_archive_says_or_holds() {
    use crate::archives_data::zeros;
    use crate::fake::Fake;
    use crate::process::downriver;
    use crate::zip_builder::{link, zip64_extra};

    /// The address space in KiB, most of it for the program itself and the stacks of its threads.
    const LIMITED: &str = r#"ulimit -v 163840; ulimit -n 64; exec "$0" "$@""#;
    let mut starts = std::process::Command::new("sh");
    starts.args(["-c", LIMITED, env!("CARGO_BIN_EXE_downriver"), "--version"]);
    // An emulator, of another processor, needs more than that for itself alone.
    let emulated = std::env::consts::ARCH != "x86_64";
    if emulated && !starts.output().unwrap().status.success() {
        return;
    }
    let huge = |item: ZipItem, size: u64| {
        item.but(|item| {
            (item.size, item.local_size) = (u32::MAX, Some(u32::MAX));
            item.extra = zip64_extra(&[size]);
            item.local_extra = item.extra.clone();
        })
    };
    for (what, items, code) in [
        ("128 MiB of zeros", vec![zeros("z", 128 << 20)], 0),
        ("the same, of 1 KiB", vec![zeros("z", 128 << 20).but(|item| item.size = 1024)], 6),
        ("8 EiB declared", vec![huge(file("x", "x").deflated(), 1 << 63)], 6),
        ("a link of 1 TiB", vec![huge(link("l", "x").deflated(), 1 << 40)], 6),
        ("a link of 128 MiB", vec![zeros("l", 128 << 20).mode(0o120_777)], 6),
        ("10,000 entries", many(10_000), 0),
        (
            "a name and a field of 65,000 bytes",
            vec![file("n".repeat(65_000), "").but(|item| {
                item.extra = vec![0; 65_000];
            })],
            6,
        ),
    ] {
        // Kept first, and unpacked as it comes.
        for small in [true, false] {
            let filler = file("filler", vec![7; if small { 1 } else { 3 << 20 }]);
            let bytes = zip(&[&[filler][..], &items].concat());
            let world = one_archive(bytes).server(serde_json::json!({"archives": "redirect"}));
            let fake = Fake::start(world);
            let dir = tempfile::tempdir().unwrap();
            let program = downriver(&fake, dir.path());
            let mut limited = std::process::Command::new("sh");
            limited
                .args(["-c", LIMITED])
                .arg(program.get_program())
                .args(["fetch", "build", "-q", "-D", "out"]);
            limited.env_clear().envs(program.get_envs().filter_map(|(k, v)| Some((k, v?))));
            // The allocator would reserve 64 MiB of addresses for each thread.
            limited.env("MALLOC_ARENA_MAX", "1").current_dir(dir.path());
            let output = limited.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{what}, small {small}: {said}");
            assert_eq!(dir.path().join("out").exists(), code == 0, "{what}");
        }
    }
}
