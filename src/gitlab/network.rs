//! How connections are made: timeouts, certificates, proxies.

use std::time::Duration;

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use super::error::Cause;

/// Everything about the network that can be set.
#[derive(Debug, Clone)]
pub struct Network {
    /// Further tries after the first.
    pub retries: u32,
    /// The longest time with no byte arriving.
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// Certificate authorities on top of the system's, as PEM.
    pub cacert: Option<Vec<u8>>,
    /// A client certificate and its key, as PEM.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
    /// Whatever certificate a server shows is taken.
    pub unverified: bool,
    /// The proxies for http and for https, and the hosts that are reached without.
    pub http_proxy: Option<String>,
    pub https_proxy: Option<String>,
    pub no_proxy: Option<String>,
}

impl Network {
    /// The client for one scheme. It follows no redirects and takes every status as an answer.
    pub(super) fn agent(&self, secure: bool) -> Result<Agent, Cause> {
        let mut config = Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("downriver/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(self.connect_timeout))
            .timeout_recv_response(Some(self.timeout))
            .timeout_per_read(Some(self.timeout))
            .timeout_per_write(Some(self.timeout))
            .proxy(self.proxy(secure)?);
        if secure {
            config = config.tls_config(self.tls()?);
        }
        Ok(config.build().new_agent())
    }

    /// For messages about a connection: what else may have refused it.
    pub(super) fn or_proxy(&self, secure: bool) -> &'static str {
        let proxy = if secure { &self.https_proxy } else { &self.http_proxy };
        if proxy.is_some() { ", or the proxy before it does" } else { "" }
    }

    fn proxy(&self, secure: bool) -> Result<Option<Proxy>, Cause> {
        let Some(text) = (if secure { &self.https_proxy } else { &self.http_proxy }) else {
            return Ok(None);
        };
        // A proxy's address can hold a password, so it is not repeated.
        let unusable =
            |_| Cause::Unexpected { trouble: "the address of the proxy cannot be used".to_owned() };
        let plain = Proxy::new(text).map_err(unusable)?;
        let Some(no_proxy) = &self.no_proxy else { return Ok(Some(plain)) };
        let mut builder = Proxy::builder(plain.protocol()).host(plain.host()).port(plain.port());
        // As curl has it: a list with commas, in which a name means what is below it as well.
        for name in no_proxy.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let name = name.trim_start_matches("*.").trim_start_matches('.');
            builder = builder.no_proxy(name);
            if name != "*" {
                builder = builder.no_proxy(&format!(".{name}"));
            }
        }
        if let Some(user) = plain.username() {
            builder = builder.username(user);
        }
        if let Some(password) = plain.password() {
            builder = builder.password(password);
        }
        builder.build().map(Some).map_err(unusable)
    }

    fn tls(&self) -> Result<TlsConfig, Cause> {
        let mut roots: Vec<Certificate<'static>> = Vec::new();
        // Certificates that cannot be read are left out, as everybody does: others may do.
        for root in rustls_native_certs::load_native_certs().certs {
            roots.push(Certificate::from_der(&root).to_owned());
        }
        if let Some(pem) = &self.cacert {
            roots.extend(certificates(pem, "--cacert")?);
        }
        let client = match &self.client {
            Some((cert, key)) => {
                let chain = certificates(cert, "--cert")?;
                let key = PrivateKey::from_pem(key).map_err(|error| unreadable("--key", &error))?;
                Some(ClientCert::new_with_certs(&chain, key))
            }
            None => None,
        };
        Ok(TlsConfig::builder()
            .root_certs(RootCerts::from(roots))
            .client_cert(client)
            .disable_verification(self.unverified)
            .build())
    }
}

fn certificates(pem: &[u8], flag: &str) -> Result<Vec<Certificate<'static>>, Cause> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| unreadable(flag, &error))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(Cause::Unexpected {
            trouble: format!("the file of {flag} holds no certificate in PEM form"),
        });
    }
    Ok(certificates)
}

fn unreadable(flag: &str, error: &ureq::Error) -> Cause {
    Cause::Unexpected { trouble: format!("the file of {flag} cannot be read: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_no_proxy_means_what_is_below_it_as_well() {
        let past = |no_proxy: &str, host: &str| {
            let network = Network {
                retries: 0,
                timeout: Duration::ZERO,
                connect_timeout: Duration::ZERO,
                cacert: None,
                client: None,
                unverified: false,
                http_proxy: Some("http://me:secret@proxy.test:3128".to_owned()),
                https_proxy: None,
                no_proxy: Some(no_proxy.to_owned()),
            };
            let proxy = network.proxy(false).ok().flatten().unwrap();
            assert_eq!((proxy.username(), proxy.password()), (Some("me"), Some("secret")));
            proxy.is_no_proxy(&format!("http://{host}/").parse().unwrap())
        };
        for (no_proxy, host, expect) in [
            ("gitlab.test", "gitlab.test", true),
            ("gitlab.test", "api.gitlab.test", true),
            (".gitlab.test", "gitlab.test", true),
            ("*.gitlab.test", "api.gitlab.test", true),
            ("a.test, gitlab.test ,b.test", "gitlab.test", true),
            ("*", "anything.test", true),
            ("gitlab.test", "mygitlab.test", false),
            ("gitlab.test", "gitlab.test.evil", false),
            (",", "gitlab.test", false),
        ] {
            assert_eq!(past(no_proxy, host), expect, "{no_proxy} for {host}");
        }
    }
}
