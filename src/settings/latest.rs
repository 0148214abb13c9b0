//! The ref of which `--pipeline latest` means the newest pipeline.

use super::checkout::{Checkout, Head};
use super::dot_segment::has_dot_segment;
use super::inputs::Inputs;
use super::sourced::{Source, Sourced};
use super::variables::variable;
use crate::model::{LatestOf, ProjectRef};
use crate::sanitize::sanitize;
use crate::usage::Usage;

/// Checks a branch or tag of `--ref`.
///
/// # Errors
/// An empty name, or one that no branch can have.
pub(super) fn checked_ref(ref_: &str) -> Result<&str, Usage> {
    if ref_.is_empty() {
        return Err(Usage::new("--ref is empty").hint("name a branch or a tag"));
    }
    if has_dot_segment(ref_) {
        let message = format!("--ref is `{}`, which is no branch or tag", sanitize(ref_));
        return Err(Usage::new(message).hint("git allows no part `.` or `..` in their names"));
    }
    Ok(ref_)
}

/// Returns the ref of `--ref`, else the branch or commit of the checkout, else the default branch.
///
/// The branch of the checkout counts unless the project is given by another path than that of the
/// checkout's remote.
///
/// # Errors
/// A `--ref` that is no name of a branch.
pub(super) fn latest_of(
    inputs: &Inputs<'_>,
    project: &Sourced<ProjectRef>,
) -> Result<Sourced<LatestOf>, Usage> {
    if let Some(ref_) = &inputs.lookup.ref_ {
        let value = LatestOf::Ref(checked_ref(ref_)?.to_owned());
        return Ok(Sourced { value, source: Source::Flag("--ref") });
    }
    let checkout = inputs.checkout().filter(|checkout| may_be_of(checkout, project));
    if let Some(checkout) = checkout {
        let value = match checkout.head {
            Head::Branch { on_server, .. } => LatestOf::Ref(on_server),
            Head::Detached { sha } => LatestOf::Commit(sha),
        };
        return Ok(Sourced { value, source: Source::Checkout });
    }
    // Job tokens may not ask for the default branch.
    if project.source == Source::Variable("CI_PROJECT_ID")
        && let Some(branch) = variable(inputs.env, &["CI_DEFAULT_BRANCH"])
    {
        return Ok(Sourced { value: LatestOf::Ref(branch.value), source: branch.source });
    }
    Ok(Sourced { value: LatestOf::DefaultBranch, source: Source::Default })
}

fn may_be_of(checkout: &Checkout, project: &Sourced<ProjectRef>) -> bool {
    match (&project.value, &project.source, &checkout.remote) {
        (_, Source::Url, _) => false,
        (_, Source::GitRemote(_), _) | (ProjectRef::Id(_), ..) | (_, _, None) => true,
        (ProjectRef::Known { path, .. }, _, Some(remote)) => remote.may_be(path),
        // The remote of a GitLab under a relative URL has that in front of its path.
        (ProjectRef::Path(path), _, Some(remote)) => remote.may_be(path),
    }
}
