//! The integration tests: whole runs in process against the stand-in GitLab.
//!
//! - `harness`, `ran`, `folder`, `outside`: one run, and what came of it
//! - `ls`, `cat`: what they print, and what they ask for (`made`: their archives)
//! - `fake_itself`, `worlds`: is the stand-in strict, do its worlds tell their story? (`raw` asks)
//! - `demo`, `install`: do the demo and the installer do what they say?
//! - `tree`: the command of that name
//! - `tidy`, `checks`, `readme`: the rules of the house, of the tools, and of the documents
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

#[path = "../fake/mod.rs"]
mod fake;
#[path = "../../examples/demo/story.rs"]
mod story;

mod cat;
mod checks;
mod demo;
mod fake_itself;
mod folder;
mod harness;
mod install;
mod ls;
mod made;
mod outside;
mod ran;
mod raw;
mod readme;
mod tidy;
mod tree;
mod worlds;
