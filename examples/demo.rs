//! `cargo run --example demo`: a walk through the main commands against a stand-in for GitLab on
//! this computer. It needs no account and no network, and removes its files.
//!
//! The scenes are in `demo/story.rs`; `cargo test` plays them as well.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program of its own, not a part of the product"
)]

use std::io::{IsTerminal, stdout};
use std::process::ExitCode;

#[path = "../tests/fake/mod.rs"]
mod fake;
#[path = "demo/story.rs"]
mod story;

fn main() -> ExitCode {
    let colors = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let as_expected =
        story::play_all(&mut stdout().lock(), colors).expect("standard output takes text");
    if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
