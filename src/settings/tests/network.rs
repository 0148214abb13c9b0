//! Tests of the proxy and certificate settings.

use std::path::Path;

use super::{env, env_in, parse_args, write};
use crate::settings;

#[test]
fn lower_case_proxy_variables_win_and_all_proxy_is_the_fallback() {
    let actual = |variables: &str| {
        let network = settings::network(&parse_args("").connect, &env(variables)).unwrap();
        [network.http_proxy, network.https_proxy, network.no_proxy].map(Option::unwrap_or_default)
    };
    for (variables, expect) in [
        ("", ["", "", ""]),
        ("HTTP_PROXY=a HTTPS_PROXY=b NO_PROXY=c", ["a", "b", "c"]),
        ("http_proxy=a https_proxy=b no_proxy=c HTTP_PROXY=x NO_PROXY=y", ["a", "b", "c"]),
        ("ALL_PROXY=a HTTPS_PROXY=b", ["a", "b", ""]),
        ("all_proxy=a ALL_PROXY=b https_proxy=", ["a", "a", ""]),
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
        let network = settings::network(&parse_args(flags).connect, &env).unwrap();
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
    let network = settings::network(&parse_args(flags).connect, &env("")).unwrap();
    assert_eq!(network.retries, 2);
    assert_eq!(network.timeout.as_millis(), 5000);
    assert_eq!(network.connect_timeout.as_millis(), 100);
}
