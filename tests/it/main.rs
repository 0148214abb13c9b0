//! The integration tests: whole runs in process against the stand-in GitLab.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests"
)]

#[path = "../fake/mod.rs"]
mod fake;

mod fake_itself;
mod raw;
mod worlds;
