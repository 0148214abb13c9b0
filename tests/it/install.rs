//! Does `install.sh`, in a checkout, build the program and put it where it was asked to, and say
//! what is in its way?
//!
//! A stand-in for cargo "builds" a small script, so that no test waits for a release build.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::tidy::root;

/// Writes the program where cargo would.
const CARGO: &str = r#"#!/bin/sh
while [ "$#" -gt 0 ]; do
    case "$1" in
        --target-dir) into=$2 ;;
        --target) target=$2/ ;;
    esac
    shift
done
mkdir -p "$into/${target:-}release"
printf '#!/bin/sh\necho built\n' > "$into/${target:-}release/downriver"
"#;

/// The tools that the script needs in every case.
const TOOLS: [&str; 10] =
    ["sh", "cat", "dirname", "mkdir", "cp", "chmod", "mv", "rm", "grep", "uname"];

/// A tool of the system.
pub fn tool(name: &str) -> Option<PathBuf> {
    let known = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(name));
    known.into_iter().find(|path| path.exists())
}

/// Folders to stand in, the script to be called, and a PATH with little on it.
pub struct Place {
    folder: TempDir,
    /// The shell, with its arguments before the script.
    pub shell: Vec<String>,
    pub script: PathBuf,
    pub vars: Vec<(String, String)>,
}

impl Place {
    pub fn new(script: &Path) -> Place {
        let folder = tempfile::tempdir().unwrap();
        for name in ["bin", "home", "elsewhere", "tmp"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let script = script.to_owned();
        let place = Place { folder, shell: vec!["/bin/sh".into()], script, vars: Vec::new() };
        place.with_tools(&TOOLS)
    }

    /// With a copy of the script in a checkout of its own.
    fn in_checkout() -> Place {
        let mut place = Place::new(Path::new("../check out/install.sh"));
        fs::create_dir(place.path("check out")).unwrap();
        for file in ["install.sh", "Cargo.toml"] {
            fs::copy(root().join(file), place.path("check out").join(file)).unwrap();
        }
        place.vars.push(("LC_ALL".into(), "C".into()));
        place
    }

    pub fn with_tools(self, tools: &[&str]) -> Place {
        for name in tools {
            let real = tool(name).unwrap_or_else(|| panic!("no {name} on this machine"));
            std::os::unix::fs::symlink(real, self.path("bin").join(name)).unwrap();
        }
        self
    }

    /// Puts a script on the PATH, in place of what is there.
    pub fn with_script(self, name: &str, text: &str) -> Place {
        let path = self.path("bin").join(name);
        let _ = fs::remove_file(&path);
        // Written by another process: a process that a test beside this one starts just then would
        // keep it open for writing for a moment, and what is open for writing cannot be run.
        let write = ["-c", r#"printf %s "$1" >"$0" && chmod 755 "$0""#];
        let written = Command::new("sh").args(write).arg(&path).arg(text).status().unwrap();
        assert!(written.success());
        self
    }

    /// On a computer of this kind.
    pub fn on(self, system: &str, machine: &str) -> Place {
        let text =
            format!("#!/bin/sh\ncase $1 in -s) echo {system} ;; *) echo {machine} ;; esac\n");
        self.with_script("uname", &text)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file below the place, and whether it may be run.
    pub fn program(&self, name: &str) -> (String, bool) {
        let mode = fs::metadata(self.path(name)).unwrap().permissions().mode();
        (fs::read_to_string(self.path(name)).unwrap(), mode & 0o777 == 0o755)
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.shell[0]);
        command
            .args(&self.shell[1..])
            .current_dir(self.path("elsewhere"))
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Calls the script from another folder: its exit code, and all that it said.
    pub fn install(&self, words: &[&str]) -> (i32, String) {
        let Output { status, stdout, stderr } =
            self.command().arg(&self.script).args(words).output().unwrap();
        let left = fs::read_dir(self.path("tmp")).unwrap().count();
        assert_eq!(left, 0, "{words:?} leaves something in the folder for what is temporary");
        (status.code().unwrap(), String::from_utf8([stdout, stderr].concat()).unwrap())
    }
}

#[test]
fn the_program_goes_where_it_was_asked_to() {
    for (words, expect) in [
        (&[] as &[&str], "home/.local/bin/downriver"),
        (&["--to", "here"], "elsewhere/here/downriver"),
        (&["--to=../a b/c/"], "a b/c/downriver"),
        (&["--target", "some-other-computer"], "home/.local/bin/downriver"),
    ] {
        let place = Place::in_checkout().with_script("cargo", CARGO);
        // Twice: the second time it replaces what is there.
        for _ in 0..2 {
            let (exit, said) = place.install(words);
            assert_eq!(exit, 0, "{words:?}: {said}");
            assert!(said.contains("is not on your PATH"), "{said}");
            assert!(!said.contains("//"), "{said}");
        }
        let (text, may_run) = place.program(expect);
        assert!(text.contains("built") && may_run, "{words:?}: {text}");
        let beside = fs::read_dir(place.path(expect).parent().unwrap()).unwrap().count();
        assert_eq!(beside, 1, "{words:?} leaves something else there");
    }
}

/// A cargo whose program prints completions and man pages as the real one does.
fn cargo_with_extras() -> String {
    let program = r#"#!/bin/sh
case "$*" in
    "completions "*) echo "completions for $2" ;;
    man) printf ".TH downriver\\ndownriver\\\\-fetch(1)\\ndownriver\\\\-ls(1)\\n" ;;
    "man "*) echo "the page of $2" ;;
esac"#;
    CARGO.replace("printf '#!/bin/sh\\necho built\\n'", &format!("printf '%s\\n' '{program}'"))
}

const EXTRAS: [&str; 7] = [
    "home/.local/share/bash-completion/completions/downriver",
    "home/.local/share/zsh/site-functions/_downriver",
    "home/.config/fish/completions/downriver.fish",
    "home/.local/share/elvish/lib/downriver.elv",
    "home/.local/share/man/man1/downriver.1",
    "home/.local/share/man/man1/downriver-fetch.1",
    "home/.local/share/man/man1/downriver-ls.1",
];

#[test]
fn completions_and_man_pages_go_where_the_system_looks_for_them() {
    let place = Place::in_checkout().with_script("cargo", &cargo_with_extras());
    let (exit, said) = place.install(&[]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("installed completions and man pages in "), "{said}");
    for file in EXTRAS {
        assert!(place.path(file).is_file(), "{file}: {said}");
    }
    assert_eq!(fs::read_to_string(place.path(EXTRAS[1])).unwrap(), "completions for zsh\n");
    assert_eq!(fs::read_to_string(place.path(EXTRAS[6])).unwrap(), "the page of ls\n");
    let pages = fs::read_dir(place.path("home/.local/share/man/man1")).unwrap().count();
    assert_eq!(pages, 3, "nothing else is left there");

    let mut elsewhere = Place::in_checkout().with_script("cargo", &cargo_with_extras());
    let share = elsewhere.path("data").display().to_string();
    elsewhere.vars.push(("XDG_DATA_HOME".into(), share));
    elsewhere.vars.push(("SHELL".into(), "/bin/zsh".into()));
    let (_, said) = elsewhere.install(&[]);
    assert!(elsewhere.path("data/man/man1/downriver-ls.1").is_file(), "{said}");
    assert!(said.contains("fpath=('") && said.contains("/zsh/site-functions' $fpath)"), "{said}");

    for words in [&["--no-extras"] as &[&str], &["--target", "some-other-computer"]] {
        let place = Place::in_checkout().with_script("cargo", &cargo_with_extras());
        let (exit, said) = place.install(words);
        assert!(exit == 0 && !said.contains("completions"), "{words:?}: {said}");
        assert!(!place.path("home/.local/share").exists(), "{words:?}");
    }
}

#[test]
fn the_program_is_installed_where_its_extras_cannot_be() {
    let place = Place::in_checkout().with_script("cargo", &cargo_with_extras());
    fs::create_dir_all(place.path("home/.local")).unwrap();
    fs::write(place.path("home/.local/share"), "in the way").unwrap();
    let (exit, said) = place.install(&[]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("note: completions and man pages could not be written"), "{said}");
    assert!(place.path("home/.local/bin/downriver").is_file());
}

/// The line that is printed is typed, and a shell that starts afterwards finds the program.
#[test]
fn the_line_that_mends_the_path_mends_it() {
    for (shell, file, expect) in [
        ("/bin/bash", ".bashrc", ">>~/.bashrc; export PATH="),
        ("/usr/bin/zsh", ".zshrc", ">>~/.zshrc; export PATH="),
        ("/bin/sh", ".profile", ">>~/.profile; export PATH="),
        ("/usr/bin/fish", "", "fish_add_path '"),
    ] {
        let mut place = Place::in_checkout().with_script("cargo", CARGO);
        place.vars.push(("SHELL".into(), shell.into()));
        let (_, said) = place.install(&["--to", "../a b"]);
        let line = said.lines().find(|line| line.starts_with("  ") && line.contains(expect));
        let line = line.unwrap_or_else(|| panic!("{shell}: {said}"));
        if file.is_empty() {
            continue;
        }
        let home = place.path("home");
        let run = |script: &str| {
            let mut sh = Command::new("/bin/sh");
            sh.args(["-c", script]).env("HOME", &home).env("PATH", "/usr/bin:/bin");
            String::from_utf8(sh.output().unwrap().stdout).unwrap()
        };
        assert!(run(&format!("{line}; downriver")).contains("built"), "{shell}: {line}");
        assert!(run(&format!(". ~/{file}; downriver")).contains("built"), "{shell}: {line}");
    }
    // For a path with such characters no line is printed, because each shell quotes it differently.
    let place = Place::in_checkout().with_script("cargo", CARGO);
    let (exit, said) = place.install(&["--to", "a$b"]);
    assert!(exit == 0 && said.contains("is not on your PATH"), "{said}");
    assert!(!said.contains("export PATH"), "{said}");
}

#[test]
fn quiet_says_nothing() {
    let place = Place::in_checkout().with_script("cargo", CARGO);
    assert_eq!(place.install(&["--quiet"]), (0, String::new()));
}

#[test]
fn what_is_in_the_way_is_said() {
    let broken = "#!/bin/sh\nexit 101\n";
    for (cargo, words, exit, expect) in [
        (Some(CARGO), &["--help"] as &[&str], 0, "Usage: install.sh [OPTIONS]"),
        (Some(CARGO), &["--too"], 2, "unknown option --too"),
        (Some(CARGO), &["--to"], 2, "--to wants a value"),
        (Some(CARGO), &["--to="], 2, "--to wants a value"),
        (Some(CARGO), &["--version", "../1"], 2, "--version cannot be ../1"),
        (Some(CARGO), &["--target", "a/b"], 2, "--target cannot be a/b"),
        (Some(CARGO), &["--version", "9.9.9"], 2, "other versions need --base-url"),
        (Some(CARGO), &["--to", "../check out/Cargo.toml/bin"], 1, "cannot make the folder"),
        (None, &["--to", "here"], 1, "no cargo on the PATH"),
        (Some(broken), &["--to", "here"], 1, "the build failed"),
    ] {
        let mut place = Place::in_checkout();
        if let Some(cargo) = cargo {
            place = place.with_script("cargo", cargo);
        }
        let (code, said) = place.install(words);
        assert!(code == exit && said.contains(expect), "{words:?}: {code} {said}");
        assert!(!place.path("elsewhere/here/downriver").exists(), "{words:?}");
        assert!(!place.path("home/.local").exists(), "{words:?}");
    }
}

#[test]
fn a_folder_in_the_place_of_the_program_is_left_alone() {
    let place = Place::in_checkout().with_script("cargo", CARGO);
    fs::create_dir_all(place.path("elsewhere/here/downriver")).unwrap();
    let (exit, said) = place.install(&["--to", "here"]);
    assert!(exit == 1 && said.contains("is a folder"), "{said}");
    assert_eq!(fs::read_dir(place.path("elsewhere/here/downriver")).unwrap().count(), 0);
}

#[test]
fn a_script_from_a_pipe_takes_no_folder_for_its_checkout() {
    let place = Place::in_checkout().with_script("cargo", CARGO);
    fs::copy(root().join("Cargo.toml"), place.path("elsewhere/Cargo.toml")).unwrap();
    let script = fs::File::open(root().join("install.sh")).unwrap();
    let output = place.command().stdin(script).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("in no checkout"), "{said}");
}

#[test]
fn both_installers_come_with_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    for (file, line) in [
        ("install.sh", format!("version='{version}'")),
        ("install.ps1", format!("    [string]$Version = '{version}',")),
    ] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(text.lines().any(|l| l == line), "{file} has no line {line:?}");
        let empty = text.lines().any(|l| l == "releases=''" || l == "$releases = ''");
        assert!(empty, "{file} names an address, which the release pipeline has to write");
    }
}
