//! How connections are made: timeouts and certificates.

use std::time::Duration;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::Agent;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use super::address::Address;
use super::error::Cause;
use super::proxy::proxy;

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
    /// A client for an address. It follows no redirects and takes every status as an answer.
    pub(super) fn agent(&self, at: &Address) -> Result<Agent, Cause> {
        let mut config = Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("downriver/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(self.connect_timeout))
            .timeout_recv_response(Some(self.timeout))
            .timeout_per_read(Some(self.timeout))
            .timeout_per_write(Some(self.timeout))
            .proxy(self.proxy_for(at).map(proxy).transpose()?);
        if at.is_secure() {
            config = config.tls_config(self.tls()?);
        }
        Ok(config.build().new_agent())
    }

    /// For messages about a connection: what else may have refused it.
    pub(super) fn or_proxy(&self, at: &Address) -> &'static str {
        if self.proxy_for(at).is_some() { ", or the proxy before it does" } else { "" }
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
            Some((cert, key)) => Some(client(cert, key)?),
            None => None,
        };
        Ok(TlsConfig::builder()
            .root_certs(RootCerts::from(roots))
            .client_cert(client)
            .disable_verification(self.unverified)
            .build())
    }
}

/// A client certificate that goes with its key. ureq takes it for granted that TLS can use the
/// two, and would end the program where it cannot.
fn client(cert: &[u8], key: &[u8]) -> Result<ClientCert, Cause> {
    let chain = certificates(cert, "--cert")?;
    let private = PrivateKey::from_pem(key).map_err(|error| unreadable("--key", &error))?;
    let unusable = |error: &dyn std::fmt::Display| Cause::Unexpected {
        reason: format!("the files of --cert and --key cannot be used together: {error}"),
    };
    let ders = chain.iter().map(|part| CertificateDer::from(part.der()).into_owned()).collect();
    let der = PrivateKeyDer::from_pem_slice(key).map_err(|error| unusable(&error))?;
    CertifiedKey::from_der(ders, der, &default_provider()).map_err(|error| unusable(&error))?;
    Ok(ClientCert::new_with_certs(&chain, private))
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
            reason: format!("the file of {flag} holds no certificate in PEM form"),
        });
    }
    Ok(certificates)
}

fn unreadable(flag: &str, error: &ureq::Error) -> Cause {
    Cause::Unexpected { reason: format!("the file of {flag} cannot be read: {error}") }
}

#[cfg(test)]
impl Network {
    pub(super) fn for_tests() -> Network {
        Network {
            retries: 0,
            timeout: Duration::ZERO,
            connect_timeout: Duration::ZERO,
            cacert: None,
            client: None,
            unverified: false,
            http_proxy: None,
            https_proxy: None,
            no_proxy: None,
        }
    }
}
