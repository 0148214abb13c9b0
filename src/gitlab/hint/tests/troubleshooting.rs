//! The tables of denied and failed requests in `docs/troubleshooting.md`, with the hints that the
//! program gives.

use std::fmt::Write as _;

use expect_test::expect_file;

use super::super::hints;
use super::{BY_TRIGGER, JOB, PRIVATE, address, facts, request, status};
use crate::gitlab::cause::{Cause, FailureKind};
use crate::gitlab::error_body::ErrorBody;
use crate::gitlab::facts::Access;
use crate::gitlab::operation::Operation;
use crate::gitlab::tls_failure::TlsFailure;
use crate::token::Kind;

/// The cells that say what happened, and the hints.
type Row = (String, Vec<String>);

/// Returns the row of a status: the request, the token, GitLab's answer.
fn answered(
    (operation, token, access): (Operation, Option<Kind>, Access),
    code: u16,
    body: &str,
) -> Row {
    let request = request(operation, "shop/linebot");
    let facts = facts(&request, token, access);
    let cause = status(code, body);
    let Cause::Status { body: ErrorBody { message, .. }, .. } = &cause else { unreachable!() };
    let kind = match (operation, token) {
        (Operation::TriggerPipeline(_), _) => "trigger token",
        (_, None) => "none",
        (_, Some(Kind::Job)) => "job token",
        (_, Some(_)) => "private token",
    };
    let given = hints(&cause, &request, &facts, Vec::new());
    (format!("{} | {kind} | `{code}: {message}`", operation.name()), given)
}

/// Returns an example for each meaning of an answer that a hint belongs to.
fn denied() -> Vec<Row> {
    use Access::{Readable, Unknown};
    use Operation::{DownloadArchive, ListJobs, ReadJob, StartPipeline};
    let none = r#"{"message":"401 Unauthorized"}"#;
    let forbidden = r#"{"message":"403 Forbidden"}"#;
    let no_project = r#"{"message":"404 Project Not Found"}"#;
    let private = (ListJobs, PRIVATE, Unknown);
    let job = (ListJobs, JOB, Unknown);
    [
        ((ListJobs, None, Unknown), 401, none),
        (private, 401, none),
        (job, 401, none),
        ((ReadJob, JOB, Unknown), 401, none),
        (private, 401, r#"{"error":"dpop_error"}"#),
        (private, 403, r#"{"error":"insufficient_scope"}"#),
        (
            private,
            403,
            r#"{"error":"insufficient_granular_scope","error_description":"… permissions: [Job: Read]."}"#,
        ),
        (job, 403, r#"{"message":"The following token permission is required: read_jobs."}"#),
        (
            job,
            403,
            r#"{"message":"403 Forbidden - Authentication by CI/CD job token not allowed from a to project #2."}"#,
        ),
        (
            job,
            403,
            r#"{"message":"403 Forbidden - This action is unauthorized for CI/CD job tokens."}"#,
        ),
        (private, 403, forbidden),
        ((StartPipeline, PRIVATE, Unknown), 403, forbidden),
        ((DownloadArchive, PRIVATE, Readable), 403, forbidden),
        ((DownloadArchive, JOB, Readable), 403, forbidden),
        (private, 404, no_project),
        (job, 404, no_project),
        ((BY_TRIGGER, None, Unknown), 404, no_project),
        (private, 404, r#"{"error":"404 Not Found"}"#),
    ]
    .map(|(asked, code, body)| answered(asked, code, body))
    .into()
}

fn tls(failure: TlsFailure) -> &'static str {
    match failure {
        TlsFailure::UnknownIssuer => "a certificate of an unknown authority",
        TlsFailure::OtherIssuer => "a certificate of an unknown authority, with `--cacert`",
        TlsFailure::BadSignature => "`BadSignature`",
        TlsFailure::WrongName => "a certificate for another name",
        TlsFailure::NoSubjectAltName => "a certificate without a subjectAltName",
        TlsFailure::WrongPurpose => "a certificate for other purposes",
        TlsFailure::Expired => "a certificate that has expired",
        TlsFailure::CaUsedAsServer => "`CaUsedAsEndEntity`",
        TlsFailure::ClientCertificateRequired => "`CertificateRequired`",
        TlsFailure::UnsupportedAlgorithm => "a key or signature that is not supported",
        TlsFailure::UnsupportedForm => {
            "`UnsupportedCertVersion`, `UnsupportedCriticalExtension`, `NameConstraintViolation`"
        }
        TlsFailure::Other => unreachable!("it has no hint"),
        TlsFailure::NothingInCommon => "a handshake that the server ends",
    }
}

/// Returns every failure without an answer of GitLab that a hint belongs to.
fn failed() -> Vec<Row> {
    let reason = String::new;
    let from = || address("https://gitlab.test/");
    let failing = |kind| Cause::Failing { reason: reason(), kind, tries: 6, request_id: None };
    let failures = [
        TlsFailure::UnknownIssuer,
        TlsFailure::OtherIssuer,
        TlsFailure::BadSignature,
        TlsFailure::WrongName,
        TlsFailure::NoSubjectAltName,
        TlsFailure::WrongPurpose,
        TlsFailure::Expired,
        TlsFailure::CaUsedAsServer,
        TlsFailure::ClientCertificateRequired,
        TlsFailure::UnsupportedAlgorithm,
        TlsFailure::UnsupportedForm,
        TlsFailure::NothingInCommon,
    ];
    let of_tls = |failure| (tls(failure), Cause::Tls { reason: reason(), failure, from: from() });
    let others = [
        ("no connection in time", failing(FailureKind::ConnectTimeout)),
        ("no byte in time, or too few", failing(FailureKind::Silence)),
        (
            "the object storage cannot be reached, and GitLab can",
            Cause::Unreachable { reason: reason(), storage: true, redirected: true },
        ),
        (
            "a redirect leads to a server that cannot be reached",
            Cause::Unreachable { reason: reason(), storage: false, redirected: true },
        ),
        (
            "a web page, or a redirect to one, in place of an answer (exit code 4)",
            Cause::Page { title: reason(), status: 200, from: from() },
        ),
        (
            "a web page with status 404 (exit code 4)",
            Cause::Page { title: reason(), status: 404, from: from() },
        ),
        ("the SHA-256 is not that of GitLab (exit code 6)", Cause::Damaged { reason: reason() }),
    ];
    let rows = failures.map(of_tls).into_iter().chain(others);
    rows.map(|(what, cause)| {
        let request = request(Operation::DownloadArchive, "shop/linebot");
        let facts = facts(&request, PRIVATE, Access::Unknown);
        (what.to_owned(), hints(&cause, &request, &facts, Vec::new()))
    })
    .collect()
}

fn table(head: &str, rows: Vec<Row>) -> String {
    let columns = "| --- ".repeat(head.split('|').count());
    let mut text = format!("| {head} |\n{columns}|\n");
    for (cells, hints) in rows {
        assert!(!hints.is_empty(), "no hint for {cells}");
        let _ = writeln!(text, "| {cells} | {} |", hints.join("<br>").replace('|', "\\|"));
    }
    text
}

/// Replaces a table of the page by the given one.
fn replaced(page: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn the_page_about_troubleshooting_has_the_hints_of_today() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/troubleshooting.md");
    let page = std::fs::read_to_string(path).unwrap();
    let page =
        replaced(&page, "denied", &table("request | token | GitLab answers | hint", denied()));
    let page = replaced(&page, "failed", &table("failure | hint", failed()));
    expect_file![path].assert_eq(&page);
}
