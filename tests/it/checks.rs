//! Checks by tools: rustfmt, clippy, rustdoc, shellcheck. `cargo test` is the only check there is.
//!
//! On Windows they are skipped: the results are the same as elsewhere, and the tests
//! may run in an emulation that has no cargo.
#![cfg(not(windows))]

use std::path::Path;
use std::process::{Command, Output};

use crate::tidy::root;

/// Cargo itself, on this package and in the folder the tests were built in.
pub fn cargo(words: &[&str]) -> Option<Command> {
    let cargo = Path::new(env!("CARGO"));
    if !cargo.exists() {
        // The tests were built here and are run elsewhere, by an emulator for instance.
        println!("skipped: there is no {}", cargo.display());
        return None;
    }
    let mut command = Command::new(cargo);
    command.args(words).current_dir(root());
    // What cargo tells its children about this test would look like a change to its own child,
    // which would then build everything again.
    let settings =
        ["CARGO_HOME", "CARGO_BUILD_", "CARGO_NET_", "CARGO_PROFILE_", "CARGO_INCREMENTAL"];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let inherited = name.starts_with("CARGO") && !settings.iter().any(|s| name.starts_with(s));
        if inherited || ["RUSTDOCFLAGS", "RUST_LOG", "RUST_BACKTRACE"].contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    let here = std::env::current_exe().unwrap();
    let target = here.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    command.env("CARGO_TARGET_DIR", target.unwrap_or(&root().join("target")));
    Some(command)
}

fn passes(mut command: Command) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(status.success(), "{command:?}\n{}{}", said[0], said[1]);
}

#[test]
fn everything_is_formatted() {
    cargo(&["fmt", "--check"]).into_iter().for_each(passes);
}

#[test]
fn clippy_has_nothing_to_say() {
    let words = ["clippy", "--offline", "--quiet", "--all-targets", "--", "-D", "warnings"];
    cargo(&words).into_iter().for_each(passes);
}

#[test]
fn the_documentation_builds_without_warnings() {
    let words = ["doc", "--offline", "--quiet", "--no-deps", "--document-private-items"];
    let Some(mut command) = cargo(&words) else { return };
    command.env("RUSTDOCFLAGS", "-D warnings");
    passes(command);
}

#[test]
fn shell_scripts_pass_shellcheck() {
    if Command::new("shellcheck").arg("--version").output().is_err() {
        let must = std::env::var_os("CI").is_some() && cfg!(target_os = "linux");
        assert!(!must, "CI has no shellcheck on its PATH");
        println!("skipped: no shellcheck on the PATH");
        return;
    }
    let mut command = Command::new("shellcheck");
    command.args(["install.sh", ".ci/run", ".ci/release"]).current_dir(root());
    passes(command);
}
