//! The hints under the command line of pipeline-trigger, which has no flags for the network.

use super::super::hints;
use super::{JOB, PRIVATE, address, check, facts, request, status};
use crate::gitlab::cause::{Cause, FailureKind};
use crate::gitlab::facts::{Access, Facts, NamedBy};
use crate::gitlab::operation::Operation;
use crate::gitlab::tls_failure::TlsFailure;
use crate::token::Kind;

#[test]
fn no_flag_is_named_that_the_old_command_line_lacks() {
    let reason = String::new;
    let failing = |kind| Cause::Failing { reason: reason(), kind, tries: 1, request_id: None };
    let from = || address("https://gitlab.test/");
    let tls = |failure| Cause::Tls { reason: reason(), failure, from: from() };
    let table: [(Cause, &[&str]); 6] = [
        (failing(FailureKind::ConnectTimeout), &[]),
        (failing(FailureKind::Silence), &[]),
        (tls(TlsFailure::CaUsedAsServer), &["certificate with CI_SERVER_TLS_CA_FILE, or"]),
        (tls(TlsFailure::ClientCertificateRequired), &["its key with CI_SERVER_TLS_CERT_FILE"]),
        (tls(TlsFailure::UnknownIssuer), &["of that server with CI_SERVER_TLS_CA_FILE"]),
        (
            Cause::Page { title: reason(), status: 200, from: from() },
            &["", "--host and --url-path"],
        ),
    ];
    for (cause, expect) in table {
        let request = request(Operation::TriggerPipeline(Kind::Trigger), "1");
        let plain = facts(&request, PRIVATE, Access::Unknown);
        let facts = Facts { legacy_cli: true, named_by: NamedBy::Host, ..plain };
        let given = hints(&cause, &request, &facts, Vec::new());
        check(&given, expect, &format!("{cause:?}"));
        no_missing_flag(&given);
    }
    // A job token that an older version does not accept for watching.
    let request = request(Operation::ListPipelines, "1");
    for answer in [status(401, ""), status(404, r#"{"message":"404 Project Not Found"}"#)] {
        let plain = facts(&request, JOB, Access::Unknown);
        let facts = Facts { legacy_cli: true, named_by: NamedBy::Host, ..plain };
        let given = hints(&answer, &request, &facts, Vec::new());
        assert!(given.len() == 2 && given[1].contains("GitLab before 18.3"), "{given:?}");
        no_missing_flag(&given);
    }
}

fn no_missing_flag(given: &[String]) {
    for flag in
        ["--timeout", "--connect-timeout", "--cacert", "--cert", "--api-url", "--job-id", "--ref"]
    {
        assert!(given.iter().all(|hint| !hint.contains(flag)), "{flag}: {given:?}");
    }
}
