//! Tests of the precedence of settings and of their sources. The tables write flags as on a command
//! line and variables as in a shell.

mod api;
mod checkout;
mod network;
mod scope;
mod token;
mod web_url;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;

use crate::args::{ConnectArgs, LookupArgs};
use crate::clock::Clock;
use crate::env::{Env, Stream};

/// The flags that all lookups share, and the positional arguments.
#[derive(Debug, Parser)]
struct TestArgs {
    #[command(flatten)]
    lookup: LookupArgs,
    #[command(flatten)]
    connect: ConnectArgs,
    words: Vec<String>,
}

fn parse_args(flags: &str) -> TestArgs {
    TestArgs::try_parse_from(["downriver"].into_iter().chain(flags.split_whitespace())).unwrap()
}

/// Creates an environment in this folder with variables written `NAME=value NAME=value`.
pub fn env_in(folder: &Path, variables: &str) -> Env {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    let stream = || Stream { writer: Box::new(std::io::sink()), terminal: false };
    Env {
        args: Vec::new(),
        vars: variables.split_whitespace().map(pair).collect::<BTreeMap<_, _>>(),
        not_unicode: Default::default(),
        dir: folder.to_owned(),
        stdin: Box::new(std::io::empty()),
        keyboard: None,
        stdout: stream(),
        stderr: stream(),
        clock: Arc::new(NoClock),
        interrupt: Default::default(),
    }
}

/// Creates an environment in a folder that does not exist, and so is in no checkout.
fn env(variables: &str) -> Env {
    env_in(Path::new("/nonexistent/folder"), variables)
}

/// A clock that stands still; settings do not depend on time.
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

/// Writes a file with mode 0600, and creates its parent folders.
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

/// Creates a checkout of the branch `main` with a remote `origin`.
fn clone_of(url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join(".git/HEAD"), "ref: refs/heads/main\n");
    let config = format!("[core]\n\tbare = false\n[remote \"origin\"]\n\turl = {url}\n");
    write(&folder.path().join(".git/config"), &config);
    folder
}
