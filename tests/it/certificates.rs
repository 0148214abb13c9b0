//! Certificates that curl and Python accept or refuse, and the messages about those that downriver
//! cannot accept.
//!
//! Each test names the results of curl 7.88 and Python 3.11 with OpenSSL 3.0.

use crate::fake::{Fake, fixtures};
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::{downstream, job};
use crate::tls::{json_answer, server};

const BOM: &[u8] = b"\xef\xbb\xbf";

fn pem(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join("tls").join(name)).unwrap()
}

/// Requests the jobs of a pipeline from a server with this certificate; `named` is the content of
/// the file of `CI_SERVER_TLS_CA_FILE`.
fn asked(shown: &str, named: Vec<u8>) -> Ran {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    let origin = server(shown, json_answer("[]"));
    let run = Run::new(fake).file("pem", named).vars([("CI_SERVER_TLS_CA_FILE", "pem")]);
    run.args("fetch build --retries 0 --api-url").arg(format!("{origin}/api/v4")).runs()
}

fn accepted(shown: &str, named: Vec<u8>) {
    let ran = asked(shown, named);
    ran.check(ran.exit == Some(3), "the certificate is accepted");
    ran.says("0 bridges");
}

fn refused(shown: &str, named: Vec<u8>) -> Ran {
    let ran = asked(shown, named);
    ran.check(ran.exit == Some(5), "the certificate is refused");
    ran
}

/// curl and Python accept these. Python accepts the certificate of the server itself since 3.13.
#[test]
fn a_certificate_that_is_named_by_hand_is_trusted_for_its_host() {
    let with_bom = |pem: Vec<u8>| [BOM, &pem].concat();
    for (shown, named) in [
        ("self.pem", pem("self.pem")),
        ("self.pem", with_bom(pem("self.pem"))),
        ("self.pem", [pem("ca.pem"), pem("self.pem")].concat()),
        ("good.pem", with_bom(pem("ca.pem"))),
        // The server's certificate itself, of an authority that is unknown or not supported.
        ("good.pem", pem("good.pem")),
        ("good.pem", [pem("odd/same-name-ca.pem"), pem("good.pem")].concat()),
        ("p521.pem", pem("p521.pem")),
        ("odd/expired-between.pem", pem("odd/expired-between.pem")),
    ] {
        accepted(shown, named);
    }
    // For no other host, in no other time, for no other purpose, and no other certificate.
    for shown in ["self-other.pem", "other.pem"] {
        refused(shown, pem(shown))
            .says("not valid for")
            .says("hint: use an address of that server that is in its certificate");
    }
    refused("expired.pem", pem("expired.pem")).says("hint: the server needs a new certificate");
    refused("odd/client-only.pem", pem("odd/client-only.pem")).says("(serverAuth)");
    for named in ["ca.pem", "self-other.pem"] {
        let ran = refused("self.pem", pem(named));
        ran.says("hint: the server uses a CA certificate (CA:TRUE) as its own: name that very");
    }
    refused("good.pem", pem("other.pem")).says("hint: the authority that issued the server's");
}

/// curl and Python accept these.
#[test]
fn chains_and_authorities_that_openssl_takes_are_taken() {
    for name in ["by-version-1", "sha-1", "expired-between", "constrained"] {
        accepted(&format!("odd/{name}.pem"), pem(&format!("odd/{name}-ca.pem")));
    }
    let with_root = [pem("odd/expired-between-ca.pem"), pem("ca.pem")].concat();
    accepted("odd/expired-between.pem", with_root);
}

/// curl and Python accept these.
#[test]
fn files_of_authorities_are_read_as_openssl_reads_them() {
    let ca = String::from_utf8(pem("ca.pem")).unwrap();
    let other = String::from_utf8(pem("p521-ca.pem")).unwrap();
    for named in [
        ca.replace('\n', "\r\n").into_bytes(),
        ca.replace("CERTIFICATE", "X509 CERTIFICATE").into_bytes(),
        [b"# Gr\xfc\xdfe\nsubject=/CN=x\n", ca.as_bytes()].concat(),
        [&pem("server.key"), ca.as_bytes()].concat(),
        format!("{other}{ca}{ca}{other}").into_bytes(),
        [other.as_bytes(), BOM, ca.as_bytes()].concat(),
        [other.as_bytes(), &pem("odd/trusted-ca.pem")].concat(),
        pem("odd/trusted-ca.pem"),
    ] {
        accepted("good.pem", named);
    }
    // Its trust settings do not allow it for servers.
    let mail = pem("odd/trusted-for-mail-ca.pem");
    refused("good.pem", [&mail, other.as_bytes()].concat()).says("UnknownIssuer");
    refused("good.pem", mail).says("holds no certificate that its trust settings allow");
    for nothing in [&b""[..], b"no certificate", &pem("server.key")] {
        refused("good.pem", nothing.to_vec()).says("holds no certificate in PEM form");
    }
    refused("good.pem", ca[..200].into()).says("the end of a section is missing");
}

/// curl and Python accept all but `same-name`; Python accepts `cn-only` and `version-1` only if the
/// host is a name.
#[test]
fn what_the_tls_library_cannot_do_is_told_by_its_name() {
    const ALGORITHM: &str = "the TLS library rustls does not support, such as ECDSA on P-521";
    const INSTEAD: &str = "name the server's own certificate with --cacert FILE";
    for (name, says, hint) in [
        ("p521", "a signature of ECDSA with SHA-256 by a key of ECDSA on P-521 is not", ALGORITHM),
        ("odd/sha-512", "a signature of ECDSA with SHA-512 is not supported", ALGORITHM),
        ("odd/ed448", "a signature of Ed448 is not supported", ALGORITHM),
        ("odd/sha-512", "", INSTEAD),
        ("odd/ed448", "", INSTEAD),
        ("odd/cn-only", "not valid for any names", "its host as common name (CN) only"),
        ("odd/version-1", "UnsupportedCertVersion", "it needs X.509 version 3"),
        ("odd/same-name", "BadSignature", "has another key than the one that signed"),
    ] {
        let ran = refused(&format!("{name}.pem"), pem(&format!("{name}-ca.pem")));
        ran.says(says).says(hint);
        ran.never_says("[6, ").never_says("name the certificate authority");
    }
}
