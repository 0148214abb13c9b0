//! Settings of the network: timeouts, certificates, proxies.

use std::time::Duration;

/// The network settings of a client.
#[derive(Debug, Clone)]
pub struct Network {
    /// The number of retries after the first attempt.
    pub retries: u32,
    /// The longest time without a received byte.
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// Certificate authorities in addition to those of the system, as PEM.
    pub cacert: Option<Vec<u8>>,
    /// A client certificate and its key, as PEM.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
    /// Turns the verification of server certificates off.
    pub unverified: bool,
    /// Refuses an archive whose SHA-256 is not the one that GitLab tells. Otherwise that is a
    /// warning, because a proxy may have sent another ETag that looks like one.
    pub strict_digest: bool,
    /// The most requests that bring one archive at the same time; `None`: chosen by its length.
    pub streams: Option<u8>,
    /// The proxies for http and https addresses, and the list of hosts that bypass them.
    pub http_proxy: Option<String>,
    pub https_proxy: Option<String>,
    pub no_proxy: Option<String>,
}

impl Default for Network {
    /// Returns the settings without retries, proxies and certificates, and with the time limits that
    /// the flags default to.
    fn default() -> Network {
        Network {
            retries: 0,
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            cacert: None,
            client: None,
            unverified: false,
            strict_digest: false,
            streams: None,
            http_proxy: None,
            https_proxy: None,
            no_proxy: None,
        }
    }
}
