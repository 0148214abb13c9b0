//! The CI job that runs this program.

use super::variables::in_ci;
use crate::args::ConnectArgs;
use crate::env::Env;
use crate::lookup::OwnJob;
use crate::model::{JobId, PipelineId};

/// Returns the CI job that runs this program, if there is one. A job of another server, which
/// `--api-url` names, can have the same number.
pub fn own_job(connect: &ConnectArgs, env: &Env) -> Option<OwnJob> {
    let number = |name| env.var(name)?.parse::<u64>().ok();
    let other_server =
        connect.api_url.is_some() && connect.api_url.as_deref() != env.var("CI_API_V4_URL");
    if other_server || !(in_ci(env) || env.var("CI_JOB_ID").is_some()) {
        return None;
    }
    Some(OwnJob {
        pipeline: PipelineId(number("CI_PIPELINE_ID")?),
        id: number("CI_JOB_ID").map(JobId),
        name: env.var("CI_JOB_NAME").map(str::to_owned),
    })
}
