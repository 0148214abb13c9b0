//! What a run tells while it goes on: facts, not text. The terminal, the log and the tests listen.

use std::fmt;
use std::time::Duration;

use crate::model::{Bridge, Job, Pipeline, PipelineAt, Status};
use crate::refusal::Candidate;
use crate::sanitize::sanitize;

/// Somebody who is told what happens. Several threads may tell at once.
pub trait Watch: Send + Sync {
    fn step(&self, step: &Step<'_>);
}

/// One thing that happened.
#[derive(Debug)]
pub enum Step<'a> {
    /// 1: the bridges of a pipeline were listed.
    Bridges { of: &'a PipelineAt, bridges: &'a [Bridge] },
    /// 2: a bridge led to a downstream pipeline that is looked through.
    Downstream { bridge: &'a str, pipeline: &'a Pipeline, at: &'a PipelineAt },
    /// 3: the jobs of a pipeline were listed.
    Jobs { at: &'a PipelineAt, status: &'a Status, jobs: &'a [Job] },
    /// 2 and 3: what a choice was made from, and why the others lost.
    Chosen { from: &'a str, candidates: &'a [Candidate] },
    /// 3: these jobs were chosen to take archives from, with the bytes that each will be.
    Archives(&'a [(String, Option<u64>)]),
    /// 3: a job was chosen. `named`: the label begins with its name, and not with `job` and its id.
    Job { label: &'a str, named: bool, status: Option<&'a Status>, size: Option<u64> },
    /// A manual job is played.
    Playing { label: &'a str },
    /// 4: bytes of an archive arrived; `total` where the server announced it.
    Bytes { label: &'a str, done: u64, total: Option<u64> },
    /// 4: an archive is here, in so many bytes and so much time.
    Downloaded { label: &'a str, bytes: u64, took: Duration },
    /// 4: an archive was here already, from an earlier run.
    Cached { label: &'a str, bytes: u64 },
    /// 4: files were put in place.
    Placed { files: usize, bytes: u64, at: &'a str },
    /// A request was answered, or was not.
    Exchange(&'a Exchange),
    /// A request will be sent again.
    Retry { reason: &'a str, pause: Duration, number: u32, of: u32 },
    /// The lookup will be asked again; `why` is what it ended with.
    Waiting { why: &'a str, pause: Duration },
    /// Something the user should know that does not stop the run.
    Warning(&'a str),
}

/// One request and what came back, without secrets.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub method: &'static str,
    /// Without the query where it could be a signature; harmless to print.
    pub address: String,
    /// The status, or what went wrong.
    pub outcome: Result<u16, String>,
    /// Until the head of the answer was there.
    pub took: Duration,
    /// The announced length of the body.
    pub bytes: Option<u64>,
    /// GitLab's own name for the request, for whoever reads its log.
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
