//! Limits of a lookup, whatever the server answers.

/// The number of lists that are read at the same time.
pub const MAX_PARALLEL_LISTS: usize = 8;

/// The levels of downstream pipelines that are followed, even if a server makes up more.
pub const MAX_DEPTH: u32 = 100;
