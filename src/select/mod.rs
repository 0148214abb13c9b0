//! Decisions: what was seen and what is wanted in, a choice or a refusal out. No I/O, no clock.

pub mod files;
pub mod link;
pub mod name;
pub mod pattern;
pub mod together;
pub mod tree;
