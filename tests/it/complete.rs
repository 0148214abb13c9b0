//! Completion in real shells: which words they offer in a checkout after a lookup.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::fake::Fake;
use crate::process::downriver;
use crate::scenes::{downstream, job};

const BASH: &str = r#"
source <(downriver completions bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
_clap_complete_downriver downriver "${COMP_WORDS[COMP_CWORD]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

// The functions of zsh's completion system work only while a line is edited, so these two stand in
// for them.
const ZSH: &str = r#"
compdef() { }
_describe() { local array=${argv[3]}; print -rl -- ${(P)array} }
source <(downriver completions zsh)
words=("$@") CURRENT=$#
_clap_dynamic_completer_downriver
"#;

const FISH: &str = r#"
downriver completions fish | source
complete --do-complete "$argv"
"#;

/// A checkout with branches and a tag, whose last lookup listed some jobs.
struct Checkout {
    dir: TempDir,
}

impl Checkout {
    fn new() -> Checkout {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("repo/.git/HEAD", "ref: refs/heads/main\n"),
            ("repo/.git/refs/heads/main", "1"),
            ("repo/.git/refs/heads/feat/quick", "1"),
            ("repo/.git/packed-refs", "1 refs/tags/v1.0\n"),
            ("home/x", ""),
        ] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Checkout { dir }
    }

    fn repo(&self) -> std::path::PathBuf {
        self.dir.path().join("repo")
    }

    /// Looks a job up, so that the names of the pipeline are known.
    fn look_up(&self, vars: &[(&str, &str)]) {
        let hostile = "a\u{1b}[2J";
        let jobs = [job(201, "build"), job(202, "build: [linux, x64]"), job(203, hostile)];
        let fake = Fake::start(downstream(&jobs));
        let output = downriver(&fake, &self.repo())
            .args(["ls", "build"])
            .env("HOME", self.dir.path().join("home"))
            .envs(vars.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    fn cache(&self) -> std::path::PathBuf {
        self.dir.path().join("home/.cache/downriver/names")
    }

    /// Returns the words that a shell offers for the last of these words, without descriptions.
    /// None if the shell is not installed.
    fn offers(&self, shell: &str, words: &[&str]) -> Option<Vec<String>> {
        let program = Path::new(env!("CARGO_BIN_EXE_downriver")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(shell);
        match shell {
            "bash" => command.args(["--norc", "-c", BASH, "bash"]).args(words),
            "zsh" => command.args(["-f", "-c", ZSH, "zsh"]).args(words),
            _ => command.args(["--no-config", "-c", FISH]).arg(words.join(" ")),
        };
        let home = self.dir.path().join("home");
        let output = command
            .env_clear()
            .env("PATH", path)
            .env("HOME", home)
            .current_dir(self.repo())
            .stdin(Stdio::null())
            .output();
        let Ok(output) = output else {
            println!("skipped: there is no {shell}");
            return None;
        };
        let separator = if shell == "zsh" { ':' } else { '\t' };
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        // zsh escapes a colon of the value itself with a backslash.
        let value = |line: &str| {
            line.replace("\\:", "\0").split(separator).next().unwrap_or_default().replace('\0', ":")
        };
        Some(text.split(['\n', '\u{b}']).map(value).filter(|word| !word.is_empty()).collect())
    }
}

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

#[track_caller]
fn offer(checkout: &Checkout, words: &[&str], expect: &[&str]) {
    for shell in SHELLS {
        if let Some(offered) = checkout.offers(shell, words) {
            assert_eq!(offered, expect, "{shell} {words:?}");
        }
    }
}

#[test]
fn flags_and_fixed_values_are_offered() {
    let checkout = Checkout::new();
    offer(&checkout, &["downriver", "exp"], &["explain"]);
    offer(&checkout, &["downriver", "fetch", "--on-conf"], &["--on-conflict"]);
    offer(&checkout, &["downriver", "fetch", "--on-conflict", "s"], &["skip"]);
    offer(&checkout, &["downriver", "fetch", "--report", "ju"], &["junit"]);
    offer(&checkout, &["downriver", "completions", "z"], &["zsh"]);
    offer(&checkout, &["downriver", "man", "fe"], &["fetch"]);
}

#[test]
fn refs_come_from_git() {
    let checkout = Checkout::new();
    offer(&checkout, &["downriver", "fetch", "--ref", "fe"], &["feat/quick"]);
    offer(&checkout, &["downriver", "fetch", "--commit", "H"], &["HEAD"]);
    offer(&checkout, &["downriver", "trigger", "--ref", "v"], &["v1.0"]);
}

#[test]
fn jobs_and_bridges_come_from_the_last_lookup_of_this_checkout() {
    let checkout = Checkout::new();
    checkout.look_up(&[]);
    for (shell, quoted) in [
        ("bash", "'build: [linux, x64]'"),
        ("fish", "build: [linux, x64]"),
        ("zsh", "build: [linux, x64]"),
    ] {
        if let Some(mut offered) = checkout.offers(shell, &["downriver", "fetch", "bu"]) {
            offered.sort_by_key(String::len);
            assert_eq!(offered, ["build", quoted], "{shell}");
        }
    }
    offer(&checkout, &["downriver", "fetch", "a"], &[]);
    offer(&checkout, &["downriver", "wait", "--bridge", "d"], &["down"]);
    let files: Vec<_> = std::fs::read_dir(checkout.cache()).unwrap().collect();
    assert_eq!(files.len(), 1);
    let text = std::fs::read_to_string(files[0].as_ref().unwrap().path()).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document["jobs"].as_array_mut().unwrap().sort_by_key(|name| name.as_str().map(str::len));
    assert_eq!(document, json!({"jobs": ["build", "build: [linux, x64]"], "bridges": ["down"]}));
}

#[test]
fn a_broken_file_means_no_names_and_ci_writes_none() {
    let checkout = Checkout::new();
    checkout.look_up(&[("CI", "true")]);
    assert!(!checkout.cache().exists());
    checkout.look_up(&[]);
    let file = std::fs::read_dir(checkout.cache()).unwrap().next().unwrap().unwrap().path();
    for broken in ["", "{", "[1]", "{\"jobs\": 7, \"bridges\": []}"] {
        std::fs::write(&file, broken).unwrap();
        offer(&checkout, &["downriver", "fetch", "bu"], &[]);
    }
    std::fs::write(&file, format!("{{\"jobs\": [\"{}\"], \"bridges\": []}}", "b".repeat(20_000)))
        .unwrap();
    offer(&checkout, &["downriver", "fetch", "bb"], &[]);
    checkout.look_up(&[]);
    offer(&checkout, &["downriver", "wait", "--bridge", "d"], &["down"]);
}
