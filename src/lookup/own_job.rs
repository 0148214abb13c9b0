//! The CI job that runs this program, which must not be waited for: it would wait for itself.

use super::context::Ctx;
use super::query::{JobQuery, OwnJob};
use crate::model::{JobId, PipelineAt};
use crate::select::outcome::Attempts;
use crate::usage::Usage;

/// Returns true if the wanted jobs of a pipeline, or the whole pipeline if no job is named, cannot end
/// before the job of this program does.
fn is_among(own: &OwnJob, at: &PipelineAt, query: &JobQuery) -> bool {
    let name = own.name.as_deref();
    let is_wanted = || {
        let mut patterns = query.jobs.iter();
        name.is_some_and(|name| patterns.any(|it| it.match_name(name).is_some()))
    };
    at.id == own.pipeline && (query.jobs.is_empty() || is_wanted())
}

/// Refuses to wait for the pipeline or the job that this program runs in.
///
/// # Errors
/// The usage error that says so.
pub fn refuse_own(ctx: &Ctx<'_>, at: &PipelineAt, query: &JobQuery) -> Result<(), Usage> {
    let waits = ctx.polling.attempts() == Attempts::UntilTimeout;
    match query.own_job.as_ref().filter(|own| waits && is_among(own, at, query)) {
        Some(_) if query.jobs.is_empty() => Err(Usage::new(format!(
            "this job would wait for itself: it belongs to pipeline {}",
            at.id
        ))
        .hint("name the jobs to wait for, or wait with --from downstream for what the pipeline triggered")),
        Some(_) => Err(Usage::new(format!(
            "this job would wait for itself: it is one of the wanted jobs of pipeline {}",
            at.id
        ))
        .hint("name only other jobs")),
        None => Ok(()),
    }
}

/// Refuses to wait for the job that runs this program, which was asked for by its id.
///
/// # Errors
/// The usage error that says so.
pub fn refuse_own_id(ctx: &Ctx<'_>, id: JobId, query: &JobQuery) -> Result<(), Usage> {
    let waits = ctx.polling.attempts() == Attempts::UntilTimeout;
    let own = query.own_job.as_ref().and_then(|own| own.id);
    match waits && own == Some(id) {
        true => Err(Usage::new(format!("this job would wait for itself: it is job {id}"))
            .hint("name another job")),
        false => Ok(()),
    }
}
