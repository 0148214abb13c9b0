//! Network settings: proxies, certificates, timeouts and retries; certificate files are read here.

use std::path::{Path, PathBuf};

use super::secret_file;
use super::sourced::Sourced;
use super::variables::variable;
use crate::args::{ConnectArgs, OnDigestMismatch};
use crate::env::Env;
use crate::error::{Context, Error};
use crate::gitlab::Network;
use crate::usage::Usage;

/// Returns the network settings of the flags and of the variables that runners, shells and curl
/// set, and warnings about settings that have no effect.
///
/// # Errors
/// A certificate or key file that cannot be read.
pub fn network(connect: &ConnectArgs, env: &Env) -> Result<(Network, Vec<String>), Error> {
    // An empty variable turns the proxy off, as with curl: it is set, so no other one counts.
    let proxy = |names: &[&str]| {
        let value = names.iter().find_map(|name| env.vars.get(*name));
        value.filter(|value| !value.is_empty()).cloned()
    };
    let file = |flag: &Option<PathBuf>, names: &[&'static str]| -> Result<_, Error> {
        match (flag, variable(env, names)) {
            (Some(path), _) => read(&env.dir.join(path)).map(Some),
            (None, Some(Sourced { value, source })) => {
                let bytes = read(&env.dir.join(value));
                bytes.map(Some).with_context(|| format!("using {source}"))
            }
            (None, None) => Ok(None),
        }
    };
    let cert = file(&connect.cert, &["CI_SERVER_TLS_CERT_FILE"])?;
    let key = file(&connect.key, &["CI_SERVER_TLS_KEY_FILE"])?;
    let warnings = match (&cert, &key) {
        (Some(_), None) => vec![no_effect("CI_SERVER_TLS_CERT_FILE", "CI_SERVER_TLS_KEY_FILE")],
        (None, Some(_)) => vec![no_effect("CI_SERVER_TLS_KEY_FILE", "CI_SERVER_TLS_CERT_FILE")],
        (None, None) | (Some(_), Some(_)) => Vec::new(),
    };
    let ca_variables: &[&str] = match connect.legacy_cli {
        false => &["CI_SERVER_TLS_CA_FILE", "CURL_CA_BUNDLE"],
        // The library of the real pipeline-trigger reads these two.
        true => &["CI_SERVER_TLS_CA_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"],
    };
    let network = Network {
        retries: connect.retries,
        timeout: connect.timeout,
        connect_timeout: connect.connect_timeout,
        cacert: file(&connect.cacert, ca_variables)?,
        client: cert.zip(key),
        unverified: connect.unverified,
        strict_digest: connect.digest == OnDigestMismatch::Error,
        streams: connect.streams,
        // curl's precedence: lower case first, and ALL_PROXY as the fallback.
        http_proxy: proxy(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
        https_proxy: proxy(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
        no_proxy: proxy(&["no_proxy", "NO_PROXY"]),
    };
    Ok((network, warnings))
}

/// The warning about one half of a client certificate without the other.
fn no_effect(given: &str, missing: &str) -> String {
    format!("{given} is set and {missing} is not: no client certificate is sent")
}

/// Reads the text of `--token-file`, where `-` is standard input. The second value is a warning
/// about the permissions of the file.
///
/// # Errors
/// A file that cannot be read or is not UTF-8.
pub(super) fn read_token(file: &Path, env: &mut Env) -> Result<(String, Option<String>), Error> {
    let (bytes, warning) = if file == Path::new("-") {
        let bytes = secret_file::read_all(&mut env.stdin);
        (bytes.context("reading the token from standard input")?, None)
    } else {
        let path = env.dir.join(file);
        (read(&path)?, secret_file::permission_warning(&path))
    };
    // Even text that is no valid token can be a secret, so the message does not repeat it.
    match String::from_utf8(bytes) {
        Ok(text) => Ok((text, warning)),
        Err(_) => Err(Usage::new("the file of --token-file holds no text").into()),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    secret_file::read(path)
        .map_err(|error| Usage::new(format!("cannot read {}: {error}", path.display())).into())
}
