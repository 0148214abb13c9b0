//! Extracted files, compared with those that another reader extracts: Python's zipfile.
//!
//! Skipped where there is no Python, and required where the whole check runs on Linux.
#![cfg(unix)]

use std::process::{Command, Stdio};

use serde_json::json;

use crate::harness::Run;
use crate::scenes::one_archive;
use crate::tidy::root;
use crate::zip_builder::{ZipItem, file, folder, link, zip};

/// Prints every difference of bytes, kinds, modes, targets and dates, and what is there besides.
const COMPARE: &str = r#"
import os, stat, struct, sys, zipfile, calendar
archive, dest, umask = zipfile.ZipFile(sys.argv[1]), sys.argv[2], int(sys.argv[3], 8)
known, differences = {os.path.abspath(dest)}, []

def dated(entry):
    extra = entry.extra
    while len(extra) >= 4:
        number, length = struct.unpack("<HH", extra[:4])
        if number == 0x5455 and extra[4] & 1:
            return struct.unpack("<i", extra[5:9])[0]
        extra = extra[4 + length:]
    return calendar.timegm(entry.date_time + (0, 0, 0))

for entry in archive.infolist():
    path = os.path.normpath(os.path.join(dest, entry.filename))
    while path not in known and path.startswith(dest):
        known.add(path)
        path = os.path.dirname(path)
    path = os.path.normpath(os.path.join(dest, entry.filename))
    told, found = entry.external_attr >> 16, os.lstat(path)
    kind = stat.S_IFMT(told) or (stat.S_IFDIR if entry.is_dir() else stat.S_IFREG)
    if stat.S_IFMT(found.st_mode) != kind:
        differences.append((entry.filename, "kind"))
    elif kind == stat.S_IFLNK:
        if os.readlink(path).encode() != archive.read(entry):
            differences.append((entry.filename, "target"))
    else:
        usual = told & 0o777 & ~umask
        if told and stat.S_IMODE(found.st_mode) != usual:
            differences.append((entry.filename, "mode", oct(found.st_mode), oct(usual)))
        if int(found.st_mtime) != dated(entry):
            differences.append((entry.filename, "date", found.st_mtime, dated(entry)))
        if kind == stat.S_IFREG and open(path, "rb").read() != archive.read(entry):
            differences.append((entry.filename, "bytes"))
for above, folders, files in os.walk(dest):
    for name in folders + files:
        if os.path.join(above, name) not in known:
            differences.append((name, "not in the archive"))
for difference in differences:
    print(*difference)
print(len(archive.infolist()), "entries compared")
"#;

/// Bytes of which no two parts are alike.
fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Some four megabytes of what builds make.
fn made() -> Vec<ZipItem> {
    let mut items = vec![
        folder("bin/"),
        file("bin/run", noise(900_000)).deflated().mode(0o100_755),
        file("large.bin", noise(2_500_000)),
        folder("shut/").mode(0o040_700),
        file("shut/secret", "x").mode(0o100_600),
        file("empty", ""),
        link("current", "bin/run"),
        link("bin/up", "../large.bin"),
        folder("nothing/"),
    ];
    items.extend((0..400).map(|i| {
        let item = file(format!("many/{}/{i}.txt", i % 13), noise(i * 7));
        let item = item.but(|item| item.dos = ((46 << 9) | (5 << 5) | 1, (i as u16 % 24) << 11));
        if i % 2 == 0 { item } else { item.deflated().but(|item| item.flags = 8) }
    }));
    items
}

#[test]
fn every_byte_mode_link_and_date_is_what_python_reads() {
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).status();
    if !python.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("CI").is_none(), "python3 is needed for the whole check");
        return;
    }
    let fixture = |name: &str| std::fs::read(root().join("fixtures/archives").join(name)).unwrap();
    let runner = ["runner-legacy.zip", "runner-fastzip.zip", "runner-fastzip-level-fastest.zip"];
    let mut archives: Vec<Vec<u8>> = runner.into_iter().map(fixture).collect();
    archives
        .extend(["zip64-python.zip", "zip64-python-pipe.zip", "zip64-infozip.zip"].map(fixture));
    archives.push(zip(&made()));
    for bytes in archives {
        // Large ones are unpacked while they are downloaded, small ones from a file.
        let world = one_archive(bytes.clone()).server(json!({"archives": "redirect"}));
        let run = Run::new(world);
        let home = tempfile::tempdir().unwrap();
        let (archive, dest) = (home.path().join("it.zip"), run.work().join("out"));
        std::fs::write(&archive, bytes).unwrap();
        let ran = run.args("fetch build -D out").succeeds();
        let compared = Command::new("sh")
            .args(["-c", r#"exec python3 -c "$1" "$2" "$3" "$(umask)""#, "sh", COMPARE])
            .args([&archive, &dest])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&compared.stdout).into_owned();
        assert!(compared.status.success(), "{said}{}", String::from_utf8_lossy(&compared.stderr));
        assert_eq!(said.lines().count(), 1, "{said}");
        drop(ran);
    }
}
