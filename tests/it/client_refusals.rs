//! The client of GitLab's API alone: what each refusal of GitLab becomes.

use downriver::exit::Exit;
use downriver::gitlab::Error;
use downriver::token::Kind;
use mockito::{Matcher, Server};
use serde_json::Value;

use crate::client::{
    ARCHIVE, BRIDGES, JOB, JOBS, ONE_JOB, PRIVATE, Question, archive, by_ref, client,
};
use crate::fake::fixtures;

const EXPIRED: &str = "GitLab does not know the private token, or it has expired or was revoked";
const ENDED: &str = "a job token is valid only while its job runs";
const NEVER: &str = "GitLab accepts no job token for this";
const NEWER: &str = "GitLab before 18.3";
const ALLOWLIST: &str = "must list yours under its Settings → CI/CD → Job token permissions";
const HIDDEN: &str = "GitLab also answers this for what the user of the token may not see";
const ROOT: &str = "the address of GitLab's API?";

/// One refusal: its name in `errors.json`, what was asked with which token, and what it becomes:
/// an exit code, words in the message, and the words of the hints in their order.
type Row = (&'static str, Question, Kind, Exit, &'static str, &'static [&'static str]);

/// Refusals of writing routes are tested with a request that only reads.
const REFUSALS: [Row; 33] = [
    (
        "bad or expired-by-time PAT unknown to the server",
        JOBS,
        Kind::Private,
        Exit::Denied,
        "answered 401: 401 Unauthorized",
        &[EXPIRED],
    ),
    (
        "expired PAT",
        JOBS,
        Kind::Private,
        Exit::Denied,
        "401: invalid_token: Token is expired.",
        &[EXPIRED],
    ),
    (
        "revoked PAT",
        JOBS,
        Kind::Private,
        Exit::Denied,
        "401: invalid_token: Token was revoked.",
        &[EXPIRED],
    ),
    (
        "JOB-TOKEN of a finished job on a job-token route",
        ARCHIVE,
        Kind::Job,
        Exit::Denied,
        "401: 401 Unauthorized",
        &[ENDED],
    ),
    (
        "JOB-TOKEN on a non-job-token route of jobs.rb (single job, trace, retry, play) or any POST/DELETE",
        ONE_JOB,
        Kind::Job,
        Exit::Denied,
        "401: 401 Unauthorized",
        &[NEVER],
    ),
    (
        "JOB-TOKEN on a non-job-token GET of pipelines.rb, private project (treated as anonymous)",
        BRIDGES,
        Kind::Job,
        Exit::Denied,
        "404: 404 Project Not Found",
        &[ALLOWLIST, NEWER],
    ),
    (
        "PAT lacks scope",
        JOBS,
        Kind::Private,
        Exit::Denied,
        "403: insufficient_scope: The request requires higher privileges",
        &["the scope read_api"],
    ),
    (
        "job token, project not on allowlist (new servers)",
        JOBS,
        Kind::Job,
        Exit::Denied,
        "403: 403 Forbidden - Authentication by CI/CD job token not allowed from linebot to project #93.",
        &[ALLOWLIST],
    ),
    (
        "job token, project not on allowlist (old servers)",
        ARCHIVE,
        Kind::Job,
        Exit::Denied,
        "404: 404 Project Not Found",
        &[ALLOWLIST],
    ),
    (
        "job token, fine-grained permission missing",
        JOBS,
        Kind::Job,
        Exit::Denied,
        "permission is required: read_jobs",
        &["grant read_jobs where"],
    ),
    (
        "no permission (role, artifacts:access, CI visibility)",
        ARCHIVE,
        Kind::Private,
        Exit::Denied,
        "403: 403 Forbidden",
        &["needs a role in that project"],
    ),
    (
        "project missing or invisible",
        JOBS,
        Kind::Private,
        Exit::Denied,
        "404: 404 Project Not Found",
        &[HIDDEN],
    ),
    (
        "pipeline or job id not in that project; bridge id on /jobs/:id; ref/job lookup without result",
        ONE_JOB,
        Kind::Private,
        Exit::Nothing,
        "404: 404 Not found",
        &["has no such thing"],
    ),
    (
        "job exists, no archive (not finished, never uploaded, deleted, erased)",
        ARCHIVE,
        Kind::Private,
        Exit::Nothing,
        "404: 404 Not Found",
        &[HIDDEN],
    ),
    (
        "search_recent_successful_pipelines found nothing",
        |c| archive(c, &by_ref(true)),
        Kind::Private,
        Exit::Nothing,
        "404: 404 Job Not Found",
        &[HIDDEN],
    ),
    (
        "artifacts/tree without archive",
        JOBS,
        Kind::Private,
        Exit::Nothing,
        "404: 404 Artifacts Not Found",
        &[HIDDEN],
    ),
    (
        "artifacts/tree path absent",
        JOBS,
        Kind::Private,
        Exit::Nothing,
        "404: 404 Path Not Found",
        &[HIDDEN],
    ),
    (
        "single file: entry not in the zip (answered by workhorse)",
        ARCHIVE,
        Kind::Private,
        Exit::Nothing,
        "404: 404 page not found",
        &[HIDDEN],
    ),
    (
        "route unknown to this GitLab version",
        JOBS,
        Kind::Private,
        Exit::Nothing,
        "404: 404 Not Found",
        &[ROOT],
    ),
    (
        "pipelines/latest with no pipeline for the head commit",
        JOBS,
        Kind::Private,
        Exit::Denied,
        "403: 403 Forbidden",
        &["needs a role"],
    ),
    ("parameter missing", JOBS, Kind::Private, Exit::Network, "400: job is missing", &[]),
    (
        "scope invalid",
        JOBS,
        Kind::Private,
        Exit::Network,
        "400: scope does not have a valid value",
        &[],
    ),
    ("trigger: unknown ref", JOBS, Kind::Private, Exit::Network, "400: Reference not found", &[]),
    (
        "trigger: wrong trigger token",
        JOBS,
        Kind::Private,
        Exit::Nothing,
        "404: 404 Not Found",
        &[HIDDEN],
    ),
    (
        "trigger: job token of finished job",
        JOBS,
        Kind::Job,
        Exit::Denied,
        "401: Job is not running",
        &[ENDED, NEWER],
    ),
    (
        "play: job not playable",
        JOBS,
        Kind::Private,
        Exit::Network,
        "400: 400 Bad request - Unplayable Job",
        &[],
    ),
    (
        "retry job: not retryable",
        JOBS,
        Kind::Private,
        Exit::Denied,
        "403: 403 Forbidden - Job is not retryable",
        &[],
    ),
    (
        "delete artifacts during stats refresh",
        JOBS,
        Kind::Private,
        Exit::Network,
        "409: Action temporarily disabled.",
        &[],
    ),
    ("resource lock", JOBS, Kind::Private, Exit::Network, "409: 409 Conflict: Resource lock", &[]),
    (
        "project moved, non-GET by old path",
        JOBS,
        Kind::Private,
        Exit::Nothing,
        "405: Non GET methods are not allowed for moved projects",
        &["its new path"],
    ),
    (
        "offset too deep on keyset-capable list",
        JOBS,
        Kind::Private,
        Exit::Network,
        "405: Offset pagination has a maximum allowed offset of 50000",
        &[],
    ),
    (
        "object store refuses the signed URL",
        ARCHIVE,
        Kind::Private,
        Exit::Network,
        "answered 403: AccessDenied: Request has expired",
        &[],
    ),
    ("server fault", JOBS, Kind::Private, Exit::Network, "once: ", &[]),
];

/// Transient statuses that outlasted all retries.
const FAILURES: [(&str, &str); 4] = [
    ("rate limit, rack attack", "answered 429: Retry later"),
    (
        "rate limit, application limiter",
        "answered 429: This endpoint has been requested too many times.",
    ),
    ("workhorse: rails down", "answered 502: GitLab is not responding"),
    ("nginx or load balancer", "answered 502: GitLab is not responding (502)"),
];

/// The error that this case of `errors.json` becomes.
fn refused(case: &Value, question: Question, kind: Kind) -> Error {
    let mut server = Server::new();
    let mut mock = server
        .mock("GET", Matcher::Any)
        .with_status(case["status"].as_u64().unwrap() as usize)
        .with_body(case["body"].as_str().map_or_else(|| case["body"].to_string(), str::to_owned));
    for (name, value) in case["headers"].as_object().unwrap() {
        mock = mock.with_header(name, value.as_str().unwrap());
    }
    let _mock = mock.create();
    question(&client(&server, Some(kind))).unwrap_err()
}

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(fixtures().join("api/errors.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn each_refusal_of_gitlab_becomes_a_sentence_a_hint_and_an_exit_code() {
    let cases = cases();
    let case = |name: &str| cases.iter().find(|case| case["case"] == name).unwrap();
    for (name, question, kind, exit, says, hints) in REFUSALS {
        let error = refused(case(name), question, kind);
        assert_eq!(error.exit(), exit, "{name}");
        let message = error.to_string();
        assert!(message.contains(says), "{name}: {message}");
        assert!(!message.contains(PRIVATE) && !message.contains(JOB), "{name}: {message}");
        let given = error.hints();
        assert_eq!(given.len(), hints.len(), "{name}: {given:?}");
        for (given, hint) in given.iter().zip(hints) {
            assert!(given.contains(hint), "{name}: {given}");
        }
    }
    for (name, says) in FAILURES {
        let error = refused(case(name), JOBS, Kind::Private);
        assert_eq!(error.exit(), Exit::Network, "{name}");
        assert!(error.to_string().contains(says), "{name}: {error}");
    }
}

#[test]
fn no_refusal_is_forgotten() {
    let known: Vec<&str> =
        REFUSALS.iter().map(|row| row.0).chain(FAILURES.iter().map(|row| row.0)).collect();
    for case in cases() {
        let name = case["case"].as_str().unwrap();
        assert!(known.contains(&name), "{name}");
    }
}
