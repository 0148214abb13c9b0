//! Certificates of PEM files, in every form that OpenSSL reads: with byte order marks, with older
//! labels, and with OpenSSL's trust settings behind a certificate.

use rustls::pki_types::CertificateDer;
pub(super) use rustls::pki_types::pem::Error;
use rustls::pki_types::pem::PemObject;

use super::der::{CONTEXT_0, Element, SEQUENCE};

/// The byte order mark with which some editors begin a file. A file that was put together from
/// several can have one in the middle.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Labels of a certificate besides `CERTIFICATE`, without that word. `openssl x509 -trustout` writes
/// the first.
const LABELS: [&[u8]; 2] = [b" TRUSTED", b" X509"];

/// DER of the purposes "server authentication" (1.3.6.1.5.5.7.3.1) and "any" (2.5.29.37.0).
const SERVER_AUTH: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";
const ANY_PURPOSE: &[u8] = b"\x06\x04\x55\x1d\x25\x00";

/// A certificate of a PEM file.
pub(super) struct PemCertificate {
    /// The certificate without the trust settings behind it.
    pub(super) der: CertificateDer<'static>,
    /// False if the trust settings do not allow the certificate for servers, or cannot be read.
    pub(super) allows_servers: bool,
}

/// Reads the certificates of a file and skips its other sections.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<PemCertificate>, Error> {
    CertificateDer::pem_slice_iter(&normalized(pem))
        .map(|section| section.map(split_trust_settings))
        .collect()
}

/// Removes byte order marks at the start of lines, and replaces the other labels of certificates.
pub(super) fn normalized(pem: &[u8]) -> Vec<u8> {
    let line = |line: &[u8]| {
        let line = line.strip_prefix(BOM).unwrap_or(line);
        for mark in [&b"-----BEGIN"[..], b"-----END"] {
            let label = line.strip_prefix(mark).unwrap_or_default();
            let plain = LABELS.iter().find_map(|prefix| label.strip_prefix(*prefix));
            if let Some(plain) = plain.filter(|plain| plain.starts_with(b" CERTIFICATE-----")) {
                return [mark, plain].concat();
            }
        }
        line.to_vec()
    };
    pem.split(|byte| *byte == b'\n').map(line).collect::<Vec<_>>().join(&b'\n')
}

/// Splits a section into the certificate and its trust settings. Bytes that are no certificate stay
/// as they are.
fn split_trust_settings(section: CertificateDer<'static>) -> PemCertificate {
    match Element::read(&section) {
        Some(Element { whole, rest, .. }) if !rest.is_empty() => PemCertificate {
            der: whole.to_vec().into(),
            allows_servers: allows_servers(rest).unwrap_or(false),
        },
        _ => PemCertificate { der: section, allows_servers: true },
    }
}

/// Returns true if trust settings allow servers: `SEQUENCE { trust SEQUENCE OF purpose OPTIONAL,
/// reject [0] SEQUENCE OF purpose OPTIONAL, … }`. Returns `None` if the bytes are something else.
fn allows_servers(settings: &[u8]) -> Option<bool> {
    let settings = Element::read(settings).filter(|it| it.tag == SEQUENCE && it.rest.is_empty())?;
    let mut fields = settings.content;
    let mut allowed = true;
    while let Some(field) = Element::read(fields) {
        match field.tag {
            SEQUENCE => allowed &= names_servers(field.content),
            CONTEXT_0 => allowed &= !names_servers(field.content),
            _ => {}
        }
        fields = field.rest;
    }
    Some(allowed)
}

/// Returns true if one of the purposes is "server authentication" or "any".
fn names_servers(mut purposes: &[u8]) -> bool {
    while let Some(purpose) = Element::read(purposes) {
        if [SERVER_AUTH, ANY_PURPOSE].contains(&purpose.whole) {
            return true;
        }
        purposes = purpose.rest;
    }
    false
}

#[cfg(test)]
mod tests;
