//! Tests of the proxy and certificate settings.

use std::path::Path;

use super::{env, env_in, parse_args, write};
use crate::args::ConnectArgs;
use crate::settings;

#[test]
fn lower_case_proxy_variables_win_and_all_proxy_is_the_fallback() {
    let actual = |variables: &str| {
        let network = settings::network(&parse_args("").connect, &env(variables)).unwrap().0;
        [network.http_proxy, network.https_proxy, network.no_proxy].map(Option::unwrap_or_default)
    };
    for (variables, expect) in [
        ("", ["", "", ""]),
        ("HTTP_PROXY=a HTTPS_PROXY=b NO_PROXY=c", ["a", "b", "c"]),
        ("http_proxy=a https_proxy=b no_proxy=c HTTP_PROXY=x NO_PROXY=y", ["a", "b", "c"]),
        ("ALL_PROXY=a HTTPS_PROXY=b", ["a", "b", ""]),
        ("all_proxy=a ALL_PROXY=b", ["a", "a", ""]),
        // As with curl, an empty variable turns the proxy off for its scheme.
        ("all_proxy=a https_proxy=", ["a", "", ""]),
        ("HTTP_PROXY=a HTTPS_PROXY=b http_proxy= NO_PROXY=", ["", "b", ""]),
        ("HTTPS_PROXY=b all_proxy= ALL_PROXY=c", ["", "b", ""]),
    ] {
        assert_eq!(actual(variables), expect, "{variables}");
    }
}

#[test]
fn certificates_come_from_the_flags_or_else_from_the_variables_of_the_runner() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ca", "cert", "key", "other"] {
        write(&folder.path().join(name), name);
    }
    let vars = "CI_SERVER_TLS_CA_FILE=ca CI_SERVER_TLS_CERT_FILE=cert CI_SERVER_TLS_KEY_FILE=key";
    let actual = |flags: &str, variables: &str| {
        let env = env_in(folder.path(), variables);
        let network = settings::network(&parse_args(flags).connect, &env).unwrap().0;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (network.cacert.map(text), network.client.map(|(cert, key)| (text(cert), text(key))))
    };
    let pair = |cert: &str, key: &str| Some((cert.to_owned(), key.to_owned()));
    assert_eq!(actual("", ""), (None, None));
    assert_eq!(actual("", vars), (Some("ca".to_owned()), pair("cert", "key")));
    assert_eq!(actual("--cacert other", vars).0, Some("other".to_owned()));
    assert_eq!(actual("--cert other --key ca", vars).1, pair("other", "ca"));
}

#[test]
fn half_of_a_client_certificate_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("pem"), "pem");
    for (variables, says) in [
        (
            "CI_SERVER_TLS_CERT_FILE=pem",
            "CI_SERVER_TLS_CERT_FILE is set and CI_SERVER_TLS_KEY_FILE is not",
        ),
        (
            "CI_SERVER_TLS_KEY_FILE=pem",
            "CI_SERVER_TLS_KEY_FILE is set and CI_SERVER_TLS_CERT_FILE is not",
        ),
        ("CI_SERVER_TLS_CERT_FILE=pem CI_SERVER_TLS_KEY_FILE=pem", ""),
        ("CI_SERVER_TLS_CERT_FILE=pem CI_SERVER_TLS_KEY_FILE=", "no client certificate is sent"),
    ] {
        let env = env_in(folder.path(), variables);
        let (_, warnings) = settings::network(&parse_args("").connect, &env).unwrap();
        assert_eq!(warnings.is_empty(), says.is_empty(), "{variables}");
        assert!(warnings.iter().all(|warning| warning.contains(says)), "{warnings:?}");
    }
}

#[test]
fn the_bundles_of_curl_and_of_requests_are_read_as_those_read_them() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ci", "curl", "requests"] {
        write(&folder.path().join(name), name);
    }
    let [ci, curl, requests] =
        ["CI_SERVER_TLS_CA_FILE=ci", "CURL_CA_BUNDLE=curl", "REQUESTS_CA_BUNDLE=requests"];
    for (legacy_cli, variables, expect) in [
        (false, format!("{curl} {requests}"), Some("curl")),
        (false, format!("{curl} {ci}"), Some("ci")),
        (false, requests.to_owned(), None),
        (true, format!("{curl} {requests}"), Some("requests")),
        (true, curl.to_owned(), Some("curl")),
        (true, format!("{requests} {ci}"), Some("ci")),
    ] {
        let connect = ConnectArgs { legacy_cli, ..parse_args("").connect };
        let (network, _) = settings::network(&connect, &env_in(folder.path(), &variables)).unwrap();
        assert_eq!(network.cacert.as_deref(), expect.map(str::as_bytes), "{variables}");
    }
}

#[test]
fn a_missing_file_is_named_with_its_variable() {
    let env = env_in(Path::new("/nonexistent"), "CI_SERVER_TLS_CA_FILE=ca.pem");
    let error = settings::network(&parse_args("").connect, &env).unwrap_err();
    let actual = format!("{error:#}");
    assert!(actual.starts_with("using CI_SERVER_TLS_CA_FILE: cannot read "), "{actual}");
    assert!(actual.contains("ca.pem"), "{actual}");
    assert!(matches!(error.root(), crate::error::Error::Usage(_)));
}

#[test]
fn flags_set_retries_and_timeouts() {
    let flags = "--retries 2 --timeout 5s --connect-timeout 100ms";
    let network = settings::network(&parse_args(flags).connect, &env("")).unwrap().0;
    assert_eq!(network.retries, 2);
    assert_eq!(network.timeout.as_millis(), 5000);
    assert_eq!(network.connect_timeout.as_millis(), 100);
}
