//! Construction of the HTTP agent: timeouts, proxy and TLS.

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::Agent;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use super::address::Address;
use super::cause::Cause;
use super::network::Network;
use super::proxy::parse_proxy;

impl Network {
    /// Builds an agent for an address. It follows no redirects and returns responses of every
    /// status.
    pub(super) fn agent(&self, at: &Address) -> Result<Agent, Cause> {
        let mut config = Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("downriver/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(self.connect_timeout))
            .timeout_recv_response(Some(self.timeout))
            .timeout_per_read(Some(self.timeout))
            .timeout_per_write(Some(self.timeout))
            .proxy(self.proxy_for(at).map(parse_proxy).transpose()?);
        if at.is_secure() {
            config = config.tls_config(self.tls()?);
        }
        Ok(config.build().new_agent())
    }

    fn tls(&self) -> Result<TlsConfig, Cause> {
        let mut roots: Vec<Certificate<'static>> = Vec::new();
        // Unreadable certificates of the system are skipped: the others may suffice.
        for root in rustls_native_certs::load_native_certs().certs {
            roots.push(Certificate::from_der(&root).to_owned());
        }
        if let Some(pem) = &self.cacert {
            roots.extend(certificates(pem, "--cacert")?);
        }
        let client = match &self.client {
            Some((cert, key)) => Some(client_cert(cert, key)?),
            None => None,
        };
        Ok(TlsConfig::builder()
            .root_certs(RootCerts::from(roots))
            .client_cert(client)
            .disable_verification(self.unverified)
            .build())
    }
}

/// Reads a client certificate and its key and checks that they belong together. ureq assumes that
/// and would panic otherwise.
fn client_cert(cert: &[u8], key: &[u8]) -> Result<ClientCert, Cause> {
    let chain = certificates(cert, "--cert")?;
    let private = PrivateKey::from_pem(key).map_err(|error| unreadable("--key", &error))?;
    let unusable = |error: &dyn std::fmt::Display| Cause::Unexpected {
        reason: format!("the files of --cert and --key cannot be used together: {error}"),
    };
    let ders = chain.iter().map(|item| CertificateDer::from(item.der()).into_owned()).collect();
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
