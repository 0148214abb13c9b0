//! Network settings: proxies, certificates, timeouts and retries; certificate files are read here.

use std::path::Path;

use super::secret_file;
use crate::args::{ConnectArgs, OnDigestMismatch};
use crate::env::Env;
use crate::error::{Context, Error};
use crate::gitlab::Network;
use crate::usage::Usage;

/// Returns the network settings of the flags and of the variables that runners and shells set.
///
/// # Errors
/// A certificate or key file that cannot be read.
pub fn network(connect: &ConnectArgs, env: &Env) -> Result<Network, Error> {
    let variable = |names: &[&str]| names.iter().find_map(|name| env.var(name)).map(str::to_owned);
    let file = |flag: &Option<std::path::PathBuf>, name: &str| -> Result<Option<Vec<u8>>, Error> {
        match (flag, env.var(name)) {
            (Some(path), _) => read(&env.dir.join(path)).map(Some),
            (None, Some(path)) => {
                read(&env.dir.join(path)).map(Some).with_context(|| format!("using {name}"))
            }
            (None, None) => Ok(None),
        }
    };
    let cert = file(&connect.cert, "CI_SERVER_TLS_CERT_FILE")?;
    let key = file(&connect.key, "CI_SERVER_TLS_KEY_FILE")?;
    Ok(Network {
        retries: connect.retries,
        timeout: connect.timeout,
        connect_timeout: connect.connect_timeout,
        cacert: file(&connect.cacert, "CI_SERVER_TLS_CA_FILE")?,
        client: cert.zip(key),
        unverified: connect.unverified,
        strict_digest: connect.digest == OnDigestMismatch::Error,
        // curl's precedence: lower case first, and ALL_PROXY as the fallback.
        http_proxy: variable(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
        https_proxy: variable(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
        no_proxy: variable(&["no_proxy", "NO_PROXY"]),
    })
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
