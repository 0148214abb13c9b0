//! Command lines and CI variables, and the settings they result in.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use downriver::args::{ConnectArgs, LookupArgs};
use downriver::clock::Clock;
use downriver::commands;
use downriver::env::{Env, Stream};
use downriver::interrupt::Interrupt;
use downriver::settings;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

/// The flags of a lookup and positional words.
#[derive(Debug, Parser)]
struct Words {
    #[command(flatten)]
    lookup: LookupArgs,
    #[command(flatten)]
    connect: ConnectArgs,
    words: Vec<String>,
}

const VARIABLES: [&str; 12] = [
    "CI_API_V4_URL",
    "CI_SERVER_URL",
    "GITLAB_HOST",
    "CI_PROJECT_ID",
    "CI_PIPELINE_ID",
    "CI_UPSTREAM_PROJECT_ID",
    "CI_UPSTREAM_PIPELINE_ID",
    "PARENT_PROJECT_ID",
    "PARENT_PIPELINE_ID",
    "PARENT_JOB_ID",
    "CI_PIPELINE_SOURCE",
    "GITLAB_CI",
];

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // A line `<number>=<value>` sets a variable; other lines are arguments.
    let (mut args, mut vars) = (Vec::new(), BTreeMap::new());
    for line in text.split('\n') {
        match line.split_once('=').and_then(|(number, value)| {
            Some((*VARIABLES.get(number.parse::<usize>().ok()?)?, value))
        }) {
            Some((name, value)) => {
                vars.insert(name.to_owned(), value.to_owned());
            }
            None => args.push(line.to_owned()),
        }
    }
    let typed: Vec<OsString> = args.iter().map(OsString::from).collect();
    for name in ["downriver", "trigger"] {
        let args: Vec<OsString> = [name.into()].into_iter().chain(typed.clone()).collect();
        match commands::parse(&args) {
            Ok(command) => {
                command.waits();
                command.output_args();
            }
            Err(error) => drop(error.render().to_string()),
        }
    }
    let whole = ["downriver".to_owned()].into_iter().chain(args);
    if let Ok(words) = Words::try_parse_from(whole) {
        resolve(&words, &env(vars));
    }
});

fn resolve(words: &Words, env: &Env) {
    let Words { lookup, connect, words } = words;
    let split = match settings::split_web_url(words, lookup, connect, env) {
        Ok(split) => split,
        Err(usage) => return assert_harmless(&usage.to_string()),
    };
    assert_eq!(split.words.len() + usize::from(split.url.is_some()), words.len());
    let pasted = split.web_url;
    match settings::api(connect, lookup, pasted.as_ref(), env) {
        Ok(api) => assert_harmless(&format!("{} {}", api.value, api.source)),
        Err(usage) => assert_harmless(&usage.to_string()),
    }
    match settings::scope(lookup, connect, pasted.as_ref(), env) {
        Ok(place) => assert!(!place.settings.is_empty()),
        Err(usage) => assert_harmless(&usage.to_string()),
    }
}

fn env(vars: BTreeMap<String, String>) -> Env {
    let stream = || Stream { writer: Box::new(io::sink()), terminal: false };
    Env {
        args: Vec::new(),
        vars,
        not_unicode: BTreeSet::new(),
        dir: PathBuf::from("/nonexistent"),
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
