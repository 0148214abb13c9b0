//! Decisions: from what was seen and what is wanted to a choice or a refusal.
//!
//! Nothing here asks, waits, reads a file or looks at the clock: what a decision needs is handed
//! in, so each can be tested as a table.

pub mod downstream;
pub mod job;
pub mod job_pattern;
pub mod pipelines;
pub mod prune;
pub mod trigger;

pub mod file_pattern;
pub mod files;
pub mod link;
pub mod merge_plans;
pub mod name;
mod name_tree;
pub mod outcome;
