//! What is needed to connect, with the files that are named read in.

use std::io::Read;
use std::path::Path;

use anyhow::Context;

use super::Usage;
use crate::args::Connect;
use crate::env::Env;
use crate::gitlab::Network;

/// No token and no certificate is longer than this.
const LONGEST: u64 = 1 << 20;

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
        // As curl has it: the small letters win, and ALL_PROXY serves where no other does.
        http_proxy: variable(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
        https_proxy: variable(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
        no_proxy: variable(&["no_proxy", "NO_PROXY"]),
    })
}

/// The text of `--token-file`; `-` is standard input.
pub(super) fn read_token(file: &Path, env: &mut Env) -> anyhow::Result<String> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        env.stdin
            .by_ref()
            .take(LONGEST)
            .read_to_end(&mut bytes)
            .context("reading the token from standard input")?;
        bytes
    } else {
        read(&env.dir.join(file))?
    };
    // The text may be a secret although it is none that can be used: it is not repeated.
    String::from_utf8(bytes)
        .map_err(|_| Usage::new("the file of --token-file holds no text").into())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::File::open(path).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(LONGEST).read_to_end(&mut bytes).map(|_| bytes)
    });
    bytes.map_err(|error| Usage::new(format!("cannot read {}: {error}", path.display())).into())
}
