//! Construction of the HTTP agent: timeouts, proxy and TLS.

use ureq::Agent;
use ureq::config::Config;

use super::address::Address;
use super::cause::Cause;
use super::connector::AgentConnector;
use super::network::Network;
use super::proxy::parse_proxy;
use super::resolver::HostResolver;
use super::tcp::Tcp;
use super::tls_config::TlsConfigs;

impl Network {
    /// Builds an agent for an address. It follows no redirects and returns responses of every
    /// status. `tls` is needed where [`Network::needs_tls`] says so.
    pub(super) fn agent(&self, at: &Address, tls: Option<TlsConfigs>) -> Result<Agent, Cause> {
        let proxy = self.proxy_for(at).map(parse_proxy).transpose()?;
        let config = |proxy| -> Config {
            Agent::config_builder()
                .max_redirects(0)
                .http_status_as_error(false)
                .user_agent(concat!("downriver/", env!("CARGO_PKG_VERSION")))
                .timeout_connect(Some(self.connect_timeout))
                .timeout_recv_response(Some(self.timeout))
                .timeout_per_read(Some(self.timeout))
                .timeout_per_write(Some(self.timeout))
                .proxy(proxy)
                .build()
        };
        let connector = AgentConnector {
            tcp: Tcp::default(),
            connect_timeout: self.connect_timeout,
            tls,
            without_proxy: config(None),
        };
        let resolver = HostResolver { timeout: self.connect_timeout };
        Ok(Agent::with_parts(config(proxy), connector, resolver))
    }

    /// Returns true if a connection for this address uses TLS, with the server or with a proxy.
    pub(super) fn needs_tls(&self, at: &Address) -> bool {
        let is_https = |proxy: &str| proxy.to_ascii_lowercase().starts_with("https:");
        at.is_secure() || self.proxy_for(at).is_some_and(is_https)
    }
}
