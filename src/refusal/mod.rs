//! Refusals: every expected "no" of a lookup as data.
//!
//! A refusal says what was wanted, what was there instead and whether waiting can help. A request
//! that failed is a `gitlab::Error` and not a refusal. `variants.rs` lists them, `sentence.rs`
//! holds their messages, `consequences.rs` their exit codes and hints, `several.rs` combines those
//! of several jobs, and `archive.rs` holds the refusals of an archive.

mod archive;
mod bridge_failure;
mod candidate;
mod consequences;
mod elsewhere;
mod nearest;
mod no_latest;
mod sentence;
mod several;
mod start_failure;
mod variants;

#[cfg(test)]
mod tests;

pub use archive::ArchiveRefusal;
pub use candidate::Candidate;
pub use elsewhere::Elsewhere;
pub use nearest::nearest;
pub use start_failure::StartFailure;
pub use variants::{FailedJob, JobName, PipelineStatus, Refusal, UntriggeredBridge};
