//! A pipeline with its jobs, bridges and downstream pipelines, as a tree.

use super::address::PipelineAt;
use super::job::Job;
use super::pipeline::{Bridge, Pipeline};

/// A pipeline, with its jobs and bridges or the reason why they were not read.
#[derive(Debug, Clone)]
pub struct PipelineTree {
    pub at: PipelineAt,
    pub pipeline: Pipeline,
    pub below: Result<SubTree, LeftOut>,
}

/// The jobs and bridges of a pipeline, oldest first, newest attempts only.
#[derive(Debug, Clone, Default)]
pub struct SubTree {
    pub jobs: Vec<Job>,
    pub bridges: Vec<BridgeTree>,
}

/// A bridge with its downstream pipeline, if there is one.
#[derive(Debug, Clone)]
pub struct BridgeTree {
    pub bridge: Bridge,
    pub downstream: Option<PipelineTree>,
}

/// The reason why the jobs and bridges of a pipeline were not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// GitLab answered with this HTTP status: the token may not read it, or it was deleted.
    Unreadable { status: u16 },
    /// The tree has it in another place already.
    Met,
    /// It is below the depth that was asked for.
    Deeper,
}

impl PipelineTree {
    /// Returns a pipeline whose jobs and bridges were not read.
    pub fn unread(at: PipelineAt, pipeline: Pipeline, why: LeftOut) -> PipelineTree {
        PipelineTree { at, pipeline, below: Err(why) }
    }

    /// Returns its bridges, or none if they were not read.
    pub fn bridges(&self) -> &[BridgeTree] {
        self.below.as_ref().map_or(&[], |below| &below.bridges)
    }
}
