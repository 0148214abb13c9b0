//! Destinations on real disks: devices and open files, mounts below the destination, read-only
//! folders, few descriptors and threads, a working folder that was deleted.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::fake::Fake;
use crate::folder::items;
use crate::process::downriver;
use crate::scenes::{downstream, job, one_archive};
use crate::zip_builder::{file, zip};

/// A mounted file system, unmounted on drop.
pub struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Mounts something, or says why the test is skipped.
pub fn mount(args: &[&str], at: &Path) -> Option<Mounted> {
    match Command::new("mount").args(args).arg(at).output() {
        Ok(output) if output.status.success() => Some(Mounted(at.to_owned())),
        Ok(output) => {
            println!("skipped: mount: {}", String::from_utf8_lossy(&output.stderr));
            None
        }
        Err(error) => {
            println!("skipped: mount: {error}");
            None
        }
    }
}

fn tree() -> Fake {
    Fake::start(one_archive(zip(&[
        file("top", "1"),
        file("vol/in", "2"),
        file("vol/sub/new", "3"),
        file("vol/old", "new"),
        file("other/x", "4"),
    ])))
}

pub fn run(fake: &Fake, dir: &Path, line: &str) -> (Option<i32>, String) {
    let Output { status, stderr, .. } =
        downriver(fake, dir).args(line.split(' ')).output().unwrap();
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

pub fn no_leftovers(dir: &Path) {
    let lines: Vec<String> = items(dir).iter().map(|item| item.line()).collect();
    assert!(!lines.iter().any(|line| line.contains(".downriver-")), "{lines:?}");
}

/// Runs the program through a shell, which sets limits and redirects streams.
pub fn shell(fake: &Fake, dir: &Path, script: &str) -> Output {
    let program = downriver(fake, dir);
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).env_clear().env("DOWNRIVER", program.get_program());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(dir).output().unwrap()
}

#[test]
fn a_volume_below_the_destination_takes_its_part() {
    let home = tempfile::tempdir().unwrap();
    let volume = home.path().join("vol");
    fs::create_dir(&volume).unwrap();
    let Some(_mounted) = mount(&["-t", "tmpfs", "-o", "size=1m", "none"], &volume) else { return };
    fs::write(volume.join("old"), "old").unwrap();
    let fake = tree();
    let (code, said) = run(&fake, home.path(), "fetch build");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read(volume.join("sub/new")).unwrap(), b"3");
    assert_eq!(fs::read(volume.join("old")).unwrap(), b"new");
    no_leftovers(home.path());
    // A failure on one file system is undone on the other.
    let before = items(home.path());
    fs::remove_file(home.path().join("top")).unwrap();
    fs::create_dir(home.path().join("top")).unwrap();
    let after = items(home.path());
    assert_ne!(before, after);
    assert_eq!(run(&fake, home.path(), "fetch build").0, Some(9));
    assert_eq!(items(home.path()), after);
}

#[test]
fn a_full_volume_below_the_destination_leaves_everything_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let volume = home.path().join("vol");
    fs::create_dir(&volume).unwrap();
    let Some(_mounted) = mount(&["-t", "tmpfs", "-o", "size=64k", "none"], &volume) else { return };
    let large = vec![7; 200_000];
    let fake = Fake::start(one_archive(zip(&[file("a", "1"), file("vol/large", large)])));
    let before = items(home.path());
    let (code, said) = run(&fake, home.path(), "fetch build");
    assert_eq!(code, Some(9), "{said}");
    assert!(said.contains("no space left on the disk"), "{said}");
    assert_eq!(items(home.path()), before);
}

#[test]
fn a_disk_without_room_or_inodes_is_told_and_left_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let many: Vec<_> = (0..200).map(|i| file(format!("d{}/{i}", i % 20), "x")).collect();
    let large = vec![file("large", crate::fake::noise(300_000, 3)), file("small", "x")];
    for (options, all) in [("size=64k", large), ("nr_inodes=60", many)] {
        let Some(_mounted) = mount(&["-t", "tmpfs", "-o", options, "none"], home.path()) else {
            return;
        };
        fs::write(home.path().join("mine"), "stays").unwrap();
        let before = items(home.path());
        let fake = Fake::start(one_archive(zip(&all)));
        let inodes = options.starts_with("nr");
        for line in
            ["fetch build", "fetch build -D new", "fetch build --sync", "fetch build -o it.zip"]
        {
            // One file alone needs few inodes.
            let fails = !(inodes && line.contains("-o"));
            let (code, said) = run(&fake, home.path(), line);
            assert_eq!(code, Some(if fails { 9 } else { 0 }), "{options} {line}: {said}");
            if fails {
                // The free space of a tmpfs is known, and its free inodes are not looked at.
                let told = if inodes { "no space left on the disk" } else { " KiB free)" };
                assert!(said.contains(told), "{options} {line}: {said}");
                assert_eq!(items(home.path()), before, "{options} {line}");
            }
        }
        let _ = fs::remove_file(home.path().join("it.zip"));
        // The cache is a convenience, and so is its disk.
        let line = format!("fetch build --cache cache -D {}", elsewhere.path().display());
        let (code, said) = run(&fake, home.path(), &line);
        assert_eq!(code, Some(0), "{options}: {said}");
        no_leftovers(home.path());
    }
}

#[test]
fn a_folder_mounted_twice_is_another_file_system_to_a_rename() {
    let home = tempfile::tempdir().unwrap();
    for name in ["work/vol", "work/other", "elsewhere"] {
        fs::create_dir_all(home.path().join(name)).unwrap();
    }
    let elsewhere = home.path().join("elsewhere");
    let volume = home.path().join("work/vol");
    let source = elsewhere.to_str().unwrap();
    let Some(_mounted) = mount(&["--bind", source], &volume) else { return };
    let (code, said) = run(&tree(), &home.path().join("work"), "fetch build");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read(elsewhere.join("sub/new")).unwrap(), b"3");
    no_leftovers(home.path());
}

#[test]
fn a_read_only_folder_with_a_volume_that_can_be_written_takes_what_belongs_there() {
    let home = tempfile::tempdir().unwrap();
    let work = home.path().join("work");
    fs::create_dir_all(work.join("vol")).unwrap();
    let source = work.to_str().unwrap();
    let Some(_bound) = mount(&["--bind", source], &work) else { return };
    let Some(_mounted) = mount(&["-t", "tmpfs", "none"], &work.join("vol")) else { return };
    let Some(read_only) = mount(&["-o", "remount,ro,bind"], &work) else { return };
    let fake = Fake::start(one_archive(zip(&[file("vol/a", "1"), file("vol/d/b", "2")])));
    let (code, said) = run(&fake, home.path(), "fetch build -D work");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read(work.join("vol/d/b")).unwrap(), b"2");
    no_leftovers(&work);
    let (code, said) = run(&tree(), home.path(), "fetch build -D work");
    assert_eq!(code, Some(9), "{said}");
    no_leftovers(&work);
    // The volume is no part of a destination that would have to be created beside it.
    let before = fake.log().len();
    let (code, said) = run(&fake, home.path(), "fetch build -D work/new");
    assert_eq!(code, Some(9), "{said}");
    let downloads =
        fake.log().into_iter().skip(before).filter(|it| it.short.ends_with("/artifacts"));
    assert_eq!(downloads.count(), 0, "{said}");
    no_leftovers(&work);
    drop(read_only);
}

#[test]
fn a_file_that_something_is_mounted_on_is_written_in_place() {
    for (name, line, begins) in [
        ("it.zip", "fetch build -o it.zip", "PK"),
        ("it.env", "fetch build --dotenv it.env", "DOWNRIVER_JOB_ID=201\n"),
        ("it.env", "trigger 2 --ref main -d --dotenv it.env", "DOWNRIVER_JOB_ID"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let (mine, other) = (home.path().join(name), home.path().join("other"));
        fs::write(&mine, "").unwrap();
        fs::write(&other, "a longer text than the archive has, or so it is to be hoped").unwrap();
        let Some(_mounted) = mount(&["--bind", other.to_str().unwrap()], &mine) else { return };
        let fake = Fake::start(downstream(&[job(201, "build")]));
        let (code, said) = run(&fake, home.path(), line);
        assert_eq!(code, Some(0), "{line}: {said}");
        let text = fs::read(&other).unwrap();
        assert!(text.starts_with(begins.as_bytes()), "{line}: {}", String::from_utf8_lossy(&text));
        no_leftovers(home.path());
    }
}

#[test]
fn open_files_of_the_process_are_written_and_never_replaced() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let home = tempfile::tempdir().unwrap();
        let kind = |path: &str| fs::symlink_metadata(path).unwrap().file_type();
        let before = kind("/dev/stdout");
        let script = format!("\"$DOWNRIVER\" fetch build -o {name} > it.zip");
        let output = shell(&fake, home.path(), &script);
        assert!(output.status.success(), "{output:?}");
        assert!(fs::read(home.path().join("it.zip")).unwrap().starts_with(b"PK"), "{name}");
        assert_eq!(kind("/dev/stdout"), before);
        // What is in a file that is appended to stays.
        let script =
            format!("echo mine > log; \"$DOWNRIVER\" fetch build -q --dotenv {name} >> log");
        assert!(shell(&fake, home.path(), &script).status.success());
        let log = fs::read_to_string(home.path().join("log")).unwrap();
        assert!(log.starts_with("mine\nDOWNRIVER_JOB_ID=201\n"), "{log}");
    }
    let home = tempfile::tempdir().unwrap();
    let script = "\"$DOWNRIVER\" fetch build -q --dotenv /dev/stderr 2> said";
    assert!(shell(&fake, home.path(), script).status.success());
    assert!(fs::read_to_string(home.path().join("said")).unwrap().contains("DOWNRIVER_JOB_ID=201"));
    let script = "mkfifo p; cat p > it.zip & \"$DOWNRIVER\" fetch build -o p; wait";
    assert!(shell(&fake, home.path(), script).status.success());
    assert!(fs::read(home.path().join("it.zip")).unwrap().starts_with(b"PK"));
}

#[test]
fn few_descriptors_suffice_and_none_are_told() {
    let mut all: Vec<_> =
        (0..200).map(|i| file(format!("{}/{i}", "d/".repeat(i + 1)), "x")).collect();
    all.push(file("mine", "new"));
    let fake = Fake::start(one_archive(zip(&all)));
    let home = tempfile::tempdir().unwrap();
    let output = shell(&fake, home.path(), "ulimit -n 64; \"$DOWNRIVER\" fetch build");
    assert!(output.status.success(), "{output:?}");
    no_leftovers(home.path());
    // A refusal after everything was staged.
    let script = "ulimit -n 64; \"$DOWNRIVER\" fetch build --on-conflict fail";
    let output = shell(&fake, home.path(), script);
    assert_eq!(output.status.code(), Some(9), "{output:?}");
    no_leftovers(home.path());
    // Too few for the folders below each other.
    let before = items(home.path());
    let output = shell(&fake, home.path(), "ulimit -n 12; \"$DOWNRIVER\" fetch build");
    assert_eq!(output.status.code(), Some(9), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("ulimit -n"), "{output:?}");
    assert_eq!(items(home.path()), before);
    let output = shell(&fake, home.path(), "ulimit -n 3; \"$DOWNRIVER\" --version");
    // The loader of the program needs descriptors as well.
    if !String::from_utf8_lossy(&output.stderr).contains("error while loading") {
        assert!(output.status.success(), "{output:?}");
        let output = shell(&fake, home.path(), "ulimit -n 4; \"$DOWNRIVER\" fetch build");
        assert_eq!(output.status.code(), Some(9), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("error: "), "{output:?}");
    }
}

#[test]
fn whatever_the_number_of_descriptors_nothing_stays_and_the_limit_is_named() {
    let all: Vec<_> =
        (0..60).map(|i| file(format!("{}/{i}", "d/".repeat(i % 9 + 1)), "x")).collect();
    let fake = Fake::start(one_archive(zip(&all)));
    for line in ["-D out", "-o it.zip --dotenv it.env", "-D out --cache cache", "-D out --sync"] {
        for limit in 4..=22 {
            let home = tempfile::tempdir().unwrap();
            let script =
                format!("ulimit -n {limit}; exec \"$DOWNRIVER\" fetch build {line} --retries 0");
            let output = shell(&fake, home.path(), &script);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            if said.contains("error while loading") {
                continue;
            }
            no_leftovers(home.path());
            match output.status.code() {
                Some(0) => {}
                Some(9) => assert!(said.contains("ulimit -n"), "{limit} {line}: {said}"),
                code => panic!("{limit} {line}: {code:?} {said}"),
            }
        }
    }
}

#[test]
fn a_deleted_working_folder_is_told_where_one_is_needed() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    let home = tempfile::tempdir().unwrap();
    let gone = "mkdir gone; cd gone; rmdir ../gone;";
    let output = shell(&fake, home.path(), &format!("{gone} \"$DOWNRIVER\" --version"));
    assert!(output.status.success(), "{output:?}");
    let output = shell(&fake, home.path(), &format!("{gone} \"$DOWNRIVER\" fetch build"));
    assert_eq!(output.status.code(), Some(9), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the folder does not exist any more"), "{said}");
    let to = home.path().join("to");
    let script = format!("{gone} \"$DOWNRIVER\" fetch build -D {}", to.display());
    assert!(shell(&fake, home.path(), &script).status.success());
    assert!(to.join("from").exists());
}

#[test]
fn a_full_standard_output_is_named() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    let home = tempfile::tempdir().unwrap();
    for line in ["fetch build --json", "fetch build -o -", "ls build"] {
        let output = shell(&fake, home.path(), &format!("\"$DOWNRIVER\" {line} > /dev/full"));
        assert_eq!(output.status.code(), Some(9), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("cannot write to standard output: No space left"), "{said}");
    }
}

#[test]
fn durable_files_and_folders_are_the_same_files() {
    let fake = tree();
    let home = tempfile::tempdir().unwrap();
    assert_eq!(run(&fake, home.path(), "fetch build --durable").0, Some(0));
    assert_eq!(fs::read(home.path().join("vol/sub/new")).unwrap(), b"3");
    assert_eq!(run(&fake, home.path(), "fetch build --durable -o it.zip").0, Some(0));
    assert!(fs::read(home.path().join("it.zip")).unwrap().starts_with(b"PK"));
}

#[test]
fn threads_that_cannot_be_started_are_told() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), PermissionsExt::from_mode(0o777)).unwrap();
    // Limits of processes do not hold for root.
    let limited = |limit: usize, line: &str| {
        let script = format!(
            "exec setpriv --reuid=64123 --clear-groups prlimit --nproc={limit} \"$DOWNRIVER\" {line}"
        );
        shell(&fake, home.path(), &script)
    };
    let output = limited(1, "--version");
    if !output.status.success() {
        println!("skipped: {output:?}");
        return;
    }
    let output = limited(1, "fetch build");
    assert_eq!(output.status.code(), Some(9), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("cannot handle signals"), "{said}");
    // Room for the signal handler alone, and then for one worker.
    let output = limited(2, "fetch build");
    assert_eq!(output.status.code(), Some(9), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("cannot start a thread"), "{said}");
    let output = limited(3, "fetch build");
    assert!(output.status.success(), "{output:?}");
    // Names are looked up, addresses tried and archives downloaded in one thread where need be.
    let by_name = fake.api_url().replace("127.0.0.1", "localhost");
    for limit in [2, 3, 4] {
        let output = limited(limit, &format!("fetch build -o it.zip --api-url {by_name}"));
        assert!(output.status.success(), "{limit}: {output:?}");
    }
    let noise = crate::fake::noise(12_000_000, 7);
    let stored = one_archive(zip(&[file("large", noise.clone()), file("small", "x")]));
    let fake = Fake::start(stored.server(serde_json::json!({"archives": "redirect"})));
    for (limit, line) in [(2, "-o it.zip --streams 4"), (3, "-D out --streams 4")] {
        let script = format!(
            "exec setpriv --reuid=64123 --clear-groups prlimit --nproc={limit} \"$DOWNRIVER\" fetch build {line}"
        );
        let output = shell(&fake, home.path(), &script);
        assert!(output.status.success(), "{limit} {line}: {output:?}");
    }
    assert!(fs::read(home.path().join("out/large")).unwrap() == noise);
}
