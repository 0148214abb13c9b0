//! Tests of the hints, as tables.

use super::super::address::Address;
use super::super::error_body;
use super::super::facts::Origin;
use super::super::tls_failure::TlsFailure;
use super::*;
use crate::token::Token;

mod legacy_cli;
mod troubleshooting;

const PRIVATE: Option<Kind> = Some(Kind::Private);
const JOB: Option<Kind> = Some(Kind::Job);
const BY_JOB: Operation = Operation::TriggerPipeline(Kind::Job);
const BY_TRIGGER: Operation = Operation::TriggerPipeline(Kind::Trigger);

const EXPIRED: &str = "has expired or was revoked: create a new one with the scope read_api";
const NEVER: &str = "GitLab accepts no job token for this";
const ROOT: &str = "is https://gitlab.test/api/v4 the address of GitLab's API? --api-url";
const NUMBER: &str = "give the project by its number (--project ID)";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn request(operation: Operation, project: &str) -> ApiRequest {
    let address = address("https://gitlab.test/api/v4/projects/1/jobs");
    let project = Some(ProjectRef::parse(project));
    let is_download = operation == Operation::DownloadArchive;
    ApiRequest { is_download, ..ApiRequest::new(operation, "asking".to_owned(), project, address) }
}

fn facts(request: &ApiRequest, token: Option<Kind>, access: Access) -> Facts {
    let token = token.map(|kind| Token::new(kind, "secret").unwrap());
    let root = address("https://gitlab.test/api/v4");
    let facts = Facts::new(&root, token.as_ref(), &Origin::default(), request, false, false);
    Facts { access, has_answered: access == Access::Readable, ..facts }
}

fn status(status: u16, body: &str) -> Cause {
    let from = address("https://gitlab.test/api/v4/projects/1/jobs");
    Cause::Status { status, body: error_body::parse(body.as_bytes()), from, request_id: None }
}

fn check(given: &[String], expect: &[&str], name: &str) {
    assert_eq!(given.len(), expect.len(), "{name}: {given:?}");
    for (given, expect) in given.iter().zip(expect) {
        assert!(given.contains(expect), "{name}: {given}");
    }
}

#[test]
fn hints_follow_from_operation_token_access_and_words() {
    use Access::{Own, Readable, Unknown};
    use Operation::{DownloadArchive, ListBridges, ListJobs, ReadJob, StartPipeline};
    let denied = r#"{"message":"403 Forbidden"}"#;
    let archived = r#"{"message":"403 Forbidden - Project is archived"}"#;
    let scope = r#"{"error":"insufficient_scope"}"#;
    let granular = r#"{"error":"insufficient_granular_scope","error_description":"… permissions: [Job: Read]."}"#;
    let several = r#"{"error":"insufficient_granular_scope","error_description":"… permissions: [Job: Read, Pipeline: Read]."}"#;
    let enforced = r#"{"error":"insufficient_granular_scope"}"#;
    let dpop = r#"{"error":"dpop_error"}"#;
    let one = r#"{"message":"The following token permission is required: read_jobs."}"#;
    let two = r#"{"message":"The following token permissions are required: a and b."}"#;
    let no_job_token =
        r#"{"message":"403 Forbidden - This action is unauthorized for CI/CD job tokens."}"#;
    let foreign = r#"{"message":"403 Forbidden - Authentication by CI/CD job token not allowed from a to project #2."}"#;
    let no_project = r#"{"message":"404 Project Not Found"}"#;
    let no_record = r#"{"message":"404 Not found"}"#;
    let no_file = r#"{"message":"404 Not Found"}"#;
    let no_route = r#"{"error":"404 Not Found"}"#;
    let moved = r#"{"message":"Non GET methods are not allowed for moved projects"}"#;
    let xml = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>";
    type Row<'a> = (Operation, Option<Kind>, Access, u16, &'a str, &'a [&'a str]);
    let table: &[Row<'_>] = &[
        (ListJobs, None, Unknown, 401, "", &[NO_TOKEN]),
        (ListJobs, PRIVATE, Unknown, 401, "", &[EXPIRED]),
        (StartPipeline, PRIVATE, Unknown, 401, "", &["create a new one with the scope api"]),
        (ListJobs, PRIVATE, Unknown, 401, dpop, &[PROOF]),
        (DownloadArchive, JOB, Unknown, 401, "", &[JOB_ENDED]),
        (BY_JOB, JOB, Unknown, 401, "", &[JOB_ENDED]),
        (ListJobs, JOB, Unknown, 401, "", &[JOB_ENDED, JOB_TOKEN_NEWER]),
        // The lists could be read a moment ago, so GitLab accepts job tokens for them.
        (ListJobs, JOB, Readable, 401, "", &[JOB_ENDED]),
        (ReadJob, JOB, Unknown, 401, "", &[NEVER]),
        (BY_TRIGGER, None, Unknown, 401, "", &[TRIGGER]),
        (ListJobs, None, Unknown, 403, denied, &[NO_TOKEN]),
        (ListJobs, PRIVATE, Unknown, 403, denied, &[ROLE]),
        (ListJobs, JOB, Unknown, 403, denied, &[ALLOWLIST]),
        (ListJobs, JOB, Own, 403, denied, &[ROLE]),
        (BY_TRIGGER, None, Unknown, 403, denied, &[TRIGGER_ROLE]),
        // The reason is GitLab's own.
        (ListJobs, PRIVATE, Unknown, 403, archived, &[]),
        (DownloadArchive, JOB, Readable, 403, archived, &[]),
        (StartPipeline, PRIVATE, Unknown, 403, archived, &[]),
        // What was asked for decides about the role.
        (StartPipeline, PRIVATE, Unknown, 403, denied, &["may start pipelines (Developer)"]),
        (Operation::RetryPipeline, PRIVATE, Unknown, 403, denied, &["may run its jobs (Dev"]),
        (Operation::PlayJob, PRIVATE, Readable, 403, denied, &["may run its jobs (Developer)"]),
        (Operation::KeepArtifacts, PRIVATE, Readable, 403, denied, &["may keep artifacts"]),
        (Operation::DeleteArtifacts, PRIVATE, Readable, 403, denied, &["(Maintainer)"]),
        // Where the lists could be read, the artifacts themselves are closed.
        (DownloadArchive, PRIVATE, Unknown, 403, denied, &[ROLE]),
        (DownloadArchive, PRIVATE, Readable, 403, denied, &[ARTIFACT_ACCESS]),
        (DownloadArchive, JOB, Unknown, 403, denied, &[ALLOWLIST]),
        (DownloadArchive, JOB, Readable, 403, denied, &["lacks the permission read_jobs"]),
        (DownloadArchive, JOB, Own, 403, denied, &["`artifacts:access`"]),
        (ListJobs, PRIVATE, Unknown, 403, scope, &["the token needs the scope read_api"]),
        (StartPipeline, PRIVATE, Unknown, 403, scope, &["the token needs the scope api"]),
        (ListJobs, PRIVATE, Unknown, 403, granular, &["with the permission Job: Read;"]),
        (ListJobs, PRIVATE, Unknown, 403, several, &["the permissions Job: Read, Pipeline: Read;"]),
        (ListJobs, PRIVATE, Unknown, 403, enforced, &["with the permission Pipeline: Read;"]),
        (StartPipeline, PRIVATE, Unknown, 403, enforced, &["permission Pipeline: Create;"]),
        (ListJobs, JOB, Unknown, 403, one, &["grant read_jobs where"]),
        (ListJobs, JOB, Unknown, 403, two, &["grant a and b where"]),
        (ListJobs, JOB, Unknown, 403, no_job_token, &[NEVER]),
        (ListJobs, JOB, Unknown, 403, foreign, &[ALLOWLIST]),
        (DownloadArchive, PRIVATE, Unknown, 403, xml, &[]),
        (ListJobs, PRIVATE, Unknown, 404, no_record, &[CHECK]),
        (ReadJob, PRIVATE, Unknown, 404, no_record, &[CHECK]),
        (Operation::ListMergeRequestPipelines, PRIVATE, Unknown, 404, no_record, &[HIDDEN]),
        (ListJobs, PRIVATE, Unknown, 404, no_project, &[HIDDEN]),
        (ReadJob, JOB, Unknown, 404, no_record, &[NEVER]),
        (ListBridges, JOB, Unknown, 404, no_project, &["not allow the job", JOB_TOKEN_NEWER]),
        // A job token may always read its own project.
        (ListBridges, JOB, Own, 404, no_project, &[CHECK_OWN, JOB_TOKEN_NEWER]),
        (ListBridges, JOB, Readable, 404, no_record, &[CHECK]),
        (ListBridges, None, Readable, 404, no_record, &[CHECK]),
        (DownloadArchive, JOB, Unknown, 404, no_project, &["not allow the job"]),
        (DownloadArchive, JOB, Unknown, 404, no_file, &["not allow the job"]),
        (DownloadArchive, JOB, Readable, 404, no_file, &[CHECK]),
        (DownloadArchive, JOB, Own, 404, no_file, &[CHECK]),
        (DownloadArchive, None, Unknown, 404, no_file, &["only a token may see"]),
        (ListJobs, PRIVATE, Unknown, 404, no_route, &[ROOT]),
        (BY_TRIGGER, None, Unknown, 404, no_file, &[TRIGGER]),
        (BY_JOB, JOB, Unknown, 404, no_file, &[ALLOWLIST]),
        (BY_TRIGGER, None, Unknown, 404, no_route, &[ROOT]),
        (BY_JOB, JOB, Unknown, 404, no_route, &[ROOT]),
        (BY_JOB, JOB, Own, 404, no_file, &[JOB_ENDED]),
        (BY_JOB, JOB, Readable, 404, no_file, &[START_ROLE]),
        (StartPipeline, PRIVATE, Unknown, 405, moved, &[MOVED]),
        (ListJobs, PRIVATE, Unknown, 400, denied, &[]),
    ];
    for (operation, token, access, code, body, expect) in table {
        let request = request(*operation, "1");
        let facts = facts(&request, *token, *access);
        let given = hints(&status(*code, body), &request, &facts, Vec::new());
        check(&given, expect, &format!("{operation:?} {token:?} {access:?} {code} {body}"));
    }
}

#[test]
fn hints_follow_from_other_causes() {
    let reason = String::new;
    let from = || address("https://gitlab.test/");
    let failing = |kind| Cause::Failing { reason: reason(), kind, tries: 1, request_id: None };
    let tls = |failure| Cause::Tls { reason: reason(), failure, from: from() };
    let unreachable =
        |storage, redirected| Cause::Unreachable { reason: reason(), storage, redirected };
    let page = |status| Cause::Page { title: reason(), status, from: from() };
    let sign_in = || Cause::SignIn { from: from(), to: address("https://sso.test/login") };
    let not_followed = |to: &str| Cause::NotFollowed { status: 301, from: from(), to: address(to) };
    let table: [(&str, Cause, &[&str]); 21] = [
        ("1", failing(FailureKind::ConnectTimeout), &["--connect-timeout"]),
        ("1", failing(FailureKind::Silence), &["--timeout"]),
        ("1", failing(FailureKind::Other), &[]),
        ("1", tls(TlsFailure::CaUsedAsServer), &["CA:FALSE"]),
        ("1", tls(TlsFailure::WrongName), &["in its certificate"]),
        ("1", tls(TlsFailure::ClientCertificateRequired), &["--cert FILE --key FILE"]),
        ("1", tls(TlsFailure::Expired), &["clock"]),
        ("1", tls(TlsFailure::UnknownIssuer), &["CI_SERVER_TLS_CA_FILE"]),
        ("1", unreachable(true, true), &[STORAGE]),
        ("1", unreachable(false, false), &[]),
        ("1", unreachable(false, true), &[ROOT]),
        ("1", page(200), &[SIGN_IN_PAGE, ROOT]),
        ("1", page(404), &[SIGN_IN_PAGE, ROOT]),
        ("g/p", page(200), &[SIGN_IN_PAGE, ROOT]),
        // Apache and nginx can spoil an escaped path.
        ("g/p", page(404), &[NUMBER]),
        ("g/p", status(404, r#"{"error":"404 Not Found"}"#), &[NUMBER, ROOT]),
        ("1", sign_in(), &[SIGN_IN_PAGE, ROOT]),
        ("1", not_followed("https://gitlab.test/api/v4/projects/2"), &[NEW_PATH]),
        ("1", Cause::NotSent { reason: "" }, &[EXPIRED]),
        ("1", Cause::Damaged { reason: reason() }, &[DAMAGED]),
        ("1", Cause::AskedToWait { seconds: 3600 }, &[]),
    ];
    for (project, cause, expect) in table {
        let request = request(Operation::ListJobs, project);
        let facts = facts(&request, PRIVATE, Access::Unknown);
        let given = hints(&cause, &request, &facts, Vec::new());
        check(&given, expect, &format!("{project} {cause:?}"));
    }
}

#[test]
fn a_server_that_a_redirect_leads_to_is_named_with_the_line_that_works() {
    use NamedBy::{Host, Setting, Url};
    let there = |url: &str| {
        let body = error_body::parse(br#"{"message":"404 Project Not Found"}"#);
        Cause::Status { status: 404, body, from: address(url), request_id: None }
    };
    let moved = "https://other.test/api/v4/projects/1/jobs";
    let hostile = "https://other.test/$(x)/api/v4/projects/1/jobs";
    let below = "https://gitlab.test:8443/git/api/v4/projects/1/jobs";
    for (token, named_by, url, expect) in [
        (PRIVATE, Setting, moved, Some("use --api-url https://other.test/api/v4")),
        (PRIVATE, Setting, below, Some("use --api-url https://gitlab.test:8443/git/api/v4")),
        (PRIVATE, Url, moved, Some("paste the address with https://other.test")),
        (JOB, Setting, below, Some("use --api-url https://gitlab.test:8443/git/api/v4")),
        (
            JOB,
            Setting,
            moved,
            Some("use --api-url https://other.test/api/v4 --job-token \"$CI_JOB_TOKEN\""),
        ),
        (PRIVATE, Host, moved, Some("use --host https://other.test --url-path /api/v4")),
        (PRIVATE, Host, below, Some("use --host https://gitlab.test:8443 --url-path /git/api/v4")),
        (PRIVATE, Setting, hostile, Some("use --api-url 'https://other.test/$(x)/api/v4'")),
        (PRIVATE, Host, hostile, Some("use --host https://other.test --url-path '/$(x)/api/v4'")),
        (None, Setting, moved, None),
    ] {
        let request = request(Operation::ListJobs, "1");
        let facts = Facts { named_by, ..facts(&request, token, Access::Unknown) };
        let not_followed =
            Cause::NotFollowed { status: 308, from: facts.root.clone(), to: address(url) };
        for cause in [there(url), not_followed] {
            let given = hints(&cause, &request, &facts, vec!["use --ref".to_owned()]);
            match (expect, &cause) {
                (Some(line), _) => {
                    assert_eq!(given.len(), 1, "{given:?}");
                    assert!(given[0].starts_with("no token was sent there: https://gitlab.test "));
                    assert!(given[0].ends_with(line), "{given:?}");
                }
                // Without a token, nothing is changed.
                (None, Cause::NotFollowed { .. }) => {}
                (None, _) => check(&given, &["use --ref", "only a token may see"], url),
            }
        }
    }
}

/// Checks every operation with every kind of token, access, status and message of GitLab: no hint
/// names a reason that the other facts exclude.
#[test]
fn no_hint_contradicts_what_is_known() {
    use Operation::*;
    let operations = [
        ReadProject,
        ReadCommit,
        ReadPipeline,
        ListPipelines,
        ListMergeRequestPipelines,
        ListBridges,
        ListJobs,
        ReadJob,
        ReadLog,
        DownloadArchive,
        ReadArtifactFile,
        StartPipeline,
        TriggerPipeline(Kind::Job),
        TriggerPipeline(Kind::Trigger),
        RetryPipeline,
        PlayJob,
        KeepArtifacts,
        DeleteArtifacts,
        DeleteProjectArtifacts,
    ];
    let bodies = [
        "",
        r#"{"message":"403 Forbidden"}"#,
        r#"{"message":"403 Forbidden - Project is archived"}"#,
        r#"{"message":"401 Unauthorized"}"#,
        r#"{"error":"insufficient_scope"}"#,
        r#"{"error":"insufficient_granular_scope"}"#,
        r#"{"error":"dpop_error"}"#,
        r#"{"error":"invalid_token"}"#,
        r#"{"message":"404 Project Not Found"}"#,
        r#"{"message":"404 Not found"}"#,
        r#"{"message":"404 Not Found"}"#,
        r#"{"error":"404 Not Found"}"#,
        "<Error><Code>NoSuchKey</Code></Error>",
    ];
    let mut cells = 0;
    for (operation, token) in
        operations.iter().flat_map(|it| [None, PRIVATE, JOB].map(|token| (*it, token)))
    {
        for (access, code, body) in [Access::Readable, Access::Own, Access::Unknown]
            .into_iter()
            .flat_map(|it| [400, 401, 403, 404, 405, 409, 410].map(|code| (it, code)))
            .flat_map(|(it, code)| bodies.map(|body| (it, code, body)))
        {
            let request = request(operation, "1");
            let facts = facts(&request, token, access);
            let cause = status(code, body);
            let Cause::Status { body: ref parsed, .. } = cause else { panic!() };
            let meaning = parsed.meaning;
            let given = hints(&cause, &request, &facts, Vec::new());
            let names = |words: &str| given.iter().any(|hint| hint.contains(words));
            let cell = format!("{operation:?} {token:?} {access:?} {code} {body}: {given:?}");
            let (is_job, kind) = (facts.token == JOB, facts.token);
            let reason_of_its_own = code == 403 && meaning == Meaning::Other;
            assert!(
                given.len() <= MAX_HINTS && given.iter().all(|hint| !hint.is_empty()),
                "{cell}"
            );
            assert!(!reason_of_its_own || given.is_empty(), "{cell}");
            assert!(!names("must list yours") || (is_job && access == Access::Unknown), "{cell}");
            assert!(!names("no token was sent") || kind.is_none(), "{cell}");
            assert!(!names("has expired") || (code == 401 && kind == PRIVATE), "{cell}");
            assert!(!names(JOB_ENDED) || is_job, "{cell}");
            assert!(!names(JOB_TOKEN_NEWER) || (is_job && access != Access::Readable), "{cell}");
            let denied = meaning == Meaning::NoReason && code == 403;
            assert!(!names("needs a role") || denied || is_job, "{cell}");
            let granular = matches!(code, 401 | 403) && meaning == Meaning::FineGrained;
            assert!(!names("the scope") || !granular, "{cell}");
            assert!(!names("`artifacts:access`") || is_artifact(operation), "{cell}");
            assert!(!names("wrong trigger token") || kind == Some(Kind::Trigger), "{cell}");
            cells += 1;
        }
    }
    assert_eq!(cells, 19 * 3 * 3 * 7 * 13);
}

#[test]
fn a_project_that_gitlab_named_exists() {
    let request = request(Operation::ListJobs, "1");
    for (token, expect) in [
        (PRIVATE, &[HIDDEN_PROJECT][..]),
        (JOB, &["not allow the job"]),
        (None, &["only a token may see"]),
    ] {
        let plain = facts(&request, token, Access::Unknown);
        let facts = Facts { is_named_by_gitlab: true, has_answered: true, ..plain };
        let cause = status(404, r#"{"message":"404 Project Not Found"}"#);
        check(&hints(&cause, &request, &facts, Vec::new()), expect, &format!("{token:?}"));
    }
}

#[test]
fn what_earlier_responses_proved_is_never_the_reason() {
    let request = request(Operation::ListJobs, "1");
    let no_project = || status(404, r#"{"message":"404 Project Not Found"}"#);
    let page =
        || Cause::Page { title: String::new(), status: 200, from: address("https://gitlab.test/") };
    for (token, cause, before, after) in [
        (
            JOB,
            no_project(),
            &["not allow the job", JOB_TOKEN_NEWER][..],
            &["not allow the job"][..],
        ),
        (JOB, status(401, ""), &[JOB_ENDED, JOB_TOKEN_NEWER], &[JOB_ENDED]),
        (PRIVATE, page(), &[SIGN_IN_PAGE, ROOT], &[PAGE_BETWEEN]),
        (None, page(), &[NO_TOKEN, ROOT], &[PAGE_BETWEEN]),
        (PRIVATE, status(404, r#"{"error":"404 Not Found"}"#), &[ROOT], &[NO_ENDPOINT]),
    ] {
        for (has_answered, expect) in [(false, before), (true, after)] {
            let facts = Facts { has_answered, ..facts(&request, token, Access::Unknown) };
            let given = hints(&cause, &request, &facts, Vec::new());
            check(&given, expect, &format!("{token:?} {cause:?} {has_answered}"));
        }
    }
}

#[test]
fn the_advice_about_a_missing_token_is_the_one_that_helps() {
    let request = request(Operation::ListJobs, "1");
    let here = status(401, "");
    let plain = facts(&request, PRIVATE, Access::Unknown);
    let given = hints(&here, &request, &plain, vec!["use --ref".to_owned()]);
    check(&given, &["use --ref", EXPIRED], "the advice of the operation comes first");
    let unexpanded = Facts { unexpanded: true, ..plain };
    check(&hints(&here, &request, &unexpanded, Vec::new()), &["protected"], "a variable");
    let none = facts(&request, None, Access::Unknown);
    let withheld = Facts { withheld: Some("set GITLAB_HOST".to_owned()), ..none };
    for code in [401, 403, 404] {
        let given = hints(&status(code, ""), &request, &withheld, Vec::new());
        check(&given, &["set GITLAB_HOST"], "a token was withheld");
        assert!(!given[0].contains("GITLAB_TOKEN"), "{given:?}");
    }
}
