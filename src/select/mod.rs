//! Decisions: from what was read and what is wanted to a choice or a refusal.
//!
//! Nothing here sends requests, waits, reads files or reads the clock. Each decision receives its
//! facts as arguments and is tested with a table of cases.

// The lookup: steps 1 to 3.
pub mod any;
pub mod creation;
pub mod disk_links;
pub mod downstream;
pub mod job;
pub mod job_folder;
pub mod job_pattern;
pub mod missing_archive;
pub mod offer;
pub mod outcome;
pub mod pipelines;
pub mod prune;
pub mod reports;

// Pipelines that are started.
pub mod trigger;

// The contents of archives: step 4.
pub mod file_pattern;
pub mod files;
mod glob;
pub mod link;
pub mod link_target;
pub mod merge_plans;
pub mod name;
mod name_tree;
pub mod retention;
pub mod sync;
