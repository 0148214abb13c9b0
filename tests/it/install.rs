//! Does `install.sh` put the program where it was asked to, and say what is in its way?
//!
//! A stand-in for cargo "builds" a small script, so that no test waits for a release build.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::tidy::root;

/// Writes the program where cargo would, and what it was called with beside it.
const CARGO: &str = r#"#!/bin/sh
while [ "$#" -gt 1 ] && [ "$1" != --target-dir ]; do shift; done
mkdir -p "$2/release" && printf '#!/bin/sh\necho built\n' > "$2/release/downriver"
"#;

/// A checkout of its own with a copy of the script, and a PATH with little on it.
struct Place(TempDir);

impl Place {
    fn new(cargo: Option<&str>) -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for folder in ["check out", "bin", "home", "elsewhere"] {
            fs::create_dir(place.path(folder)).unwrap();
        }
        fs::copy(root().join("install.sh"), place.path("check out/install.sh")).unwrap();
        fs::write(place.path("check out/Cargo.toml"), "").unwrap();
        for tool in ["sh", "cat", "dirname", "mkdir", "cp", "chmod", "mv", "rm"] {
            let known = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(tool));
            let real = known.into_iter().find(|path| path.exists()).expect(tool);
            std::os::unix::fs::symlink(real, place.path("bin").join(tool)).unwrap();
        }
        if let Some(cargo) = cargo {
            let path = place.path("bin/cargo");
            fs::write(&path, cargo).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Calls the script from another folder: its exit code, and all that it said.
    fn install(&self, words: &[&str]) -> (i32, String) {
        let output = Command::new("/bin/sh")
            .arg("../check out/install.sh")
            .args(words)
            .current_dir(self.path("elsewhere"))
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }
}

#[test]
fn the_program_goes_where_it_was_asked_to() {
    for (words, expect) in [
        (&[] as &[&str], "home/.local/bin/downriver"),
        (&["--to", "here"], "elsewhere/here/downriver"),
        (&["--to=../a b/c"], "a b/c/downriver"),
    ] {
        let place = Place::new(Some(CARGO));
        // Twice: the second time it replaces what is there.
        for _ in 0..2 {
            let (exit, said) = place.install(words);
            assert_eq!(exit, 0, "{words:?}: {said}");
            assert!(said.contains("is not on your PATH"), "{said}");
        }
        let program = place.path(expect);
        assert!(fs::read_to_string(&program).unwrap().contains("built"), "{words:?}");
        assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o755);
        let beside = fs::read_dir(program.parent().unwrap()).unwrap().count();
        assert_eq!(beside, 1, "{words:?} leaves something else there");
    }
}

#[test]
fn what_is_in_the_way_is_said() {
    let broken = "#!/bin/sh\nexit 101\n";
    for (cargo, words, exit, expect) in [
        (Some(CARGO), &["--help"] as &[&str], 0, "Usage: install.sh [--to DIR]"),
        (Some(CARGO), &["--too"], 2, "unknown option --too"),
        (Some(CARGO), &["--to"], 2, "--to wants a folder"),
        (Some(CARGO), &["--to="], 2, "--to wants a folder"),
        (Some(CARGO), &["--to", "../check out/Cargo.toml/bin"], 1, "cannot make the folder"),
        (None, &["--to", "here"], 1, "no cargo on the PATH"),
        (Some(broken), &["--to", "here"], 1, "the build failed"),
    ] {
        let place = Place::new(cargo);
        let (code, said) = place.install(words);
        assert!(code == exit && said.contains(expect), "{words:?}: {code} {said}");
        assert!(!place.path("elsewhere/here/downriver").exists(), "{words:?}");
        assert!(!place.path("home/.local").exists(), "{words:?}");
    }
}
