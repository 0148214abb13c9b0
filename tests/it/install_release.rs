//! Does `install.sh` install a release, and nothing else than what the release says it is?
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::install::{Place, tool};
use crate::loopback::Site;
use crate::release::{VERSION, archive, can_pack, download, released, released_installer};
use crate::tidy::root;

const LINUX: &str = "x86_64-unknown-linux-musl";

/// All that a download takes, but for the tools of which one is enough.
const TOOLS: [&str; 6] = ["mktemp", "sed", "cut", "tar", "gzip", "unzip"];

/// A program that knows its version, as the real one does.
fn program() -> String {
    format!("#!/bin/sh\necho downriver {VERSION}\n")
}

/// On an Intel computer with Linux, with the installer of the release and these tools.
fn place(site: &Site, tools: &[&str]) -> Place {
    let mut place = Place::new(Path::new("")).with_tools(&TOOLS).with_tools(tools);
    place.script = released_installer(site, &place.path("bin"));
    let mut place = place.on("Linux", "x86_64");
    place.vars.push(("LC_ALL".into(), "C".into()));
    place
}

fn usual(site: &Site) -> Place {
    place(site, &["curl", "sha256sum"])
}

#[test]
fn any_shell_installs_with_any_of_the_tools() {
    if !can_pack() {
        return;
    }
    let site = released(&program());
    let shells = [&["/bin/sh"] as &[&str], &["/bin/dash"], &["/bin/bash"], &["/bin/busybox", "sh"]];
    let known = |tools: &'static [&str]| tools.iter().filter(|name| tool(name).is_some());
    for shell in shells.into_iter().filter(|shell| fs::exists(shell[0]).unwrap()) {
        for loader in known(&["curl", "wget"]) {
            for summer in known(&["sha256sum", "shasum", "openssl"]) {
                let mut place = place(&site, &[loader, summer]);
                place.shell = shell.iter().map(|&word| word.to_owned()).collect();
                let (exit, said) = place.install(&[]);
                assert_eq!(exit, 0, "{shell:?} {loader} {summer}: {said}");
                assert_eq!(place.program("home/.local/bin/downriver"), (program(), true));
                let beside = fs::read_dir(place.path("home/.local/bin")).unwrap().count();
                assert_eq!(beside, 1);
            }
        }
    }
}

#[test]
fn every_computer_gets_its_own_program() {
    if !can_pack() {
        return;
    }
    let site = released(&program());
    for (system, machine, target, name) in [
        ("Linux", "x86_64", LINUX, "downriver"),
        ("Linux", "aarch64", "aarch64-unknown-linux-musl", "downriver"),
        ("Darwin", "x86_64", "x86_64-apple-darwin", "downriver"),
        ("Darwin", "arm64", "aarch64-apple-darwin", "downriver"),
        ("MINGW64_NT-10.0-20348", "x86_64", "x86_64-pc-windows-gnu", "downriver.exe"),
        ("MSYS_NT-10.0-26100", "aarch64", "x86_64-pc-windows-gnu", "downriver.exe"),
    ] {
        let place = usual(&site).on(system, machine);
        site.asked();
        let (exit, said) = place.install(&[]);
        assert_eq!(exit, 0, "{system}: {said}");
        let gets = ["SHA256SUMS", &archive(target)].map(|file| format!("GET {}", download(file)));
        assert_eq!(site.asked(), gets);
        assert_eq!(place.program(&format!("home/.local/bin/{name}")), (program(), true));
    }
    // A shell that is translated for an Apple chip takes itself for one of Intel.
    let place = usual(&site).on("Darwin", "x86_64").with_script("sysctl", "#!/bin/sh\necho 1\n");
    let (_, said) = place.install(&[]);
    assert!(said.contains("aarch64-apple-darwin"), "{said}");
}

#[test]
fn nothing_is_installed_that_was_not_verified() {
    if !can_pack() {
        return;
    }
    type Spoil = fn(&Site);
    for (spoil, expect) in [
        (
            (|site| site.put(&download(&archive(LINUX)), "something else")) as Spoil,
            "nothing was installed",
        ),
        (|site| site.cut(&download(&archive(LINUX)), 100), "cannot download"),
        (|site| site.remove(&download("SHA256SUMS")), "cannot download"),
        (|site| site.put(&download("SHA256SUMS"), "<html>sign in</html>"), "has no line for"),
        (
            |site| {
                site.put(
                    &download("SHA256SUMS"),
                    format!("{}  x{}\n", "0".repeat(64), archive(LINUX)),
                )
            },
            "has no line for",
        ),
        (|site| site.remove(&download(&archive(LINUX))), "cannot download"),
    ] {
        let site = released(&program());
        spoil(&site);
        let place = usual(&site);
        fs::create_dir_all(place.path("home/.local/bin")).unwrap();
        fs::write(place.path("home/.local/bin/downriver"), "the old one").unwrap();
        let (exit, said) = place.install(&["--force"]);
        assert!(exit == 1 && said.contains(expect), "{expect}: {exit} {said}");
        let names: Vec<_> = fs::read_dir(place.path("home/.local/bin")).unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
        let old = fs::read_to_string(place.path("home/.local/bin/downriver")).unwrap();
        assert_eq!(old, "the old one");
    }
}

#[test]
fn both_loaders_say_why_nothing_came() {
    if !can_pack() {
        return;
    }
    let site = released(&program());
    site.remove(&download(&archive(LINUX)));
    for loader in ["curl", "wget"].into_iter().filter(|name| tool(name).is_some()) {
        let (exit, said) = place(&site, &[loader, "sha256sum"]).install(&["--quiet"]);
        assert!(exit == 1 && said.contains("404"), "{loader}: {exit} {said}");
    }
}

/// In Git's shell on Windows, `TMPDIR` may be written as Windows does.
#[test]
fn a_backslash_in_a_path_changes_no_sum() {
    if !can_pack() {
        return;
    }
    let site = released(&program());
    let mut place = usual(&site);
    let temporary = place.path("tmp").join(r"a\b");
    fs::create_dir(&temporary).unwrap();
    place.vars.push(("TMPDIR".into(), temporary.to_str().unwrap().into()));
    let output = place.command().arg(&place.script).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(place.program("home/.local/bin/downriver"), (program(), true));
}

#[test]
fn nothing_stays_behind_when_the_terminal_is_closed() {
    if !can_pack() {
        return;
    }
    let site = released(&program());
    for (signal, expect) in [("HUP", 129), ("INT", 130), ("TERM", 143)] {
        // Under nohup or in the background, some are ignored by all that is started there.
        let dies = Command::new("sh").args(["-c", &format!("kill -{signal} $$")]).status().unwrap();
        if dies.success() {
            println!("skipped: {signal} is ignored here");
            continue;
        }
        // The signal comes in the middle of the download.
        let curl = format!("#!/bin/sh\nkill -{signal} $PPID\n");
        let place = place(&site, &["sha256sum"]).with_script("curl", &curl);
        let (exit, said) = place.install(&[]);
        assert_eq!(
            (exit, fs::read_dir(place.path("home/.local/bin")).unwrap().count()),
            (expect, 0),
            "{said}"
        );
    }
}

#[test]
fn what_is_missing_is_said_before_anything_is_asked() {
    if !can_pack() {
        return;
    }
    let site = released(&program());
    site.asked();
    for (tools, words, expect) in [
        (&["sha256sum"] as &[&str], &[] as &[&str], "no curl or wget"),
        (&["curl"], &[], "could not be verified"),
        (&["curl", "sha256sum"], &["--to", "/dev/null/bin"], "cannot make the folder"),
    ] {
        let (exit, said) = place(&site, tools).install(words);
        assert!(exit == 1 && said.contains(expect), "{expect}: {exit} {said}");
    }
    for (name, words) in
        [("tar", &[] as &[&str]), ("unzip", &["--target", "x86_64-pc-windows-gnu"])]
    {
        let place = usual(&site);
        fs::remove_file(place.path("bin").join(name)).unwrap();
        let (exit, said) = place.install(words);
        assert!(exit == 1 && said.contains(&format!("no {name}")), "{exit} {said}");
    }
    let place = usual(&site).on("Plan9", "x86_64");
    let (exit, said) = place.install(&[]);
    assert!(exit == 1 && said.contains("no release for Plan9"), "{exit} {said}");
    assert_eq!(site.asked(), [] as [&str; 0]);
}

#[test]
fn a_program_that_does_not_run_here_is_not_put_in_place() {
    if !can_pack() {
        return;
    }
    let site = released("#!/bin/sh\nexit 1\n");
    let place = usual(&site);
    let (exit, said) = place.install(&[]);
    assert!(exit == 1 && said.contains("does not run here"), "{exit} {said}");
    assert_eq!(fs::read_dir(place.path("home/.local/bin")).unwrap().count(), 0);
    // For another computer, nobody can know.
    let (exit, said) = place.install(&["--target", "aarch64-apple-darwin"]);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn what_is_there_already_is_downloaded_only_by_force() {
    if !can_pack() {
        return;
    }
    let site = released(&program());
    let place = usual(&site);
    place.install(&[]);
    site.asked();
    let (exit, said) = place.install(&[]);
    assert!(exit == 0 && said.contains("already"), "{said}");
    assert_eq!(site.asked().len(), 0);
    assert_eq!(place.install(&["--force", "--quiet"]), (0, String::new()));
    assert_eq!(site.asked().len(), 2);
    // Another version is another program.
    let (exit, _) = place.install(&["--version=v9.9.9"]);
    assert_eq!(exit, 1);
    assert_eq!(site.asked(), ["GET /tools/downriver/-/releases/9.9.9/downloads/SHA256SUMS"]);
}

#[test]
fn a_mirror_is_asked_instead() {
    if !can_pack() {
        return;
    }
    let (site, mirror) = (released(&program()), Site::start());
    for file in ["SHA256SUMS", &archive(LINUX)] {
        let bytes = site.get(&download(file)).unwrap();
        mirror.put(&format!("/mirror/{VERSION}/downloads/{file}"), bytes);
    }
    let address = format!("{}/mirror/", mirror.address);
    site.asked();
    // From the script of a checkout as well, which knows no releases of its own.
    for checkout in [false, true] {
        for (words, variable) in [
            (&[] as &[&str], address.as_str()),
            (&["--base-url", &address], ""),
            (&["--base-url", &address], "http://127.0.0.1:1/"),
        ] {
            let mut place = usual(&site);
            if checkout {
                place.script = root().join("install.sh");
            }
            place.vars.push(("DOWNRIVER_BASE_URL".into(), variable.into()));
            let (exit, said) = place.install(words);
            assert_eq!(exit, 0, "{words:?} {variable}: {said}");
            assert_eq!((mirror.asked().len(), site.asked().len()), (2, 0));
        }
    }
}

#[test]
fn the_script_may_come_through_a_pipe() {
    if !can_pack() {
        return;
    }
    let site = released(&program());
    let place = usual(&site);
    let script = fs::File::open(&place.script).unwrap();
    let output = place.command().args(["-s", "--", "--to", "here"]).stdin(script).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(place.program("elsewhere/here/downriver"), (program(), true));
    // Cut off anywhere, it does nothing.
    let whole = fs::read_to_string(&place.script).unwrap();
    let place = usual(&site);
    site.asked();
    for part in [whole.len() / 3, whole.len() / 2, whole.len() - 12] {
        let cut = place.path("cut.sh");
        fs::write(&cut, &whole[..part]).unwrap();
        let _ = place.command().stdin(fs::File::open(&cut).unwrap()).output().unwrap();
    }
    assert_eq!(site.asked().len(), 0);
    assert!(!place.path("home/.local").exists());
}
