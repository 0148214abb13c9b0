//! Configuration files of git, glab and python-gitlab with arbitrary content.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use std::{fs, io};

use downriver::args::{ConnectArgs, LookupArgs};
use downriver::clock::Clock;
use downriver::env::{Env, Stream};
use downriver::interrupt::Interrupt;
use downriver::settings;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for below in [".git", ".config/glab-cli"] {
        fs::create_dir_all(folder.path().join(below)).unwrap();
    }
    fs::write(folder.path().join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    folder
});

fuzz_target!(|bytes: &[u8]| {
    // Every file gets the same bytes; at most one of them can be valid.
    let folder = FOLDER.path();
    for file in [".git/config", ".config/glab-cli/config.yml", ".python-gitlab.cfg"] {
        fs::write(folder.join(file), bytes).unwrap();
    }
    let mut env = env(folder);
    let (connect, lookup) = (ConnectArgs::default(), LookupArgs::default());
    match settings::scope(&lookup, &connect, None, &env) {
        Ok(place) => assert!(!place.settings.is_empty()),
        Err(usage) => assert_harmless(&usage.to_string()),
    }
    match settings::api(&connect, &lookup, None, &env) {
        Ok(api) => {
            assert_harmless(&format!("{} {}", api.value, api.source));
            match settings::token(&connect, &api, &mut env) {
                Ok(chosen) => chosen.warnings.iter().for_each(|warning| assert_harmless(warning)),
                Err(error) => assert_harmless(&format!("{error:#}")),
            }
        }
        Err(usage) => assert_harmless(&usage.to_string()),
    }
});

fn env(folder: &Path) -> Env {
    let stream = || Stream { writer: Box::new(io::sink()), terminal: false };
    Env {
        args: Vec::new(),
        vars: BTreeMap::from([("HOME".to_owned(), folder.to_str().unwrap().to_owned())]),
        not_unicode: BTreeSet::new(),
        dir: folder.to_owned(),
        stdin: Box::new(io::empty()),
        keyboard: None,
        stdout: stream(),
        stderr: stream(),
        clock: Arc::new(Stopped),
        interrupt: Interrupt::default(),
    }
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

fn assert_harmless(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}
