//! The rule for an answer 404: nothing there, or no access?

use super::address::Address;
use super::error_body::Meaning;
use super::facts::{Access, Facts};
use super::operation::JobTokens;
use super::request::ApiRequest;
use crate::token::Kind;

/// Returns true if a 404 may mean that access is denied, so that it must not pass as "nothing
/// there": GitLab answers so to whoever may not see a project.
pub(super) fn may_be_denied(
    request: &ApiRequest,
    facts: &Facts,
    meaning: Meaning,
    from: &Address,
) -> bool {
    // Another server got no token.
    let token_dropped = facts.token.is_some() && !from.same_origin(&facts.root);
    let in_body = matches!(request.operation.job_tokens(), JobTokens::InBody(_));
    let unsure = match facts.token {
        None | Some(Kind::Job) => facts.access != Access::Readable,
        Some(Kind::Private | Kind::Trigger) => false,
    };
    token_dropped
        || in_body
        || meaning == Meaning::ProjectNotFound
        || (request.operation.reads_pipelines() && unsure)
}
