//! Output on both streams; no other room writes to one.
//!
//! Results go to standard output and everything else to standard error, so that a script can read
//! the one while the log of the job keeps the other.

mod age;
pub mod choose;
mod job_log;
mod json_writer;
pub mod pipelines;
pub mod progress;
mod steps;
mod streams;
mod style;
mod totals;
pub mod tree;
mod verbosity;

pub use streams::Ui;
