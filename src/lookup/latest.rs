//! The newest pipeline of a ref, whatever its status: `--pipeline latest`.

use super::context::Ctx;
use crate::error::Error;
use crate::gitlab::{self, PipelineFilters};
use crate::model::{LatestOf, Pipeline, PipelineBy, ProjectRef};
use crate::refusal::{Candidate, Refusal};
use crate::sanitize::sanitize;
use crate::step::Step;

/// The number of the project's newest pipelines whose refs a refusal names.
const MAX_LISTED_PIPELINES: usize = 100;

/// Returns the newest pipeline. The inner error says that there is none.
pub fn find(
    ctx: &Ctx<'_>,
    project: &ProjectRef,
    of: &LatestOf,
) -> Result<Result<Pipeline, Refusal>, Error> {
    let default_branch;
    let ref_ = match of {
        LatestOf::Ref(ref_) => ref_,
        LatestOf::Commit(sha) => {
            let found = ctx.gitlab.commit_pipelines(project, sha)?;
            if let Some(pipeline) = found.into_iter().max_by_key(|pipeline| pipeline.id) {
                let short = sha.get(..8).unwrap_or(sha);
                report(ctx, project, &pipeline, &format!("commit {}", sanitize(short)));
                return Ok(Ok(pipeline));
            }
            default_branch = ctx.gitlab.default_branch(project)?;
            match &default_branch {
                Some(branch) => branch,
                None => return Ok(Err(no_default_branch(project, of))),
            }
        }
        LatestOf::DefaultBranch => {
            default_branch = ctx.gitlab.default_branch(project)?;
            match &default_branch {
                Some(branch) => branch,
                None => return Ok(Err(no_default_branch(project, of))),
            }
        }
    };
    if let Some(pipeline) = ctx.gitlab.newest_pipeline(project, ref_)? {
        report(ctx, project, &pipeline, &format!("ref `{}`", sanitize(ref_)));
        return Ok(Ok(pipeline));
    }
    if let Some((iid, pipeline)) = of_open_merge_request(ctx, project, ref_)? {
        let of = format!("merge request {iid} of branch `{}`", sanitize(ref_));
        report(ctx, project, &pipeline, &of);
        return Ok(Ok(pipeline));
    }
    refusal(ctx, project, ref_).map(Err)
}

/// Finds the newest pipeline of the open merge requests of a branch that has no pipelines itself. A
/// token or a project that shows no merge requests has none.
fn of_open_merge_request(
    ctx: &Ctx<'_>,
    project: &ProjectRef,
    branch: &str,
) -> Result<Option<(u64, Pipeline)>, Error> {
    if ctx.gitlab.has_job_token() || branch.starts_with("refs/") {
        return Ok(None);
    }
    let requests = unless_hidden(ctx.gitlab.open_merge_requests(project, branch))?;
    let mut newest: Option<(u64, Pipeline)> = None;
    for iid in requests.into_iter().flatten() {
        for pipeline in ctx.gitlab.merge_request_pipelines(project, iid)? {
            if newest.as_ref().is_none_or(|(_, other)| pipeline.id > other.id) {
                newest = Some((iid, pipeline));
            }
        }
    }
    Ok(newest)
}

/// Returns the refusal with what helps: whether the branch was pushed, the default branch, and the
/// refs that have pipelines, newest first.
fn refusal(ctx: &Ctx<'_>, project: &ProjectRef, ref_: &str) -> Result<Refusal, Error> {
    let filters = PipelineFilters::default();
    let newest = ctx.gitlab.newest_pipelines(project, &filters, MAX_LISTED_PIPELINES)?;
    let mut seen: Vec<String> = Vec::new();
    for name in newest.into_iter().filter_map(|pipeline| pipeline.ref_) {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    let (mut pushed, mut default_branch) = (None, None);
    if !ctx.gitlab.has_job_token() {
        pushed = match ctx.gitlab.tip(project, ref_) {
            Ok(_) => Some(true),
            Err(error) if error.is_no_record() => Some(false),
            Err(_) => None,
        };
        default_branch = unless_hidden(ctx.gitlab.default_branch(project))?.flatten();
    }
    let (project, ref_) = (project.clone(), ref_.to_owned());
    Ok(Refusal::NoLatest { project, ref_, pushed, default_branch, seen })
}

fn no_default_branch(project: &ProjectRef, of: &LatestOf) -> Refusal {
    let by = PipelineBy::Latest { project: project.clone(), of: of.clone() };
    Refusal::NoPipeline { by, by_job_token: false }
}

/// Returns None where GitLab answers that this token may not see the thing, or that it is not there.
fn unless_hidden<T>(answer: Result<T, gitlab::Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.status(), Some(401 | 403 | 404)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Reports which pipeline was found, to the terminal and to `explain`. `of` names the ref or the
/// merge request for people.
pub(super) fn report(ctx: &Ctx<'_>, project: &ProjectRef, pipeline: &Pipeline, of: &str) {
    ctx.watch.step(&Step::Latest { project, pipeline, of });
    let from = format!("newest pipeline of {of} in project {project}");
    let candidate = Candidate::chosen(format!("{} ({})", pipeline.id, pipeline.status));
    ctx.watch.step(&Step::Chosen { from: &from, of: None, candidates: &[candidate] });
}
