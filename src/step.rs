//! Progress of a run as data: the events that the terminal, the log and the tests receive.

use std::fmt;
use std::time::Duration;

use crate::model::{Bridge, Job, JobId, Pipeline, PipelineAt, PipelineId, ProjectRef, Status};
use crate::refusal::Candidate;
use crate::sanitize::sanitize;

/// A receiver of events. Several threads may report events at the same time.
pub trait Watch: Send + Sync {
    fn step(&self, step: &Step<'_>);
}

/// An event. The numbers 1 to 4 are the steps: bridges, downstream pipelines, jobs, transfer.
#[derive(Debug)]
pub enum Step<'a> {
    /// Before 1: the newest pipeline of a ref was found. `of` names the ref or the merge
    /// request for people.
    Latest { project: &'a ProjectRef, pipeline: &'a Pipeline, of: &'a str },
    /// 1: the bridges of a pipeline were listed.
    Bridges { of: &'a PipelineAt, bridges: &'a [Bridge] },
    /// 2: a bridge with a downstream pipeline was selected.
    Downstream { bridge: &'a str, pipeline: &'a Pipeline, at: &'a PipelineAt },
    /// 3: the jobs of a pipeline were listed.
    Jobs { at: &'a PipelineAt, status: &'a Status, jobs: &'a [Job] },
    /// 2 and 3: the candidates of a selection, with the reasons against those not selected. `of` is
    /// the pipeline that alone was asked for them, if there is one.
    Chosen { from: &'a str, of: Option<PipelineId>, candidates: &'a [Candidate] },
    /// 3: the jobs whose archives will be downloaded, with their sizes in bytes.
    Archives(&'a [(String, Option<u64>)]),
    /// 3: a job was selected. `named`: the label begins with its name, not with `job` and its id.
    Job { label: &'a str, named: bool, status: Option<&'a Status>, size: Option<u64> },
    /// `trigger --retry`: the pipeline that may be retried. `tip` is the commit that the ref points
    /// to, where that decides.
    LastPipeline { pipeline: &'a Pipeline, ref_: &'a str, tip: Option<&'a str>, retried: bool },
    /// A manual job or bridge is started.
    Playing { name: &'a str, id: JobId, stage: &'a str },
    /// Manual jobs were to be started, and there are none.
    NothingToPlay,
    /// The status of a pipeline that is waited for was read.
    Polled,
    /// 4: bytes of an archive were received; `total` is the announced length.
    Bytes { label: &'a str, done: u64, total: Option<u64> },
    /// 4: an archive was downloaded.
    Downloaded { label: &'a str, bytes: u64, took: Duration },
    /// 4: an archive was found in the cache.
    Cached { label: &'a str, bytes: u64 },
    /// 4: the files of a job were committed to their destination.
    Placed { label: &'a str, files: usize, bytes: u64, at: &'a str },
    /// 4: a file or folder was removed by `--delete`, or to make room for one of another kind.
    Removed { path: &'a str },
    /// 4: the files of a job were made equal to those of its archive; `bytes` were written.
    Synced { label: &'a str, counts: SyncCounts, bytes: u64, at: &'a str },
    /// 4: the archive itself was saved as a file.
    Saved { label: &'a str, bytes: u64, file: &'a str },
    /// A request was answered or failed.
    Exchange(&'a Exchange),
    /// A request will be sent again.
    Retry { reason: &'a str, pause: Duration, number: u32, of: u32 },
    /// The lookup will be repeated; `reason` is the result of the last one.
    Waiting { reason: &'a str, pause: Duration },
    /// A problem that does not end the run.
    Warning(&'a str),
}

/// The numbers of files and links in a `--sync`. `modes` of the unchanged ones had other permission
/// bits, which were put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncCounts {
    pub unchanged: usize,
    pub modes: usize,
    pub changed: usize,
    pub new: usize,
    pub removed: usize,
}

/// A request and its response, without secrets.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub method: &'static str,
    /// Sanitised; without the query if that could be a signature.
    pub address: String,
    /// The status, or the reason for the failure.
    pub outcome: Result<u16, String>,
    /// The time until the headers of the response were received.
    pub took: Duration,
    /// The announced length of the body.
    pub bytes: Option<u64>,
    /// `X-Request-Id`, by which the request is found in the logs of GitLab.
    pub request_id: Option<String>,
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.method, self.address)?;
        match &self.outcome {
            Ok(status) => write!(f, "{status}")?,
            Err(reason) => write!(f, "{}", sanitize(reason))?,
        }
        write!(f, " in {} ms", self.took.as_millis())?;
        if let Some(bytes) = self.bytes {
            write!(f, ", {bytes} bytes")?;
        }
        self.request_id.as_ref().map_or(Ok(()), |id| write!(f, ", request {id}"))
    }
}
