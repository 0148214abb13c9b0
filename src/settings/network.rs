//! What is needed to connect, with the files that are named read in.

use std::path::Path;

use anyhow::Context;

use super::{Usage, secret_file};
use crate::args::Connect;
use crate::env::Env;
use crate::gitlab::Network;

/// Everything about the network, from flags and the variables that runners and shells set.
pub fn network(connect: &Connect, env: &Env) -> anyhow::Result<Network> {
    let variable = |names: &[&str]| names.iter().find_map(|name| env.var(name)).map(str::to_owned);
    let file = |flag: &Option<std::path::PathBuf>, name: &str| -> anyhow::Result<Option<Vec<u8>>> {
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
        // As curl has it: the small letters win, and ALL_PROXY serves where no other does.
        http_proxy: variable(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
        https_proxy: variable(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
        no_proxy: variable(&["no_proxy", "NO_PROXY"]),
    })
}

/// The text of `--token-file`, and perhaps a warning; `-` is standard input.
pub(super) fn read_token(file: &Path, env: &mut Env) -> anyhow::Result<(String, Option<String>)> {
    let (bytes, warning) = if file == Path::new("-") {
        let bytes = secret_file::all(&mut env.stdin);
        (bytes.context("reading the token from standard input")?, None)
    } else {
        let path = env.dir.join(file);
        (read(&path)?, secret_file::exposed(&path))
    };
    // The text may be a secret although it is none that can be used: it is not repeated.
    match String::from_utf8(bytes) {
        Ok(text) => Ok((text, warning)),
        Err(_) => Err(Usage::new("the file of --token-file holds no text").into()),
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    secret_file::read(path)
        .map_err(|error| Usage::new(format!("cannot read {}: {error}", path.display())).into())
}
