//! Names of the algorithms in certificates, for messages about those that are not supported.

use std::fmt::Write as _;

use super::der::{Element, OBJECT_IDENTIFIER};

/// Object identifiers in dotted form, and their names.
const NAMES: [(&str, &str); 21] = [
    ("1.2.840.10040.4.3", "DSA with SHA-1"),
    ("1.2.840.10045.2.1", "ECDSA"),
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.2.840.10045.4.1", "ECDSA with SHA-1"),
    ("1.2.840.10045.4.3.1", "ECDSA with SHA-224"),
    ("1.2.840.10045.4.3.2", "ECDSA with SHA-256"),
    ("1.2.840.10045.4.3.3", "ECDSA with SHA-384"),
    ("1.2.840.10045.4.3.4", "ECDSA with SHA-512"),
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.4", "RSA with MD5"),
    ("1.2.840.113549.1.1.5", "RSA with SHA-1"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.1.14", "RSA with SHA-224"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
];

/// Returns the name of an algorithm, with the curve of a key: the object identifiers in the content
/// of an `AlgorithmIdentifier`. Those without a name are written in dotted form.
pub(super) fn algorithm_name(mut algorithm: &[u8]) -> String {
    let mut names = Vec::new();
    while let Some(element) = Element::read(algorithm).filter(|it| it.tag == OBJECT_IDENTIFIER) {
        let dotted = dotted(element.content);
        let name = NAMES.iter().find(|(number, _)| *number == dotted);
        names.push(name.map_or(dotted, |(_, name)| (*name).to_owned()));
        algorithm = element.rest;
    }
    names.join(" on ")
}

/// Writes an object identifier as numbers with dots. Its first byte holds two of them.
fn dotted(identifier: &[u8]) -> String {
    let mut text = String::new();
    let mut arc = 0_u64;
    for byte in identifier {
        arc = arc << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        let _ = match (text.is_empty(), arc) {
            (true, 0..80) => write!(text, "{}.{}", arc / 40, arc % 40),
            (true, _) => write!(text, "2.{}", arc - 80),
            (false, _) => write!(text, ".{arc}"),
        };
        arc = 0;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_have_their_names() {
        for (algorithm, expect) in [
            (&b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"[..], "ECDSA with SHA-512"),
            (b"\x06\x03\x2b\x65\x71", "Ed448"),
            (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23", "ECDSA on P-521"),
            (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00", "RSA with SHA-1"),
            (b"\x06\x03\x88\x37\x03", "2.999.3"),
            (b"junk", ""),
        ] {
            assert_eq!(algorithm_name(algorithm), expect);
        }
        assert!(NAMES.is_sorted_by_key(|(number, _)| {
            number.split('.').map(|it| it.parse::<u32>().unwrap()).collect::<Vec<_>>()
        }));
    }
}
