//! Classification of TLS errors by the variants of rustls and webpki.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

use super::signature_algorithm::algorithm_name;

/// Reasons for a failed TLS handshake, as far as a different hint belongs to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFailure {
    UnknownIssuer,
    /// An unknown issuer, although `--cacert` names authorities.
    OtherIssuer,
    /// The signature of a certificate does not fit the key of its issuer: another authority has the
    /// same name, or an RSA key of fewer than 2048 bits.
    BadSignature,
    /// The server's own certificate is a CA certificate (`CA:TRUE`), as `openssl req -x509` makes
    /// them. No list of trusted CAs makes that valid for a server.
    CaUsedAsServer,
    WrongName,
    /// The certificate names its host in the common name (CN) only.
    NoSubjectAltName,
    /// The server's certificate is only for other purposes, such as a client's.
    WrongPurpose,
    ClientCertificateRequired,
    Expired,
    /// A key or a signature of a kind that the TLS library does not support, such as ECDSA on
    /// P-521.
    UnsupportedAlgorithm,
    /// A certificate of X.509 version 1, or with a critical extension or a name constraint that the
    /// TLS library does not support.
    UnsupportedForm,
    /// The server closed the handshake, because both sides support no common algorithm.
    NothingInCommon,
    /// Any failure not listed here.
    Other,
}

impl TlsFailure {
    /// Classifies an error. `has_cacert` is true if `--cacert` names authorities.
    pub(super) fn new(error: &Error, has_cacert: bool) -> TlsFailure {
        match error {
            Error::InvalidCertificate(error) => of_certificate(error, has_cacert),
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

    /// Returns true if a certificate was refused because of its issuer, or because it is one of a
    /// CA. A server certificate that the user named needs no issuer.
    pub(super) fn is_about_issuer(self) -> bool {
        use TlsFailure::{
            BadSignature, CaUsedAsServer, OtherIssuer, UnknownIssuer, UnsupportedAlgorithm,
        };
        matches!(
            self,
            UnknownIssuer | OtherIssuer | BadSignature | CaUsedAsServer | UnsupportedAlgorithm
        )
    }

    /// Returns advice for the reader of the message. The command line of pipeline-trigger has no
    /// flags for certificates, so that only the variables are named there.
    pub(super) fn hint(self, legacy_cli: bool) -> Option<String> {
        let (authority, client) = match legacy_cli {
            true => ("CI_SERVER_TLS_CA_FILE", "CI_SERVER_TLS_CERT_FILE and CI_SERVER_TLS_KEY_FILE"),
            false => (
                "--cacert FILE (or CI_SERVER_TLS_CA_FILE)",
                "--cert FILE --key FILE (or CI_SERVER_TLS_CERT_FILE and CI_SERVER_TLS_KEY_FILE)",
            ),
        };
        let hint = match self {
            TlsFailure::UnknownIssuer => {
                format!("name the certificate authority of that server with {authority}")
            }
            TlsFailure::OtherIssuer => format!(
                "the authority that issued the server's certificate is not among those named with {authority}: add it to that file, or the server's own certificate"
            ),
            TlsFailure::BadSignature => format!(
                "a signature does not fit: the authority known by that name has another key than the one that signed (name the right one, or the server's own certificate, with {authority}), or an RSA key has fewer than 2048 bits"
            ),
            TlsFailure::CaUsedAsServer => format!(
                "the server uses a CA certificate (CA:TRUE) as its own: name that very certificate with {authority}, or give the server one with CA:FALSE"
            ),
            TlsFailure::ClientCertificateRequired => {
                format!("name a client certificate and its key with {client}")
            }
            TlsFailure::WrongName => {
                "use an address of that server that is in its certificate, or have this one added to it".to_owned()
            }
            TlsFailure::NoSubjectAltName => {
                "the server's certificate names its host as common name (CN) only, which the TLS library rustls does not read: the server needs one with a subjectAltName".to_owned()
            }
            TlsFailure::WrongPurpose => {
                "the server needs a certificate whose extended key usage is that of a server (serverAuth)".to_owned()
            }
            TlsFailure::Expired => {
                "the server needs a new certificate, unless the clock of this machine is wrong".to_owned()
            }
            TlsFailure::UnsupportedAlgorithm => format!(
                "a certificate of the server, or of an authority above it, has a key or a signature that the TLS library rustls does not support, such as ECDSA on P-521: the server needs one with {SUPPORTED}; if only the authority has such a key, name the server's own certificate with {authority}"
            ),
            TlsFailure::UnsupportedForm => {
                "a certificate of the server, or of an authority above it, has a form that the TLS library rustls does not support: it needs X.509 version 3, without critical extensions beyond the standard and without constraints on directory names".to_owned()
            }
            TlsFailure::NothingInCommon => format!(
                "the server offers no algorithm that the TLS library rustls supports: it needs TLS 1.2 or 1.3, and a certificate with {SUPPORTED} (not P-521, Ed448 or an RSASSA-PSS key)"
            ),
            TlsFailure::Other => return None,
        };
        Some(hint)
    }
}

/// The supported keys and signatures of certificates.
const SUPPORTED: &str =
    "RSA of at least 2048 bits, ECDSA on P-256 or P-384 with SHA-256 or SHA-384, or Ed25519";

fn of_certificate(error: &CertificateError, has_cacert: bool) -> TlsFailure {
    match error {
        CertificateError::UnknownIssuer if has_cacert => TlsFailure::OtherIssuer,
        CertificateError::UnknownIssuer => TlsFailure::UnknownIssuer,
        CertificateError::BadSignature => TlsFailure::BadSignature,
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            TlsFailure::NoSubjectAltName
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFailure::WrongName
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            TlsFailure::WrongPurpose
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            TlsFailure::UnsupportedAlgorithm
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFailure::Expired,
        CertificateError::Other(other) => match other.0.downcast_ref() {
            Some(webpki::Error::CaUsedAsEndEntity) => TlsFailure::CaUsedAsServer,
            Some(
                webpki::Error::UnsupportedCertVersion
                | webpki::Error::UnsupportedCriticalExtension
                | webpki::Error::NameConstraintViolation,
            ) => TlsFailure::UnsupportedForm,
            _ => TlsFailure::Other,
        },
        _ => TlsFailure::Other,
    }
}

/// Returns the message of an error. It names an algorithm that is not supported, where the message of
/// rustls shows the bytes of the identifier.
pub(super) fn reason(error: &Error) -> String {
    let Error::InvalidCertificate(certificate) = error else { return error.to_string() };
    let unsupported = match certificate {
        CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: signature,
            ..
        } => algorithm_name(signature),
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: signature,
            public_key_algorithm_id: key,
        } => format!("{} by a key of {}", algorithm_name(signature), algorithm_name(key)),
        _ => return error.to_string(),
    };
    format!("invalid peer certificate: a signature of {unsupported} is not supported")
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
        let of_webpki = |error| CertificateError::Other(OtherError(Arc::new(error))).into();
        for (error, expect) in [
            (of_webpki(webpki::Error::CaUsedAsEndEntity), TlsFailure::CaUsedAsServer),
            (CertificateError::NotValidForName.into(), TlsFailure::WrongName),
            (CertificateError::Expired.into(), TlsFailure::Expired),
            (CertificateError::UnknownIssuer.into(), TlsFailure::OtherIssuer),
            (CertificateError::BadSignature.into(), TlsFailure::BadSignature),
            (CertificateError::InvalidPurpose.into(), TlsFailure::WrongPurpose),
            (of_webpki(webpki::Error::UnsupportedCertVersion), TlsFailure::UnsupportedForm),
            (of_webpki(webpki::Error::UnsupportedCriticalExtension), TlsFailure::UnsupportedForm),
            (of_webpki(webpki::Error::NameConstraintViolation), TlsFailure::UnsupportedForm),
            (of_webpki(webpki::Error::EndEntityUsedAsCa), TlsFailure::Other),
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
            assert_eq!(TlsFailure::new(&error, true), expect, "{error}");
        }
        let unknown = CertificateError::UnknownIssuer.into();
        assert_eq!(TlsFailure::new(&unknown, false), TlsFailure::UnknownIssuer);
    }
}
