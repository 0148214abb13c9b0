//! Hints: what to do about a failed request, as a pure function of the failure.

use super::address::Address;
use super::cause::{Cause, FailureKind};
use super::error_body::{ErrorBody, Form, Meaning};
use super::request::JobTokens;
use super::tls_failure::TlsFailure;
use crate::token::Kind;

/// The number of hints that are shown.
const MAX_HINTS: usize = 2;

/// The facts about a failed request that its hints depend on.
pub(super) struct HintInput<'a> {
    pub(super) cause: &'a Cause,
    /// The kind of the token that the request was made with.
    pub(super) token: Option<Kind>,
    pub(super) job_tokens: JobTokens,
    /// The address of the request, before redirects.
    pub(super) address: &'a Address,
    /// The hint of the operation itself, shown before the others.
    pub(super) advice: Option<&'static str>,
}

/// Returns at most two hints, the most likely one first.
pub(super) fn hints(input: &HintInput<'_>) -> Vec<String> {
    let mut hints: Vec<String> = input.advice.map(str::to_owned).into_iter().collect();
    hints.extend(cause_hints(input));
    if let Cause::Status { from, .. } = input.cause
        && !from.same_origin(input.address)
        && !hints.is_empty()
        && input.token.is_some()
    {
        let origin = from.origin();
        hints.insert(0, format!("the server redirects to {origin}, where no token is sent; if that is the GitLab you mean, give it as --api-url"));
    }
    hints.truncate(MAX_HINTS);
    hints
}

fn cause_hints(input: &HintInput<'_>) -> Vec<String> {
    match input.cause {
        Cause::Status { status, body, .. } => status_hints(input, *status, body),
        Cause::Failing { kind: FailureKind::ConnectTimeout, .. } => {
            vec!["--connect-timeout allows more".to_owned()]
        }
        Cause::Failing { kind: FailureKind::Silence, .. } => {
            vec!["--timeout allows more".to_owned()]
        }
        Cause::Unreachable { storage: true, .. } => vec![STORAGE.to_owned()],
        Cause::Page { .. } => {
            let sign_in = if input.token.is_none() { NO_TOKEN } else { SIGN_IN_PAGE };
            vec![sign_in.to_owned(), api_root(input.address)]
        }
        Cause::Tls { failure, .. } => vec![tls_hint(*failure).to_owned()],
        Cause::NotSent { .. } => unauthorized(input.token, input.job_tokens),
        Cause::Damaged { .. } => vec![DAMAGED.to_owned()],
        Cause::Failing { kind: FailureKind::Other, .. }
        | Cause::Unreachable { storage: false, .. }
        | Cause::AskedToWait { .. }
        | Cause::Redirect { .. }
        | Cause::OutcomeUnknown { .. }
        | Cause::Unexpected { .. }
        | Cause::Local(_) => Vec::new(),
    }
}

fn status_hints(input: &HintInput<'_>, status: u16, body: &ErrorBody) -> Vec<String> {
    let (token, job_tokens) = (input.token, input.job_tokens);
    match (status, job_tokens) {
        (401, _) => unauthorized(token, job_tokens),
        // Object storage answers in XML; its refusals have nothing to do with the token.
        (403, _) if body.form != Form::Xml => vec![forbidden(token, body.meaning).to_owned()],
        (404, JobTokens::InBody(Kind::Job)) => vec![format!(
            "GitLab answers this if the project does not exist or does not allow the job token; {ALLOWLIST}"
        )],
        (404, JobTokens::InBody(Kind::Private | Kind::Trigger)) => vec![TRIGGER.to_owned()],
        (404, _) if body.meaning == Meaning::UnknownRoute => vec![api_root(input.address)],
        (404, _) => not_found(token, job_tokens),
        (405, _) if body.meaning == Meaning::ProjectMoved => vec![MOVED.to_owned()],
        _ => Vec::new(),
    }
}

fn unauthorized(token: Option<Kind>, job_tokens: JobTokens) -> Vec<String> {
    let hints: &[&str] = match (token, job_tokens) {
        (None, _) => &[NO_TOKEN],
        (Some(Kind::Job), JobTokens::Never) => &[JOB_TOKEN_NEVER],
        (Some(Kind::Job), JobTokens::Newer) => &[JOB_ENDED, JOB_TOKEN_NEWER],
        (Some(Kind::Job), JobTokens::Always | JobTokens::InBody(_)) => &[JOB_ENDED],
        (Some(Kind::Trigger), _) => &[TRIGGER],
        (Some(Kind::Private), _) => &[EXPIRED],
    };
    hints.iter().map(ToString::to_string).collect()
}

fn forbidden(token: Option<Kind>, meaning: Meaning) -> &'static str {
    match (meaning, token) {
        (Meaning::InsufficientScope, _) => SCOPE,
        (Meaning::JobTokenPermission, _) => JOB_TOKEN_PERMISSION,
        (
            Meaning::UnknownRoute | Meaning::NoRecord | Meaning::ProjectMoved | Meaning::Other,
            token,
        ) => match token {
            Some(Kind::Job) => ALLOWLIST,
            Some(Kind::Trigger) => TRIGGER_ROLE,
            Some(Kind::Private) => ROLE,
            None => NO_TOKEN,
        },
    }
}

/// GitLab answers 404 for what does not exist and also for what may not be seen.
fn not_found(token: Option<Kind>, job_tokens: JobTokens) -> Vec<String> {
    match (token, job_tokens) {
        (None, _) => {
            vec![format!("GitLab also answers this for what only a token may see; {NO_TOKEN}")]
        }
        (Some(Kind::Trigger), _) => vec![TRIGGER.to_owned()],
        (Some(Kind::Private), _) => vec![HIDDEN.to_owned()],
        (Some(Kind::Job), JobTokens::Never) => vec![JOB_TOKEN_NEVER.to_owned()],
        (Some(Kind::Job), JobTokens::Newer) => {
            vec![job_token_hidden(), JOB_TOKEN_NEWER.to_owned()]
        }
        (Some(Kind::Job), JobTokens::Always | JobTokens::InBody(_)) => vec![job_token_hidden()],
    }
}

fn job_token_hidden() -> String {
    format!("GitLab also answers this for a project that does not allow the job token; {ALLOWLIST}")
}

fn api_root(address: &Address) -> String {
    format!(
        "is {} the address of GitLab's API? it usually ends with /api/v4 (--api-url)",
        address.origin()
    )
}

fn tls_hint(failure: TlsFailure) -> &'static str {
    match failure {
        TlsFailure::CaUsedAsServer => {
            "the server uses a CA certificate (CA:TRUE) as its own: name that very certificate with --cacert FILE (or CI_SERVER_TLS_CA_FILE), or give the server one with CA:FALSE"
        }
        TlsFailure::WrongName => {
            "use an address of that server that is in its certificate, or have this one added to it"
        }
        TlsFailure::ClientCertificateRequired => {
            "name a client certificate and its key with --cert FILE --key FILE (or CI_SERVER_TLS_CERT_FILE and CI_SERVER_TLS_KEY_FILE)"
        }
        TlsFailure::Expired => {
            "the server needs a new certificate, unless the clock of this machine is wrong"
        }
        TlsFailure::UnsupportedAlgorithm => {
            "a certificate of the server, or of an authority above it, has a key or a signature that the TLS library rustls does not support, such as ECDSA on P-521: the server needs one with RSA of at least 2048 bits, ECDSA on P-256 or P-384, or Ed25519"
        }
        TlsFailure::NothingInCommon => {
            "the server offers no algorithm that the TLS library rustls supports: it needs TLS 1.2 or 1.3, and a certificate with RSA of at least 2048 bits, ECDSA on P-256 or P-384 (not P-521), or Ed25519"
        }
        TlsFailure::Other => {
            "name the certificate authority of that server with --cacert FILE (or CI_SERVER_TLS_CA_FILE)"
        }
    }
}

const NO_TOKEN: &str = "no token was sent: set GITLAB_TOKEN, or use --private-token, --token-file or, in a job, CI_JOB_TOKEN";
const EXPIRED: &str = "GitLab does not know the private token, or it has expired or was revoked: create a new one with the scope read_api";
const SCOPE: &str = "the token needs the scope read_api (to start, keep or delete something: api)";
const ROLE: &str = "the user of the token needs a role in that project that may read its jobs and artifacts (Reporter; Developer if artifacts are not public)";
const HIDDEN: &str = "GitLab also answers this for what the user of the token may not see: check the number, the path and the role";
const TRIGGER: &str = "GitLab gives the same answer for a wrong trigger token, for a project that does not exist and for a token of another project: check both, the token and the project";
const TRIGGER_ROLE: &str = "the owner of the trigger token needs a role in that project that may start pipelines (Developer), and for a protected branch permission to push or merge there";
const JOB_ENDED: &str = "a job token is valid only while its job runs";
const JOB_TOKEN_NEVER: &str = "GitLab accepts no job token for this: use a private token (GITLAB_TOKEN) with the scope read_api, or api to change something";
const JOB_TOKEN_NEWER: &str = "GitLab before 18.3 (some before 18.7) accepts no job token for lists of pipelines, bridges and jobs: use a private token (GITLAB_TOKEN) with read_api, or name the job with --job-id or --ref";
const JOB_TOKEN_PERMISSION: &str = "grant that permission where the other project lists yours: its Settings → CI/CD → Job token permissions";
const ALLOWLIST: &str = "the project that owns the artifacts must list yours under its Settings → CI/CD → Job token permissions, and you need a role there";
const MOVED: &str = "the project was renamed or moved: give its new path, or its id";
const SIGN_IN_PAGE: &str = "a sign-in or proxy page means that the token is missing or not accepted, or that the address is not that of the API";
const STORAGE: &str = "GitLab keeps archives in object storage, which this machine must be allowed to reach; alternatively, `proxy_download` in the storage settings of GitLab makes it send them itself";
const DAMAGED: &str = "fetch it again; if the checksum still differs, GitLab's copy is damaged, and only a new run of the job helps";

#[cfg(test)]
mod tests {
    use super::super::error_body;
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn status(status: u16, body: &str) -> Cause {
        let from = address("https://gitlab.test/api/v4/projects/1/jobs");
        Cause::Status { status, body: error_body::parse(body.as_bytes()), from, request_id: None }
    }

    fn hints_for(
        cause: &Cause,
        token: Option<Kind>,
        job_tokens: JobTokens,
        advice: Option<&'static str>,
    ) -> Vec<String> {
        let address = &address("https://gitlab.test/api/v4/projects/1/jobs");
        hints(&HintInput { cause, token, job_tokens, address, advice })
    }

    #[test]
    fn hints_follow_from_status_meaning_token_and_endpoint() {
        const PRIVATE: Option<Kind> = Some(Kind::Private);
        const JOB: Option<Kind> = Some(Kind::Job);
        const TRIGGERED: Option<Kind> = Some(Kind::Trigger);
        const BY_JOB: JobTokens = JobTokens::InBody(Kind::Job);
        const BY_TRIGGER: JobTokens = JobTokens::InBody(Kind::Trigger);
        let denied = r#"{"message":"403 Forbidden"}"#;
        let scope = r#"{"error":"insufficient_scope"}"#;
        let permission = r#"{"message":"The following token permission is required: read_jobs"}"#;
        let no_record = r#"{"message":"404 Not found"}"#;
        let no_route = r#"{"error":"404 Not Found"}"#;
        let moved = r#"{"message":"Non GET methods are not allowed for moved projects"}"#;
        let xml = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>";
        type Row<'a> = (u16, &'a str, Option<Kind>, JobTokens, &'a [&'a str]);
        let table: [Row<'_>; 24] = [
            (401, "", None, JobTokens::Always, &[NO_TOKEN]),
            (401, "", PRIVATE, JobTokens::Always, &[EXPIRED]),
            (401, "", JOB, JobTokens::Always, &[JOB_ENDED]),
            (401, "", JOB, BY_JOB, &[JOB_ENDED]),
            (401, "", JOB, JobTokens::Newer, &[JOB_ENDED, JOB_TOKEN_NEWER]),
            (401, "", JOB, JobTokens::Never, &[JOB_TOKEN_NEVER]),
            (401, "", TRIGGERED, BY_TRIGGER, &[TRIGGER]),
            (403, denied, None, JobTokens::Always, &[NO_TOKEN]),
            (403, denied, PRIVATE, JobTokens::Always, &[ROLE]),
            (403, denied, JOB, JobTokens::Always, &[ALLOWLIST]),
            (403, denied, TRIGGERED, BY_TRIGGER, &[TRIGGER_ROLE]),
            (403, scope, PRIVATE, JobTokens::Always, &[SCOPE]),
            (403, permission, JOB, JobTokens::Newer, &[JOB_TOKEN_PERMISSION]),
            (403, xml, PRIVATE, JobTokens::Always, &[]),
            (404, no_record, PRIVATE, JobTokens::Always, &[HIDDEN]),
            (404, no_record, JOB, JobTokens::Never, &[JOB_TOKEN_NEVER]),
            (404, no_record, JOB, JobTokens::Newer, &["not allow the job", JOB_TOKEN_NEWER]),
            (404, no_record, JOB, JobTokens::Always, &["not allow the job"]),
            (404, no_record, None, JobTokens::Always, &["only a token may see"]),
            (404, no_route, PRIVATE, JobTokens::Always, &["address of GitLab's API?"]),
            (404, no_route, TRIGGERED, BY_TRIGGER, &[TRIGGER]),
            (404, no_route, JOB, BY_JOB, &[ALLOWLIST]),
            (405, moved, PRIVATE, JobTokens::Never, &[MOVED]),
            (400, denied, PRIVATE, JobTokens::Always, &[]),
        ];
        for (code, body, token, job_tokens, expect) in table {
            let given = hints_for(&status(code, body), token, job_tokens, None);
            assert_eq!(given.len(), expect.len(), "{code} {body} {token:?}: {given:?}");
            for (given, expect) in given.iter().zip(expect) {
                assert!(given.contains(expect), "{code} {body} {token:?}: {given}");
            }
        }
    }

    #[test]
    fn hints_follow_from_other_causes() {
        let reason = String::new;
        let from = || address("https://gitlab.test/");
        let failing = |kind| Cause::Failing { reason: reason(), kind, tries: 1, request_id: None };
        let tls = |failure| Cause::Tls { reason: reason(), failure, from: from() };
        let table: [(Cause, &[&str]); 15] = [
            (failing(FailureKind::ConnectTimeout), &["--connect-timeout"]),
            (failing(FailureKind::Silence), &["--timeout"]),
            (failing(FailureKind::Other), &[]),
            (tls(TlsFailure::CaUsedAsServer), &["CA:FALSE"]),
            (tls(TlsFailure::WrongName), &["in its certificate"]),
            (tls(TlsFailure::ClientCertificateRequired), &["--cert FILE --key FILE"]),
            (tls(TlsFailure::Expired), &["clock"]),
            (tls(TlsFailure::Other), &["CI_SERVER_TLS_CA_FILE"]),
            (Cause::Unreachable { reason: reason(), storage: true }, &[STORAGE]),
            (Cause::Unreachable { reason: reason(), storage: false }, &[]),
            (Cause::Page { title: reason(), from: from() }, &[SIGN_IN_PAGE, "GitLab's API?"]),
            (Cause::NotSent { reason: "" }, &[EXPIRED]),
            (Cause::Damaged { reason: reason() }, &[DAMAGED]),
            (Cause::AskedToWait { seconds: 3600 }, &[]),
            (Cause::Redirect { reason: reason() }, &[]),
        ];
        for (cause, expect) in table {
            let given = hints_for(&cause, Some(Kind::Private), JobTokens::Always, None);
            assert_eq!(given.len(), expect.len(), "{cause:?}: {given:?}");
            for (given, expect) in given.iter().zip(expect) {
                assert!(given.contains(expect), "{cause:?}: {given}");
            }
        }
    }

    #[test]
    fn a_redirect_comes_first_and_then_the_advice_of_the_operation() {
        let (token, never) = (Some(Kind::Private), JobTokens::Never);
        let here = status(401, "");
        assert_eq!(hints_for(&here, token, never, Some("use --ref")), ["use --ref", EXPIRED]);
        let from = address("https://other.test/api/v4");
        let body = error_body::parse(b"");
        let there = Cause::Status { status: 401, body, from, request_id: None };
        let given = hints_for(&there, token, never, Some("use --ref"));
        assert!(given[0].contains("redirects to https://other.test,"), "{given:?}");
        assert_eq!(given[1..], ["use --ref"]);
        assert_eq!(hints_for(&there, None, never, None), [NO_TOKEN]);
    }
}
