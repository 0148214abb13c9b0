//! The integration tests: whole runs in process against the stand-in GitLab.
//!
//! - `harness`, `ran`, `folder`, `outside`: one run, and what came of it
//! - `ls`, `cat`: what they print, and what they ask for (`made`: their archives)
//! - `fake_itself`, `worlds`: is the stand-in strict, do its worlds tell their story? (`raw` asks);
//!   `fake_manners`, `fake_refusals`, `fake_stores`: each of its manners, as it is on the wire
//! - `python_gitlab`: another client against it; `proxies`: the stand-in proxy, squid and tinyproxy
//! - `demo`, `install`: do the demo and the installer do what they say? `install_release` downloads
//!   from a server of files (`loopback`); `install_ps1` is for Windows
//! - `release`, `components`: the release pipeline, and the templates for pipelines of others (`yaml`);
//!   `packages`: the crate, the Debian package and the RPM; `book`: the chapters of `docs/`;
//!   `schema`: what GitLab's own schema says to these and to those of README and book
//! - `tree`, `explain`, `wait`, `trigger`: the commands of those names; `trigger_again` retries and prints logs,
//!   `trigger_old` is called as pipeline-trigger is
//! - `artifacts_api`: every endpoint of the Job Artifacts API; `keep` and `delete` among it
//! - `fetch`: the main job, from variables to files; its neighbours `fetch_where`, `fetch_jobs`,
//!   `fetch_missing`, `fetch_files`, `fetch_names`, `fetch_patterns`,
//!   `fetch_separate`, `fetch_times`, `fetch_archives` and `fetch_wait` go through the flags
//! - `archives` and the six behind it: hostile and odd archives, over a hundred of them
//! - `choose`: the list of jobs where none is named; `choose_on_pty` on a real terminal
//! - `soak`: fetches through a stand-in that fails at random
//! - `resume`, `stream`: downloads that break off, and that are unpacked as they come
//! - `ranges`: stores that ignore, refuse or misunderstand range requests; `transport`: proxies,
//!   redirects and bytes that drip
//! - `parts`, `sums`: downloads of wanted files alone, and of archives whose SHA-256 is told
//! - `sync`, `sync_delete`: what `--sync` leaves alone, downloads and removes; `sync_fresh` compares
//!   it with a fresh fetch, at random, and `sync_disks` is about mounts, overlays and full disks
//! - `as_python`: what was unpacked against what another reader has
//! - `cache`: archives that are kept for the next run
//! - `checkout`: the branch or commit that is checked out, and pasted addresses; `list`: what it prints
//! - `advice`: what failed requests advise; `advice_pasted`: flags and lines of messages work
//! - `speech`: what is said on both streams; `tokens`: who asks, and who is not let in
//! - `lists`: GitLab's lists as they are; `lookup_parallel`: many of them at a time
//! - `network`: redirects, and what goes wrong on the line
//! - `client`, `client_changes`, `client_refusals`: each request and each refusal of GitLab, one
//!   by one
//! - `tls`: certificates; `certificates`: those that curl and Python take; `wire`: answers that lie about their length, or never end
//! - `pictures`: the pictures of the documents show the output of today, with enough contrast
//! - `json_schema`: the documents of `--json` against their schemas and examples
//! - `completions`: scripts for shells, and man pages; `complete`: what they offer in real shells
//! - `process`, `signals`: what only a real process shows
//! - `places`: destinations that others write to, that are full, or that cannot be written
//! - `scenes`: small worlds that many tests begin with
//! - `threats`: which tests show the rows of THREATS.md; `guarded`: those that had no other place
//! - `recipes`: the recipes of the book, run as they are printed
//! - `tidy`, `checks`, `readme`: the rules of the house, of the tools, and of the documents
//! - `reference`: the help, and `docs/reference.md`, which is made of it
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests"
)]

#[cfg(not(windows))]
#[path = "../../examples/pictures/album.rs"]
mod album;
#[path = "../fake/mod.rs"]
mod fake;
#[path = "../../examples/demo/story.rs"]
mod story;

#[path = "../../src/archive/zip_builder.rs"]
mod zip_builder;

mod advice;
mod advice_pasted;
mod archives;
mod archives_data;
mod archives_ends;
mod archives_headers;
mod archives_large;
mod archives_links;
mod archives_names;
mod artifacts_api;
mod as_python;
mod book;
mod cache;
mod cat;
mod certificates;
mod checkout;
mod checks;
mod choose;
mod choose_on_pty;
mod client;
mod client_changes;
mod client_refusals;
mod complete;
mod completions;
mod components;
mod demo;
mod disks;
mod explain;
mod fake_itself;
mod fake_manners;
mod fake_refusals;
mod fake_stores;
mod fetch;
mod fetch_archives;
mod fetch_files;
mod fetch_jobs;
mod fetch_missing;
mod fetch_names;
mod fetch_patterns;
mod fetch_separate;
mod fetch_times;
mod fetch_wait;
mod fetch_where;
mod folder;
mod guarded;
mod harness;
mod install;
mod install_ps1;
mod install_release;
mod json_schema;
mod kills;
mod list;
mod lists;
mod lookup_parallel;
mod lookup_places;
mod lookup_reasons;
mod loopback;
mod ls;
mod made;
mod network;
#[cfg(target_os = "linux")]
mod odd_disk;
#[cfg(target_os = "linux")]
mod odd_disks;
mod outside;
mod packages;
mod parts;
mod pictures;
mod places;
mod process;
mod proves;
mod proxies;
mod python_gitlab;
mod ran;
mod ranges;
mod raw;
mod readme;
mod recipes;
mod reference;
mod release;
mod resume;
mod scenes;
mod schema;
mod signals;
mod soak;
mod speech;
mod stream;
mod streams;
mod sums;
mod sync;
mod sync_delete;
#[cfg(target_os = "linux")]
mod sync_disks;
mod sync_fresh;
mod threats;
mod tidy;
mod tls;
mod tokens;
mod transport;
mod tree;
mod trigger;
mod trigger_again;
mod trigger_old;
mod wire;
mod worlds;
mod yaml;
