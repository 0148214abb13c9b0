//! Hints: what to do about a failed request, as a pure function of the operation, the kind of the
//! token, the response, and what earlier responses proved.

use super::cause::{Cause, FailureKind};
use super::error_body::{ErrorBody, Form, Meaning};
use super::facts::{Access, Facts, NamedBy};
use super::operation::{JobTokens, Operation};
use super::request::ApiRequest;
use crate::descriptors;
use crate::model::ProjectRef;
use crate::shell::quoted;
use crate::token::Kind;

/// The number of hints that are shown.
const MAX_HINTS: usize = 2;

/// Returns at most two hints, the most likely one first. `advice` is that of the operation, which
/// comes before all others.
pub(super) fn hints(
    cause: &Cause,
    request: &ApiRequest,
    facts: &Facts,
    advice: Vec<String>,
) -> Vec<String> {
    let mut hints = match moved_api(cause, request, facts) {
        // The token would have answered every other question.
        Some(hint) => vec![hint],
        None => {
            let mut hints = advice;
            hints.extend(cause_hints(cause, request, facts));
            hints
        }
    };
    hints.truncate(MAX_HINTS);
    hints
}

/// The hint for another API that a redirect led to, where no token was sent.
fn moved_api(cause: &Cause, request: &ApiRequest, facts: &Facts) -> Option<String> {
    let to = match cause {
        Cause::Status { status: 401 | 403 | 404, from, .. }
            if !from.same_origin(&facts.root) && !facts.is_storage(request, from) =>
        {
            from
        }
        Cause::NotFollowed { to, .. } if facts.is_other_api(to) => to,
        _ => return None,
    };
    let (token, root) = (facts.token?, to.api_root()?);
    // The token of the job belongs to the server of the job alone, unless it is given by hand.
    let by_hand = match token == Kind::Job && to.host() != facts.root.host() {
        true => " --job-token \"$CI_JOB_TOKEN\"",
        false => "",
    };
    let way = match facts.named_by {
        NamedBy::Url => format!("paste the address with {}", to.origin()),
        // The path is that of a server, which may be hostile.
        NamedBy::Setting => format!("use --api-url {}{by_hand}", quoted(&root.to_string())),
        NamedBy::Host => {
            let path = quoted(root.path());
            format!("use --host {} --url-path {path}{by_hand}", to.origin())
        }
    };
    Some(format!(
        "no token was sent there: {} redirects to {}; if that is the GitLab you mean, {way}",
        facts.root.origin(),
        to.origin()
    ))
}

fn cause_hints(cause: &Cause, request: &ApiRequest, facts: &Facts) -> Vec<String> {
    match cause {
        Cause::Status { status: 401 | 403, body, from, .. }
            if body.form == Form::Page && facts.is_storage(request, from) =>
        {
            vec![STORAGE.to_owned()]
        }
        Cause::Status { status, body, .. } => status_hints(*status, body, request, facts),
        Cause::Failing { kind: FailureKind::ConnectTimeout | FailureKind::Silence, .. }
            if facts.legacy_cli =>
        {
            Vec::new()
        }
        Cause::Failing { kind: FailureKind::ConnectTimeout, .. } => {
            vec!["--connect-timeout allows more".to_owned()]
        }
        Cause::Failing { kind: FailureKind::Silence, .. } => {
            vec!["--timeout allows more".to_owned()]
        }
        Cause::Failing { kind: FailureKind::NoDescriptors, .. } => {
            vec![descriptors::HINT.to_owned()]
        }
        Cause::Unreachable { storage: true, .. } => vec![STORAGE.to_owned()],
        Cause::Unreachable { storage: false, redirected: true, .. } => vec![api_root(facts)],
        Cause::Page { status: 404, .. } if has_escaped_path(request) => vec![by_number(facts)],
        Cause::Page { .. } | Cause::SignIn { .. } if facts.has_answered => {
            vec![PAGE_BETWEEN.to_owned()]
        }
        Cause::Page { .. } | Cause::SignIn { .. } => {
            let sign_in = if facts.token.is_none() { no_token(facts) } else { SIGN_IN_PAGE.into() };
            vec![sign_in, api_root(facts)]
        }
        Cause::Tls { failure, .. } => failure.hint(facts.legacy_cli).into_iter().collect(),
        // The message says already that GitLab accepts no job token.
        Cause::NotSent { .. } if facts.token == Some(Kind::Job) => {
            vec![private_token(request.operation)]
        }
        Cause::NotSent { .. } => unauthorized(Meaning::NoReason, request, facts),
        Cause::NotFollowed { .. } => vec![NEW_PATH.to_owned()],
        Cause::Damaged { .. } => vec![DAMAGED.to_owned()],
        Cause::Failing { kind: FailureKind::Busy | FailureKind::Other, .. }
        | Cause::Unreachable { .. }
        | Cause::AskedToWait { .. }
        | Cause::Redirect { .. }
        | Cause::OutcomeUnknown { .. }
        | Cause::Unexpected { .. }
        | Cause::Local(_) => Vec::new(),
    }
}

fn status_hints(status: u16, body: &ErrorBody, request: &ApiRequest, facts: &Facts) -> Vec<String> {
    // The refusals of object storage have nothing to do with the token.
    if body.form == Form::Xml {
        return Vec::new();
    }
    match (status, request.operation.job_tokens()) {
        (401, _) if !names_permission(body.meaning) => unauthorized(body.meaning, request, facts),
        (401 | 403, _) => Vec::from_iter(forbidden(body, request.operation, facts)),
        (404, _) if body.meaning == Meaning::UnknownRoute => {
            let number = has_escaped_path(request).then(|| by_number(facts));
            let address = if facts.has_answered { NO_ENDPOINT.to_owned() } else { api_root(facts) };
            number.into_iter().chain([address]).collect()
        }
        (404, JobTokens::InBody(Kind::Job)) => vec![match facts.access {
            Access::Unknown => format!(
                "GitLab answers this if the project does not exist or does not allow the job token; {ALLOWLIST}"
            ),
            Access::Own => JOB_ENDED.to_owned(),
            Access::Readable => START_ROLE.to_owned(),
        }],
        (404, JobTokens::InBody(Kind::Private | Kind::Trigger)) => vec![TRIGGER.to_owned()],
        (404, _) => not_found(body.meaning, request.operation, facts),
        (405, _) if body.meaning == Meaning::ProjectMoved => vec![MOVED.to_owned()],
        _ => Vec::new(),
    }
}

/// Returns true if GitLab knows the token, and says what it lacks.
fn names_permission(meaning: Meaning) -> bool {
    matches!(
        meaning,
        Meaning::FineGrained
            | Meaning::InsufficientScope
            | Meaning::JobTokenPermission
            | Meaning::NoJobToken
            | Meaning::NotAllowlisted
    )
}

fn unauthorized(meaning: Meaning, request: &ApiRequest, facts: &Facts) -> Vec<String> {
    let operation = request.operation;
    if meaning == Meaning::ProofRequired {
        return vec![PROOF.to_owned()];
    }
    if facts.unexpanded {
        return vec![VARIABLE.to_owned()];
    }
    match (facts.token, operation.job_tokens()) {
        (None, _) => vec![no_token(facts)],
        (Some(Kind::Job), JobTokens::Never) => vec![job_token_never(operation)],
        (Some(Kind::Job), JobTokens::Newer) if !facts.has_answered => {
            vec![JOB_ENDED.to_owned(), job_token_newer(facts)]
        }
        (Some(Kind::Job), _) => vec![JOB_ENDED.to_owned()],
        (Some(Kind::Trigger), _) => vec![TRIGGER.to_owned()],
        (Some(Kind::Private), _) => vec![format!(
            "GitLab does not know the private token, or it has expired or was revoked: create a new one with the scope {}",
            operation.permissions().scope
        )],
    }
}

fn forbidden(body: &ErrorBody, operation: Operation, facts: &Facts) -> Option<String> {
    let needed = operation.permissions();
    Some(match (body.meaning, facts.token) {
        (Meaning::FineGrained, _) => {
            let permission = body.permissions.as_deref().unwrap_or(needed.fine_grained);
            let several = if permission.contains(',') { "s" } else { "" };
            format!(
                "create a new fine-grained token with the permission{several} {permission}; permissions cannot be added to an existing one"
            )
        }
        (Meaning::InsufficientScope, _) => format!("the token needs the scope {}", needed.scope),
        (Meaning::JobTokenPermission, _) => {
            let job_token = needed.job_token.map(|(permission, _)| permission);
            let permission = body.permissions.as_deref().or(job_token).unwrap_or_default();
            format!(
                "grant {permission} where the other project lists yours: its Settings → CI/CD → Job token permissions"
            )
        }
        (Meaning::NoJobToken, _) => job_token_never(operation),
        (Meaning::NotAllowlisted, _) => ALLOWLIST.to_owned(),
        (Meaning::NoReason, None) => no_token(facts),
        (Meaning::NoReason, Some(Kind::Trigger)) => TRIGGER_ROLE.to_owned(),
        (Meaning::NoReason, Some(kind)) if is_artifact(operation) => match (kind, facts.access) {
            (Kind::Job, Access::Unknown) => ALLOWLIST.to_owned(),
            (Kind::Job, Access::Readable | Access::Own) => format!(
                "`artifacts:access` (or `artifacts:public`) of that job keeps this token out, or it lacks the permission {}",
                needed.job_token.map(|(permission, _)| permission).unwrap_or_default()
            ),
            (_, Access::Readable) => ARTIFACT_ACCESS.to_owned(),
            (_, Access::Own | Access::Unknown) => ROLE.to_owned(),
        },
        (Meaning::NoReason, Some(Kind::Job)) if facts.access == Access::Unknown => {
            ALLOWLIST.to_owned()
        }
        (Meaning::NoReason, Some(_)) => role(operation),
        // GitLab's message says the reason.
        (
            Meaning::UnknownRoute
            | Meaning::ProjectNotFound
            | Meaning::NoRecord
            | Meaning::ProjectMoved
            | Meaning::ProofRequired
            | Meaning::Busy
            | Meaning::Other,
            _,
        ) => return None,
    })
}

fn is_artifact(operation: Operation) -> bool {
    matches!(operation, Operation::DownloadArchive | Operation::ReadArtifactFile)
}

/// The hint about the role that the user of the token needs for an operation.
fn role(operation: Operation) -> String {
    let role = operation.permissions().role;
    match operation {
        Operation::StartPipeline | Operation::TriggerPipeline(_) => START_ROLE.to_owned(),
        Operation::RetryPipeline | Operation::PlayJob => format!(
            "the user of the token needs a role in that project that may run its jobs ({role}), and for a protected branch permission to push or merge there"
        ),
        Operation::KeepArtifacts => format!(
            "the user of the token needs a role in that project that may keep artifacts ({role})"
        ),
        Operation::DeleteArtifacts | Operation::DeleteProjectArtifacts => format!(
            "the user of the token needs a role in that project that may delete artifacts ({role})"
        ),
        _ => ROLE.to_owned(),
    }
}

/// GitLab answers 404 for what does not exist and also for what may not be seen.
fn not_found(meaning: Meaning, operation: Operation, facts: &Facts) -> Vec<String> {
    let readable = facts.access == Access::Readable || meaning == Meaning::NoRecord;
    match (facts.token, operation.job_tokens()) {
        // The project is known to be readable, so access is not the reason.
        (Some(Kind::Job) | None, JobTokens::Newer) if facts.access == Access::Readable => {
            vec![CHECK.to_owned()]
        }
        (None, _) => {
            let why = "GitLab also answers this for what only a token may see";
            vec![format!("{why}; {}", no_token(facts))]
        }
        (Some(Kind::Trigger), _) => vec![TRIGGER.to_owned()],
        (Some(Kind::Private), _) if facts.is_named_by_gitlab => vec![HIDDEN_PROJECT.to_owned()],
        // A merge request can be hidden in a project that may be read.
        (Some(Kind::Private), _)
            if meaning == Meaning::NoRecord
                && operation != Operation::ListMergeRequestPipelines =>
        {
            vec![CHECK.to_owned()]
        }
        (Some(Kind::Private), _) => vec![HIDDEN.to_owned()],
        (Some(Kind::Job), JobTokens::Never) => vec![job_token_never(operation)],
        (Some(Kind::Job), JobTokens::Newer) => {
            let first = match facts.access {
                Access::Own => CHECK_OWN.to_owned(),
                Access::Readable | Access::Unknown => job_token_hidden(),
            };
            let newer = (!facts.has_answered).then(|| job_token_newer(facts));
            [first].into_iter().chain(newer).collect()
        }
        (Some(Kind::Job), _) if readable || facts.access == Access::Own => vec![CHECK.to_owned()],
        (Some(Kind::Job), _) => vec![job_token_hidden()],
    }
}

fn job_token_hidden() -> String {
    format!("GitLab also answers this for a project that does not allow the job token; {ALLOWLIST}")
}

fn job_token_newer(facts: &Facts) -> String {
    let other = match facts.named_by {
        NamedBy::Setting | NamedBy::Url => ", or name the job with --job-id or --ref",
        // `trigger` looks no job up.
        NamedBy::Host => "",
    };
    format!("{JOB_TOKEN_NEWER}{other}")
}

fn job_token_never(operation: Operation) -> String {
    format!("GitLab accepts no job token for this: {}", private_token(operation))
}

fn private_token(operation: Operation) -> String {
    let scope = operation.permissions().scope;
    format!("use a private token (GITLAB_TOKEN) with the scope {scope}")
}

fn no_token(facts: &Facts) -> String {
    let usual = match facts.named_by {
        NamedBy::Setting | NamedBy::Url => NO_TOKEN,
        NamedBy::Host => NO_TOKEN_OF_TRIGGER,
    };
    facts.withheld.clone().unwrap_or_else(|| usual.to_owned())
}

/// Returns true if the project is named by a path, whose `/` is escaped in the address.
fn has_escaped_path(request: &ApiRequest) -> bool {
    matches!(&request.project, Some(ProjectRef::Path(path)) if path.contains('/'))
}

/// The hint for proxies that decode `%2F`, after which GitLab sees another path.
fn by_number(facts: &Facts) -> String {
    let flags = match facts.named_by {
        NamedBy::Setting => "--project ID",
        NamedBy::Host => "PROJECT",
        NamedBy::Url => "--project ID and --pipeline ID or --job-id ID in place of the URL",
    };
    format!(
        "a proxy in front of GitLab may spoil the path of the project (%2F): give the project by its number ({flags})"
    )
}

fn api_root(facts: &Facts) -> String {
    let Facts { root, .. } = facts;
    let is_usual = root.path().trim_end_matches('/').ends_with("/api/v4");
    match (facts.named_by, is_usual) {
        (NamedBy::Url, _) => format!(
            "is {root} the address of GitLab's API? --api-url names another one of that server"
        ),
        (NamedBy::Host, _) => {
            format!("is {root} the address of GitLab's API? --host and --url-path name another")
        }
        (NamedBy::Setting, true) => {
            format!("is {root} the address of GitLab's API? --api-url names another")
        }
        (NamedBy::Setting, false) => format!(
            "is {root} the address of GitLab's API? it usually ends with /api/v4: --api-url {}",
            quoted(&format!("{}/api/v4", facts.root_text()))
        ),
    }
}

const NO_TOKEN: &str = "no token was sent: set GITLAB_TOKEN, or use --private-token, --token-file or, in a job, CI_JOB_TOKEN";
const NO_TOKEN_OF_TRIGGER: &str = "no token was sent: set GITLAB_TOKEN, or use -a TOKEN";
const VARIABLE: &str = "the token is the name of a variable, not its value: is that variable protected, and this branch or tag not?";
const PROOF: &str = "this user's tokens need a proof of possession (DPoP), which downriver does not make: use a project or group access token, or turn that off under Edit profile → Access";
const ROLE: &str = "the user of the token needs a role in that project that may read its jobs and artifacts (Reporter; Developer if artifacts are not public)";
const START_ROLE: &str = "the user of the token needs a role in that project that may start pipelines (Developer), and for a protected branch permission to push or merge there";
const ARTIFACT_ACCESS: &str = "`artifacts:access` (or `artifacts:public`) of that job allows its artifacts to a higher role (Developer or Maintainer), or to nobody";
const HIDDEN: &str = "GitLab also answers this for what the user of the token may not see: check the number, the path and the role";
const HIDDEN_PROJECT: &str = "GitLab named that project itself, and also answers this for what the user of the token may not see: the user needs a role in that project that may read its jobs and artifacts (Reporter; Developer if artifacts are not public)";
const CHECK: &str = "check the number and the project: it may be read, and has no such thing";
const CHECK_OWN: &str = "check the number; a job token may always read its own project, if GitLab accepts it for this at all";
const TRIGGER: &str = "GitLab gives the same answer for a wrong trigger token, for a project that does not exist and for a token of another project: check both, the token and the project";
const TRIGGER_ROLE: &str = "the owner of the trigger token needs a role in that project that may start pipelines (Developer), and for a protected branch permission to push or merge there";
const JOB_ENDED: &str = "a job token is valid only while its job runs";
const JOB_TOKEN_NEWER: &str = "GitLab before 18.3 (some before 18.7) accepts no job token for lists of pipelines, bridges and jobs: use a private token (GITLAB_TOKEN) with read_api";
const ALLOWLIST: &str = "the project that owns the artifacts must list yours under its Settings → CI/CD → Job token permissions, and you need a role there";
const MOVED: &str = "the project was renamed or moved: give its new path, or its id";
const NEW_PATH: &str = "name the project by its new path, or by its number";
const SIGN_IN_PAGE: &str = "a sign-in or proxy page means that the token is missing or not accepted, or that the address is not that of the API";
const NO_ENDPOINT: &str = "this version of GitLab does not have that endpoint";
const PAGE_BETWEEN: &str = "a sign-in or proxy page came in between, though GitLab answered earlier requests of this run: try again, or ask those who run the proxy";
const STORAGE: &str = "GitLab keeps archives in object storage, which this machine must be allowed to reach; alternatively, `proxy_download` in the storage settings of GitLab makes it send them itself";
const DAMAGED: &str = "fetch it again; if the checksum still differs, GitLab's copy is damaged, and only a new run of the job helps";

#[cfg(test)]
mod tests;
