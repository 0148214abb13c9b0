//! The whole chain of a release: what `.ci/release` packs and uploads is what `install.sh` installs.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::install::tool;
use crate::loopback::Site;
use crate::schema;
use crate::tidy::root;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub const TARGETS: [&str; 5] = [
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-gnu",
];

pub fn archive(target: &str) -> String {
    files(target).remove(0)
}

/// All that a release has for a target: an archive, and for Linux two packages.
fn files(target: &str) -> Vec<String> {
    let kinds: &[&str] = match target {
        windows if windows.contains("windows") => &["zip"],
        linux if linux.contains("linux") => &["tar.gz", "deb", "rpm"],
        _ => &["tar.gz"],
    };
    kinds.iter().map(|kind| format!("downriver-{VERSION}-{target}.{kind}")).collect()
}

/// A stand-in for the program that prints what goes into an archive beside it.
const HOST: &str = r#"#!/bin/sh
case "$*" in
    completions*) echo "completions for $2" ;;
    man) printf '.TH downriver\ndownriver\\-fetch(1)\ndownriver\\-ls(1)\n' ;;
    man*) echo "the page of $2" ;;
esac
"#;

/// Writes a file that may be run.
fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A checkout in which a release can be made, with a program that says what this text says.
struct Checkout(TempDir);

impl Checkout {
    fn new() -> Checkout {
        let checkout = Checkout(tempfile::tempdir().unwrap());
        fs::create_dir(checkout.0.path().join(".ci")).unwrap();
        for file in [
            ".ci/release",
            "Cargo.toml",
            "README.md",
            "CHANGELOG.md",
            "LICENSE-MIT",
            "LICENSE-APACHE",
            "install.sh",
            "install.ps1",
        ] {
            fs::copy(root().join(file), checkout.0.path().join(file)).unwrap();
        }
        executable(&checkout.0.path().join("host"), HOST);
        checkout
    }

    fn step(&self, words: &[&str], vars: &[(&str, &str)]) -> (i32, String) {
        let Output { status, stdout, stderr } = Command::new(self.0.path().join(".ci/release"))
            .args(words)
            .env("CI_COMMIT_TAG", VERSION)
            .env("CI_PROJECT_ID", "7")
            .env("CI_JOB_TOKEN", "glcbt-uploads")
            .envs(vars.iter().copied())
            .output()
            .unwrap();
        (status.code().unwrap(), String::from_utf8([stdout, stderr].concat()).unwrap())
    }

    fn done(&self, words: &[&str], vars: &[(&str, &str)]) {
        let (exit, said) = self.step(words, vars);
        assert_eq!(exit, 0, "{words:?}: {said}");
    }

    /// Packs the same shell script as the program of every target.
    fn pack_all(&self, program: &str) {
        for target in TARGETS {
            let exe = if target.contains("windows") { "downriver.exe" } else { "downriver" };
            let path = self.0.path().join(exe);
            executable(&path, program);
            let host = self.0.path().join("host");
            self.done(&["pack", target, path.to_str().unwrap(), host.to_str().unwrap()], &[]);
            // The packages take tools that are installed in the pipeline only.
            for package in &files(target)[1..] {
                fs::write(self.0.path().join("dist").join(package), package).unwrap();
            }
        }
    }

    /// Puts stand-ins for these tools, in front of those of the system.
    fn tools(&self, scripts: &[(&str, &str)]) -> String {
        let folder = self.0.path().join("tools");
        fs::create_dir_all(&folder).unwrap();
        for (name, script) in scripts {
            executable(&folder.join(name), &format!("#!/bin/sh\n{script}\n"));
        }
        format!("{}:/usr/bin:/bin", folder.display())
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }
}

/// Returns true if the tools for packing are installed; without them, these tests are skipped.
pub fn can_pack() -> bool {
    let missing = ["zip", "unzip", "sha256sum", "curl"].into_iter().find(|t| tool(t).is_none());
    if let Some(name) = missing {
        let must = std::env::var_os("CI").is_some() && cfg!(target_os = "linux");
        assert!(!must, "CI has no {name}");
        println!("skipped: no {name} on this machine");
    }
    missing.is_none()
}

/// A server with a release at `/tools/downriver/-/releases`, as GitLab shows what was uploaded.
pub fn released(program: &str) -> Site {
    let site = Site::start();
    let checkout = Checkout::new();
    checkout.pack_all(program);
    let project = format!("{}/tools/downriver", site.address);
    let api = format!("{}/api/v4", site.address);
    let vars = [("CI_PROJECT_URL", project.as_str()), ("CI_API_V4_URL", api.as_str())];
    checkout.done(&["finish"], &vars);
    checkout.done(&["upload"], &vars);
    for path in site.paths() {
        let file = path.rsplit('/').next().unwrap();
        let uploaded = format!("/api/v4/projects/7/packages/generic/downriver/{VERSION}/{file}");
        assert_eq!(path, uploaded);
        let bytes = site.get(&path).unwrap();
        site.put(&download(file), bytes);
    }
    site
}

/// The path of a file of the release on that server.
pub fn download(file: &str) -> String {
    format!("/tools/downriver/-/releases/{VERSION}/downloads/{file}")
}

/// The installer that the release has written its address into.
pub fn released_installer(site: &Site, folder: &Path) -> std::path::PathBuf {
    let path = folder.join("install.sh");
    fs::write(&path, site.get(&download("install.sh")).unwrap()).unwrap();
    path
}

#[test]
fn a_release_has_every_target_sums_notes_and_installers() {
    if !can_pack() {
        return;
    }
    let site = released("#!/bin/sh\n");
    let asked = site.asked();
    assert_eq!(asked.len(), TARGETS.len() + 3 + 2 * 2);
    assert!(asked.iter().all(|a| a.starts_with("PUT ") && a.ends_with(" glcbt-uploads")));
    let sums = String::from_utf8(site.get(&download("SHA256SUMS")).unwrap()).unwrap();
    let summed: Vec<&str> = sums.lines().map(|line| &line[66..]).collect();
    let mut expect = vec!["install.sh".to_owned(), "install.ps1".to_owned()];
    expect.extend(TARGETS.into_iter().flat_map(files));
    assert_eq!(summed, expect);

    // The links of the release name just these, at the address that the installers ask.
    let links = schema::pipeline()["release"]["release"]["assets"]["links"].clone();
    let links: Vec<String> = links
        .as_array()
        .unwrap()
        .iter()
        .map(|link| {
            let name = link["name"].as_str().unwrap().replace("$CI_COMMIT_TAG", VERSION);
            assert_eq!(link["url"], format!("$FILES/{}", link["name"].as_str().unwrap()));
            assert_eq!(link["filepath"], format!("/{}", link["name"].as_str().unwrap()));
            name
        })
        .collect();
    let linked = [vec!["SHA256SUMS".to_owned()], expect].concat();
    assert_eq!(links, linked);
}

/// A program for another machine cannot print its completions and man pages, so that the archive holds
/// them.
#[test]
fn an_archive_holds_completions_man_pages_and_licences() {
    if !can_pack() {
        return;
    }
    let checkout = Checkout::new();
    checkout.pack_all("the program");
    for target in TARGETS {
        let place = tempfile::tempdir().unwrap();
        let packed = checkout.0.path().join("dist").join(archive(target));
        let unpack: &[&str] =
            if target.contains("windows") { &["unzip", "-q"] } else { &["tar", "-xzf"] };
        let mut command = Command::new(unpack[0]);
        command.args(&unpack[1..]).arg(packed).current_dir(place.path());
        assert!(command.status().unwrap().success(), "{target}");
        let folder = place.path().join(format!("downriver-{VERSION}-{target}"));
        let items = crate::folder::items(&folder);
        let files: Vec<&str> =
            items.iter().map(|item| item.path.as_str()).filter(|p| !p.ends_with('/')).collect();
        let exe = if target.contains("windows") { "downriver.exe" } else { "downriver" };
        let mut expect = vec!["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", exe];
        for shell in ["_downriver", "downriver.bash", "downriver.elv", "downriver.fish"] {
            expect.push(Box::leak(format!("completions/{shell}").into_boxed_str()));
        }
        expect.extend(["completions/downriver.ps1", "man/downriver-fetch.1"]);
        expect.extend(["man/downriver-ls.1", "man/downriver.1"]);
        expect.sort_unstable();
        let mut sorted = files.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expect, "{target}");
        let page = fs::read_to_string(folder.join("man/downriver-ls.1")).unwrap();
        assert_eq!(page, "the page of ls\n");
    }
}

#[test]
fn the_notes_are_those_of_this_version() {
    if !can_pack() {
        return;
    }
    let checkout = Checkout::new();
    checkout.pack_all("");
    let changelog = checkout.file("CHANGELOG.md") + "\n## 0.0.1\n\nan earlier one\n";
    fs::write(checkout.0.path().join("CHANGELOG.md"), changelog).unwrap();
    checkout.done(&["finish"], &[("CI_PROJECT_URL", "https://gitlab.example.com/a/b")]);
    let notes = checkout.file("dist/notes.md");
    assert!(notes.contains("downriver fetch") && !notes.contains("an earlier one"), "{notes}");
    assert!(!notes.lines().any(|line| line.starts_with("## ")), "{notes}");
    let line = "$releases = 'https://gitlab.example.com/a/b/-/releases'";
    assert!(checkout.file("dist/install.ps1").lines().any(|l| l == line));
}

#[test]
fn what_is_no_release_is_refused() {
    if !can_pack() {
        return;
    }
    let url = ("CI_PROJECT_URL", "https://gitlab.example.com/a/b");
    let checkout = Checkout::new();
    let (exit, said) = checkout.step(&["finish"], &[url]);
    assert!(exit == 1 && said.contains(&format!("dist has no {}", archive(TARGETS[0]))), "{said}");
    checkout.pack_all("");
    let package = checkout.0.path().join("dist").join(&files(TARGETS[1])[2]);
    fs::remove_file(&package).unwrap();
    let (exit, said) = checkout.step(&["finish"], &[url]);
    assert!(exit == 1 && said.contains(&format!("dist has no {}", files(TARGETS[1])[2])), "{said}");
    let odd = ("CI_PROJECT_URL", "https://a/$(b)");
    for (vars, expect) in [
        (&[url, ("CI_COMMIT_TAG", "9.9.9")] as &[_], "the tag is 9.9.9"),
        (&[odd], "cannot be written into scripts"),
    ] {
        let (exit, said) = checkout.step(&["finish"], vars);
        assert!(exit == 1 && said.contains(expect), "{said}");
    }
    let (exit, said) = checkout.step(&["nonsense"], &[]);
    assert!(exit == 2 && said.contains("Usage"), "{said}");
}

/// Debian calls the compiler of musl `musl-gcc` on every machine. On ARM, the crates with parts in C
/// would ask for another name, which there is none of.
#[test]
fn a_target_is_built_with_the_compiler_there_is_and_packed() {
    if !can_pack() {
        return;
    }
    let checkout = Checkout::new();
    let cargo = r#"echo "cargo $* by ${TARGET_CC:-its own choice}" >>said
for last; do :; done
case "$*" in
    *--release*) mkdir -p "target/$last/release" && touch "target/$last/release/downriver"
        touch "target/$last/release/downriver.exe" ;;
    build*) mkdir -p target/debug && cp host target/debug/downriver ;;
    *) ls target/extras/* >>said; touch "$last" ;;
esac"#;
    let log = r#"echo "${0##*/} $*" >>said"#;
    let path = checkout.tools(&[("apt-get", log), ("rustup", log), ("cargo", cargo)]);
    // The programs of these targets do not run here, as far as the step can tell.
    let host = "cargo build --locked --bin downriver by";
    for (target, package, compiler) in [
        ("aarch64-unknown-linux-musl", "musl-tools", "musl-gcc"),
        ("x86_64-unknown-linux-musl", "musl-tools", "musl-gcc"),
        ("x86_64-pc-windows-gnu", "gcc-mingw-w64-x86-64 zip", "its own choice"),
    ] {
        checkout.done(&["build", target], &[("PATH", &path)]);
        let said = checkout.file("said");
        let build = "cargo build --release --locked --bin downriver --target";
        let expect = [
            "apt-get update -qq".to_owned(),
            format!("apt-get install -y -qq --no-install-recommends {package}"),
            format!("rustup target add {target}"),
            format!("{build} {target} by {compiler}"),
            format!("{host} {compiler}"),
        ];
        assert_eq!(said.lines().collect::<Vec<_>>(), expect);
        fs::remove_file(checkout.0.path().join("said")).unwrap();
        assert!(checkout.0.path().join("dist").join(archive(target)).is_file());
    }
    // With the tools, packages are built of the program and the extras that are there by then.
    let path = checkout.tools(&[("cargo-deb", ""), ("cargo-generate-rpm", "")]);
    checkout.done(&["build", TARGETS[0]], &[("PATH", &path)]);
    let said = checkout.file("said");
    assert!(said.contains("cargo deb --no-build --no-strip --target x86_64"), "{said}");
    assert!(said.contains("cargo generate-rpm --target x86_64"), "{said}");
    assert!(said.contains("_downriver\n") && said.contains("downriver-fetch.1.gz\n"), "{said}");
    let there = |file: &String| checkout.0.path().join("dist").join(file).is_file();
    assert!(files(TARGETS[0]).iter().all(there), "{said}");
}

/// Checks that the schema cannot make: every job has a stage that is there, names other jobs that
/// are there, and calls scripts that exist.
#[test]
fn the_jobs_of_the_pipeline_name_what_is_there() {
    let pipeline = schema::pipeline();
    let stages = pipeline["stages"].as_array().unwrap();
    let whole = schema::extended(&pipeline);
    let mut built = Vec::new();
    for (name, job) in whole.as_object().unwrap() {
        if ["stages", "variables"].contains(&name.as_str()) {
            continue;
        }
        let stage = &job["stage"];
        assert!(stage.is_null() || stages.contains(stage), "{name}: {stage}");
        for key in ["extends", "needs"] {
            let names = job[key].as_array().cloned().unwrap_or(vec![job[key].clone()]);
            for other in names.iter().filter_map(Value::as_str) {
                assert!(pipeline[other].is_object(), "{name}: {other}");
            }
        }
        let lines = ["before_script", "script"].map(|key| job[key].as_array());
        for line in lines.into_iter().flatten().flatten() {
            let word = line.as_str().unwrap().split(' ').next().unwrap();
            assert!(!word.starts_with(".ci/") || root().join(word).is_file(), "{name}: {word}");
        }
        built.extend(job["variables"]["TARGET"].as_str().map(str::to_owned));
        for row in job["parallel"]["matrix"].as_array().into_iter().flatten() {
            let targets = row["TARGET"].as_array().unwrap().iter();
            built.extend(targets.map(|target| target.as_str().unwrap().to_owned()));
        }
    }
    built.sort();
    let mut expect = TARGETS;
    expect.sort_unstable();
    assert_eq!(built, expect);
}

#[test]
fn the_image_is_empty_but_for_what_the_program_needs() {
    let text = fs::read_to_string(root().join("Containerfile")).unwrap();
    let last = text.split("\nFROM ").last().unwrap();
    let lines: Vec<&str> = last.lines().collect();
    assert_eq!(lines[0], "scratch");
    assert!(lines.contains(&"USER 65532:65532"), "{last}");
    let bundle = last.split("SSL_CERT_FILE=").nth(1).unwrap().lines().next().unwrap();
    let copied = format!("COPY --from=build {bundle} {bundle}");
    assert!(lines.contains(&copied.as_str()), "{copied}");
    // The folder for what is temporary: the mode of a folder is kept only below the one copied.
    assert!(text.contains("mkdir -m 1777 root/tmp\n"));
    assert!(lines.contains(&"COPY --from=build /build/root /"), "{last}");
    // What the program is built from is copied by name, so that nothing else of the folder is.
    for line in text.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        let (sources, _) = line.rsplit_once(' ').unwrap();
        for word in sources.split(' ').filter(|_| !line.starts_with("--from=")) {
            assert!(!word.starts_with(['.', '/', '-']) && root().join(word).exists(), "{word}");
        }
    }
}
