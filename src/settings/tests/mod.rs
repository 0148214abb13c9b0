//! Which value wins, and where it is said to come from.
//!
//! The tables are written as they are met: flags as they are typed, variables as a shell has them.

mod api;
mod checkout;
mod network;
mod scope;
mod token;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;

use crate::args::{Connect, Lookup};
use crate::clock::Clock;
use crate::env::{Env, Stream};

/// The flags that all lookups share, and a URL.
#[derive(Debug, Parser)]
struct Typed {
    #[command(flatten)]
    lookup: Lookup,
    #[command(flatten)]
    connect: Connect,
    words: Vec<String>,
}

fn typed(flags: &str) -> Typed {
    Typed::try_parse_from(["downriver"].into_iter().chain(flags.split_whitespace())).unwrap()
}

/// A process in an empty folder of its own, with these variables, written `NAME=value NAME=value`.
pub fn env_in(folder: &Path, variables: &str) -> Env {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    let stream = || Stream { writer: Box::new(std::io::sink()), terminal: false };
    Env {
        args: Vec::new(),
        vars: variables.split_whitespace().map(pair).collect::<BTreeMap<_, _>>(),
        dir: folder.to_owned(),
        stdin: Box::new(std::io::empty()),
        stdout: stream(),
        stderr: stream(),
        clock: Arc::new(NoClock),
        interrupt: Default::default(),
    }
}

/// The same in a folder that holds nothing and lies in no checkout.
fn env(variables: &str) -> Env {
    env_in(Path::new("/nonexistent/folder"), variables)
}

/// Settings need no time.
struct NoClock;

impl Clock for NoClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

/// Writes a file, with the folders it lies in; only its owner can read it.
pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    mode(path, 0o600);
}

#[cfg(unix)]
pub fn mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A checkout of the branch `main` with a remote `origin`.
fn clone_of(url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join(".git/HEAD"), "ref: refs/heads/main\n");
    let config = format!("[core]\n\tbare = false\n[remote \"origin\"]\n\turl = {url}\n");
    write(&folder.path().join(".git/config"), &config);
    folder
}
