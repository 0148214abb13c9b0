//! TLS settings: trusted certificates, and the client certificate for the origin of the API alone.

use std::fmt::Display;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};
use ureq::http::Uri;

use super::address::Address;
use super::cause::Cause;
use super::certificate_verifier::{NamedOrTrusted, Unverified};
use super::network::Network;
use super::pem::{self, PemCertificate};

/// The TLS settings for all addresses.
#[derive(Debug, Clone)]
pub(super) struct TlsConfigs {
    api: Address,
    /// For the origin of the API: with the client certificate, if there is one.
    for_api: Arc<ClientConfig>,
    /// For any other origin.
    for_others: Arc<ClientConfig>,
}

impl TlsConfigs {
    /// Reads the certificates of the system and those of `network`; `api` is the root of the API.
    pub(super) fn new(network: &Network, api: &Address) -> Result<TlsConfigs, Cause> {
        let provider = Arc::new(default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?
            .dangerous();
        let builder = match network.unverified {
            true => builder.with_custom_certificate_verifier(Arc::new(Unverified { provider })),
            false => builder.with_custom_certificate_verifier(Arc::new(verifier(network)?)),
        };
        let for_others = Arc::new(builder.clone().with_no_client_auth());
        let for_api = match &network.client {
            None => Arc::clone(&for_others),
            Some((certificate, key)) => {
                let (chain, key) = client_certificate(certificate, key)?;
                let config = builder.with_client_auth_cert(chain, key);
                Arc::new(config.map_err(|error| unusable_pair(&error))?)
            }
        };
        Ok(TlsConfigs { api: api.clone(), for_api, for_others })
    }

    /// Returns the settings for the server of an address.
    pub(super) fn for_uri(&self, uri: &Uri) -> Arc<ClientConfig> {
        let is_api = Address::parse(&uri.to_string()).is_ok_and(|at| at.same_origin(&self.api));
        Arc::clone(if is_api { &self.for_api } else { &self.for_others })
    }
}

/// The verifier that trusts the CAs of the system and those of `--cacert`.
fn verifier(network: &Network) -> Result<NamedOrTrusted, Cause> {
    let mut roots = RootCertStore::empty();
    // Unreadable certificates of the system are skipped: the others may suffice.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let named = match &network.cacert {
        Some(pem) => authorities(pem)?,
        None => Vec::new(),
    };
    roots.add_parsable_certificates(named.iter().cloned());
    if roots.is_empty() {
        return Err(Cause::Unexpected { reason: NO_TRUSTED_CERTIFICATES.to_owned() });
    }
    let provider = Arc::new(default_provider());
    let trusted = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    Ok(NamedOrTrusted { trusted: trusted.map_err(|error| unusable(&error))?, named })
}

/// Reads a client certificate and its key and checks that they belong together.
fn client_certificate(
    certificate: &[u8],
    key: &[u8],
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Cause> {
    // OpenSSL ignores the trust settings of a client certificate as well.
    let chain = certificates(certificate, "--cert")?;
    let chain: Vec<_> = chain.into_iter().map(|it| it.der).collect();
    let key = PrivateKeyDer::from_pem_slice(&pem::normalized(key)).map_err(|error| {
        let reason = format!("the file of --key cannot be read: {error}");
        Cause::Unexpected { reason }
    })?;
    CertifiedKey::from_der(chain.clone(), key.clone_key(), &default_provider())
        .map_err(|error| unusable_pair(&error))?;
    Ok((chain, key))
}

/// Reads the certificates of `--cacert`, except those that their trust settings exclude.
fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let all = certificates(pem, "--cacert")?;
    let allowed = all.into_iter().filter(|it| it.allows_servers).map(|it| it.der);
    let allowed: Vec<_> = allowed.collect();
    if allowed.is_empty() {
        let reason = "the file of --cacert holds no certificate that its trust settings allow for servers: `openssl x509 -in FILE` writes one without these settings";
        return Err(Cause::Unexpected { reason: reason.to_owned() });
    }
    Ok(allowed)
}

/// Reads the certificates of the file that a flag names.
fn certificates(pem: &[u8], flag: &str) -> Result<Vec<PemCertificate>, Cause> {
    let reason = match pem::certificates(pem) {
        Ok(certificates) if !certificates.is_empty() => return Ok(certificates),
        Ok(_) => format!("the file of {flag} holds no certificate in PEM form"),
        Err(pem::Error::MissingSectionEnd { .. }) => {
            format!("the file of {flag} cannot be read: the end of a section is missing")
        }
        Err(error) => format!("the file of {flag} cannot be read: {error}"),
    };
    Err(Cause::Unexpected { reason })
}

fn unusable(error: &dyn Display) -> Cause {
    Cause::Unexpected { reason: format!("TLS cannot be used with these settings: {error}") }
}

fn unusable_pair(error: &dyn Display) -> Cause {
    let reason = format!("the files of --cert and --key cannot be used together: {error}");
    Cause::Unexpected { reason }
}

const NO_TRUSTED_CERTIFICATES: &str = "this machine has no list of certificate authorities that it trusts: install one (the package `ca-certificates` of most systems), or name a file with --cacert or SSL_CERT_FILE, or a folder with SSL_CERT_DIR";
