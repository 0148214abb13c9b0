//! Labels, marks and trust settings of PEM files.

use super::*;

#[test]
fn labels_and_marks_at_the_start_of_lines_are_replaced() {
    for (pem, expect) in [
        ("\u{feff}-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n"),
        ("a\n\u{feff}-----BEGIN X509 CERTIFICATE-----", "a\n-----BEGIN CERTIFICATE-----"),
        ("-----END TRUSTED CERTIFICATE-----\r\n", "-----END CERTIFICATE-----\r\n"),
        ("-----BEGIN X509 CRL-----\n", "-----BEGIN X509 CRL-----\n"),
        ("-----BEGIN TRUSTED X509 CERTIFICATE-----", "-----BEGIN TRUSTED X509 CERTIFICATE-----"),
        (" -----BEGIN X509 CERTIFICATE-----", " -----BEGIN X509 CERTIFICATE-----"),
        ("", ""),
    ] {
        assert_eq!(normalized(pem.as_bytes()), expect.as_bytes(), "{pem:?}");
    }
}

#[test]
fn trust_settings_are_evaluated_as_openssl_does() {
    const EMAIL: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x04";
    const ALIAS: &[u8] = b"\x0c\x01x";
    let element = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
    let list = |tag: u8, purposes: &[&[u8]]| element(tag, &purposes.concat());
    let settings = |fields: &[Vec<u8>]| element(SEQUENCE, &fields.concat());
    let (trust, reject) = (|it: &[&[u8]]| list(SEQUENCE, it), |it: &[&[u8]]| list(CONTEXT_0, it));
    for (settings, expect) in [
        (settings(&[]), Some(true)),
        (settings(&[ALIAS.to_vec()]), Some(true)),
        (settings(&[trust(&[SERVER_AUTH])]), Some(true)),
        (settings(&[trust(&[EMAIL, ANY_PURPOSE]), ALIAS.to_vec()]), Some(true)),
        (settings(&[trust(&[EMAIL])]), Some(false)),
        (settings(&[trust(&[])]), Some(false)),
        (settings(&[reject(&[EMAIL])]), Some(true)),
        (settings(&[reject(&[EMAIL, SERVER_AUTH])]), Some(false)),
        (settings(&[trust(&[SERVER_AUTH]), reject(&[ANY_PURPOSE])]), Some(false)),
        (b"junk".to_vec(), None),
        (b"\x30\x05\x30".to_vec(), None),
    ] {
        assert_eq!(allows_servers(&settings), expect, "{settings:?}");
        let certificate = [element(SEQUENCE, b"long"), settings].concat();
        let PemCertificate { der, allows_servers } = split_trust_settings(certificate.into());
        assert_eq!((&*der, allows_servers), (&b"\x30\x04long"[..], expect == Some(true)));
    }
}
