//! `cargo run --example demo`: the main job, told as a story, with a stand-in for GitLab on this
//! computer. It needs no account and no network, and leaves nothing behind. `-- --all` tells all
//! scenes. The first build compiles the dependencies: 2 to 3 minutes on two cores.
//!
//! The story itself is in `demo/story.rs`; `cargo test` tells it as well.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a program of its own, not a part of the product"
)]

use std::io::{IsTerminal, stdout};
use std::process::ExitCode;

#[path = "../tests/fake/mod.rs"]
mod fake;
#[path = "demo/story.rs"]
mod story;

use story::Length;

fn main() -> ExitCode {
    let length = match std::env::args().nth(1).as_deref() {
        None => Length::Short,
        Some("--all") => Length::Full,
        Some(word) => {
            eprintln!("demo: unknown option {word}; --all tells all scenes");
            return ExitCode::from(2);
        }
    };
    let colors = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let as_told =
        story::tell(&mut stdout().lock(), length, colors).expect("standard output takes text");
    if as_told { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
