//! Flags about the connection to GitLab: API root, token, retries, timeouts and certificates.
#![allow(rustdoc::broken_intra_doc_links, reason = "help texts name variables in brackets")]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::value_parser::duration;

const DEFAULT_RETRIES: u32 = 5;

/// Flags about the connection to GitLab.
#[derive(Debug, Clone, Default, Args)]
pub struct ConnectArgs {
    /// The root of the API [CI_API_V4_URL, or GITLAB_HOST, GITLAB_URI, GL_HOST, GITLAB_URL or CI_SERVER_URL with /api/v4]
    #[arg(long, value_name = "URL", help_heading = "Where from")]
    pub api_url: Option<String>,
    /// A private token; better in the variable, where `ps` does not show it [GITLAB_TOKEN, GITLAB_ACCESS_TOKEN, GITLAB_PRIVATE_TOKEN, PRIVATE_TOKEN]
    #[arg(
        long,
        value_name = "TOKEN",
        allow_hyphen_values = true,
        hide_possible_values = true,
        help_heading = "Authentication"
    )]
    pub private_token: Option<String>,
    /// The token of a running job [CI_JOB_TOKEN]
    #[arg(
        long,
        value_name = "TOKEN",
        allow_hyphen_values = true,
        conflicts_with = "private_token",
        help_heading = "Authentication"
    )]
    pub job_token: Option<String>,
    /// A file that holds a private token; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["private_token", "job_token"], help_heading = "Authentication")]
    pub token_file: Option<PathBuf>,
    /// Retries of a request after a transient failure
    #[arg(long, value_name = "N", default_value_t = DEFAULT_RETRIES, help_heading = "Network")]
    pub retries: u32,
    /// Give up on a connection when no byte arrives for this long
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s", help_heading = "Network")]
    pub timeout: Duration,
    /// Give up on connecting after this long
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s", help_heading = "Network")]
    pub connect_timeout: Duration,
    /// Download one archive with at most this many requests at the same time [default: 4 for an archive of 64 MiB or more in object storage, else 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16), help_heading = "Network")]
    pub streams: Option<u8>,
    /// Certificate authorities on top of the system's, as PEM; SSL_CERT_FILE and SSL_CERT_DIR take the place of the system's [CI_SERVER_TLS_CA_FILE, CURL_CA_BUNDLE]
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub cacert: Option<PathBuf>,
    /// A client certificate, as PEM [CI_SERVER_TLS_CERT_FILE]
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "Network")]
    pub cert: Option<PathBuf>,
    /// The key of the client certificate, as PEM [CI_SERVER_TLS_KEY_FILE]
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "Network")]
    pub key: Option<PathBuf>,
    /// Treatment of an archive whose SHA-256 is not the one that GitLab tells; a wrong size or
    /// CRC is always an error. With `error`, `fetch` downloads archives whole, also for --path
    #[arg(long, value_enum, value_name = "ACTION", default_value_t, help_heading = "Network")]
    pub digest: OnDigestMismatch,
    /// `--host` of `trigger` names the server, and `api_url` was made from it.
    #[arg(skip)]
    pub api_url_of_host: bool,
    /// Accepts any server certificate. Only the command line of pipeline-trigger sets this; no
    /// flag of downriver does.
    #[arg(skip)]
    pub unverified: bool,
    /// The command line is that of pipeline-trigger. The variables of Python's requests are read as
    /// well, and hints name none of these flags, because that command line lacks them.
    #[arg(skip)]
    pub legacy_cli: bool,
}

/// The consequence of an archive whose SHA-256 is not the one that GitLab tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnDigestMismatch {
    /// Warn, and use the archive.
    #[default]
    Warn,
    /// Refuse the archive (exit code 6).
    Error,
}

impl ConnectArgs {
    /// Returns the values of these flags when none of them is given.
    pub fn defaults() -> ConnectArgs {
        ConnectArgs {
            retries: DEFAULT_RETRIES,
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            ..ConnectArgs::default()
        }
    }
}
