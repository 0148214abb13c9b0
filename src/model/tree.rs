//! A pipeline with what hangs below it, as it was met on the way down.

use super::{Bridge, Job, Pipeline, PipelineAt};

/// A pipeline, and its jobs and bridges where they were read.
#[derive(Debug, Clone)]
pub struct PipelineTree {
    pub at: PipelineAt,
    pub pipeline: Pipeline,
    pub below: Result<SubTree, LeftOut>,
}

/// What a pipeline consists of, oldest first, without what was retried.
#[derive(Debug, Clone, Default)]
pub struct SubTree {
    pub jobs: Vec<Job>,
    pub bridges: Vec<BridgeTree>,
}

/// A bridge, and the pipeline it triggered if there is one.
#[derive(Debug, Clone)]
pub struct BridgeTree {
    pub bridge: Bridge,
    pub downstream: Option<PipelineTree>,
}

/// Why nothing is known of a pipeline but what its bridge says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// GitLab answered with this status: the token may not read it, or it is gone.
    Unreadable { status: u16 },
    /// Another bridge led to it before.
    Met,
    /// It is further down than was asked for.
    Deeper,
}

impl PipelineTree {
    /// A pipeline that has not been looked into.
    pub fn unread(at: PipelineAt, pipeline: Pipeline, why: LeftOut) -> PipelineTree {
        PipelineTree { at, pipeline, below: Err(why) }
    }

    /// Its bridges, as far as they are known.
    pub fn bridges(&self) -> &[BridgeTree] {
        self.below.as_ref().map_or(&[], |below| &below.bridges)
    }
}
