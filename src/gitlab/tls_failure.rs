//! Classification of TLS errors by the variants of rustls and webpki.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

/// Reasons for a failed TLS handshake, as far as a different hint belongs to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFailure {
    /// The server's own certificate is a CA certificate (`CA:TRUE`), as `openssl req -x509` makes
    /// them. No list of trusted CAs makes that valid for a server.
    CaUsedAsServer,
    WrongName,
    ClientCertificateRequired,
    Expired,
    /// A key or a signature of a kind that the TLS library does not support, such as ECDSA on
    /// P-521.
    UnsupportedAlgorithm,
    /// The server closed the handshake, because both sides support no common algorithm.
    NothingInCommon,
    /// An unknown issuer, or any failure not listed here.
    Other,
}

impl TlsFailure {
    pub(super) fn new(error: &Error) -> TlsFailure {
        match error {
            Error::InvalidCertificate(error) => of_certificate(error),
            Error::AlertReceived(AlertDescription::CertificateRequired) => {
                TlsFailure::ClientCertificateRequired
            }
            Error::AlertReceived(
                AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity
                | AlertDescription::ProtocolVersion,
            )
            | Error::PeerIncompatible(_) => TlsFailure::NothingInCommon,
            _ => TlsFailure::Other,
        }
    }

    /// Returns advice for the reader of the message. The command line of pipeline-trigger has no
    /// flags for certificates, so that only the variables are named there.
    pub(super) fn hint(self, legacy_cli: bool) -> String {
        let (authority, client) = match legacy_cli {
            true => ("CI_SERVER_TLS_CA_FILE", "CI_SERVER_TLS_CERT_FILE and CI_SERVER_TLS_KEY_FILE"),
            false => (
                "--cacert FILE (or CI_SERVER_TLS_CA_FILE)",
                "--cert FILE --key FILE (or CI_SERVER_TLS_CERT_FILE and CI_SERVER_TLS_KEY_FILE)",
            ),
        };
        let hint = match self {
            TlsFailure::CaUsedAsServer => {
                return format!(
                    "the server uses a CA certificate (CA:TRUE) as its own: name that very certificate with {authority}, or give the server one with CA:FALSE"
                );
            }
            TlsFailure::ClientCertificateRequired => {
                return format!("name a client certificate and its key with {client}");
            }
            TlsFailure::Other => {
                return format!("name the certificate authority of that server with {authority}");
            }
            TlsFailure::WrongName => {
                "use an address of that server that is in its certificate, or have this one added to it"
            }
            TlsFailure::Expired => {
                "the server needs a new certificate, unless the clock of this machine is wrong"
            }
            TlsFailure::UnsupportedAlgorithm => {
                "a certificate of the server, or of an authority above it, has a key or a signature that the TLS library rustls does not support, such as ECDSA on P-521: the server needs one with RSA of at least 2048 bits, ECDSA on P-256 or P-384, or Ed25519"
            }
            TlsFailure::NothingInCommon => {
                "the server offers no algorithm that the TLS library rustls supports: it needs TLS 1.2 or 1.3, and a certificate with RSA of at least 2048 bits, ECDSA on P-256 or P-384 (not P-521), or Ed25519"
            }
        };
        hint.to_owned()
    }
}

fn of_certificate(error: &CertificateError) -> TlsFailure {
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFailure::WrongName
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            TlsFailure::UnsupportedAlgorithm
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFailure::Expired,
        CertificateError::Other(other)
            if matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity)) =>
        {
            TlsFailure::CaUsedAsServer
        }
        _ => TlsFailure::Other,
    }
}

/// Returns the TLS error that an I/O error wraps, if it wraps one.
pub(super) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    #[test]
    fn a_failure_is_recognised_by_its_variant() {
        let ca = OtherError(Arc::new(webpki::Error::CaUsedAsEndEntity));
        for (error, expect) in [
            (CertificateError::Other(ca).into(), TlsFailure::CaUsedAsServer),
            (CertificateError::NotValidForName.into(), TlsFailure::WrongName),
            (CertificateError::Expired.into(), TlsFailure::Expired),
            (CertificateError::UnknownIssuer.into(), TlsFailure::Other),
            (
                Error::AlertReceived(AlertDescription::CertificateRequired),
                TlsFailure::ClientCertificateRequired,
            ),
            (Error::AlertReceived(AlertDescription::HandshakeFailure), TlsFailure::NothingInCommon),
            (
                CertificateError::UnsupportedSignatureAlgorithmContext {
                    signature_algorithm_id: Vec::new(),
                    supported_algorithms: Vec::new(),
                }
                .into(),
                TlsFailure::UnsupportedAlgorithm,
            ),
            (Error::AlertReceived(AlertDescription::InternalError), TlsFailure::Other),
            (Error::General("CaUsedAsEndEntity expired".to_owned()), TlsFailure::Other),
        ] {
            assert_eq!(TlsFailure::new(&error), expect, "{error}");
        }
    }
}
