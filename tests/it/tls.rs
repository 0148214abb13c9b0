//! Certificates: trusted servers, client certificates, and redirects of an https server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use crate::fake::{Fake, fixtures};
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::{downstream, job};
use crate::zip_builder::{file, zip};

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(fixtures().join("tls").join(name)).unwrap()
}

/// Returns the certificates of a file: the server's own, and those that it sends besides.
fn chain(name: &str) -> Vec<CertificateDer<'static>> {
    let chain = CertificateDer::pem_file_iter(fixtures().join("tls").join(name)).unwrap();
    chain.map(Result::unwrap).collect()
}

/// Starts a server on loopback with this certificate, which always sends this response.
pub fn server(shown: &str, answer: String) -> String {
    serve(shown, answer, false)
}

/// Serves an answer over TLS, optionally with a client certificate required.
fn serve(shown: &str, answer: String, wants_one: bool) -> String {
    let key = PrivateKeyDer::from_pem_file(fixtures().join("tls/server.key")).unwrap();
    let config = match wants_one {
        true => {
            let mut roots = RootCertStore::empty();
            roots.add(certificate("ca.pem")).unwrap();
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
        false => ServerConfig::builder().with_no_client_auth(),
    };
    // Not `with_single_cert`, which refuses some of the certificates that the client is to refuse.
    let key = CertifiedKey::new(chain(shown), any_supported_type(&key).unwrap());
    let config = Arc::new(config.with_cert_resolver(Arc::new(SingleCertAndKey::from(key))));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            // Whoever does not believe the certificate hangs up here.
            if stream.read(&mut [0; 8192]).is_ok_and(|count| count > 0) {
                let _ = stream.write_all(answer.as_bytes());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    origin
}

const TRUSTING: &str = "--cacert ca.pem";

/// Prepares a run with the authority's certificate in its folder, as `ca.pem`.
fn run(fake: &Fake) -> Run<'_> {
    Run::new(fake).file("ca.pem", std::fs::read(fixtures().join("tls/ca.pem")).unwrap())
}

/// Requests the jobs of a pipeline from that server, and asserts the exit code.
fn asked(fake: &Fake, origin: &str, line: &str, exit: u8) -> Ran {
    let api = format!("{origin}/api/v4");
    run(fake).args("fetch build --retries 0 --api-url").arg(&api).args(line).exits(exit)
}

/// Returns a response with this JSON.
pub fn json_answer(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Next-Page: \r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn a_certificate_that_is_not_trusted_ends_the_run_at_once() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    for (certificate, line, says, hint) in [
        (
            "good.pem",
            "",
            "UnknownIssuer",
            "name the certificate authority of that server with --cacert FILE (or CI_SERVER_TLS_CA_FILE)",
        ),
        ("expired.pem", TRUSTING, "expired", "the server needs a new certificate"),
        (
            "other.pem",
            TRUSTING,
            "not valid for",
            "use an address of that server that is in its certificate",
        ),
    ] {
        let origin = server(certificate, json_answer("[]"));
        let api = format!("{origin}/api/v4");
        let run = run(&fake).args("fetch build --api-url").arg(&api).args(line);
        let ran = run.fails(5);
        ran.says(&format!("no secure connection to {origin}")).says(says);
        ran.says(&format!("hint: {hint}"));
        assert!(ran.pauses.is_empty(), "what will not pass is not tried again");
        for turns_checks_off in ["--insecure", "--no-verify", "-k"] {
            ran.never_says(turns_checks_off);
        }
    }
    let origin = server("good.pem", json_answer("[]"));
    asked(&fake, &origin, TRUSTING, 3).says("0 bridges");
    for variable in [true, false] {
        let run = run(&fake).args("fetch build --retries 0 --api-url");
        let run = run.arg(format!("{origin}/api/v4"));
        match variable {
            true => run.vars([("CI_SERVER_TLS_CA_FILE", "ca.pem")]).fails(3),
            false => run.args("--insecure").fails(2),
        };
    }
}

#[test]
fn a_server_may_want_a_certificate_of_the_client_and_one_that_is_no_use_is_named() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    let origin = serve("good.pem", json_answer("[]"), true);
    let file = |name: &str| std::fs::read(fixtures().join("tls").join(name)).unwrap();
    let asked = |line: &str, [cert, key]: [&str; 2], exit| {
        let run = run(&fake).file("me.pem", file("good.pem")).file("me.key", file("server.key"));
        let run = run.vars([("CI_SERVER_TLS_CERT_FILE", cert), ("CI_SERVER_TLS_KEY_FILE", key)]);
        let run = run.args("fetch build --cacert ca.pem --retries 0").args(line);
        run.args("--api-url").arg(format!("{origin}/api/v4")).exits(exit)
    };
    let ran = asked("", ["", ""], 5);
    ran.says("CertificateRequired").says("hint: name a client certificate and its key");
    asked("--cert me.pem --key me.key", ["", ""], 3).says("0 bridges");
    asked("", ["me.pem", "me.key"], 3).says("0 bridges");
    for (line, says) in [
        ("--cert ca.pem --key me.key", "the files of --cert and --key cannot be used together"),
        ("--cert me.key --key me.key", "the file of --cert holds no certificate in PEM form"),
        ("--cert me.pem --key me.pem", "the file of --key cannot be read"),
    ] {
        asked(line, ["", ""], 5).says(says);
    }
}

#[test]
fn a_client_certificate_goes_to_the_api_alone() {
    let shown = Arc::new(Mutex::new(Vec::new()));
    let archive = zip(&[file("from", "storage")]);
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: {}\r\n\r\n",
        archive.len()
    )
    .into_bytes();
    answer.extend(archive);
    let storage = asking("storage", answer, &shown);
    let moved = format!(
        "HTTP/1.1 302 Found\r\nLocation: {storage}/a.zip?sig=1\r\nContent-Length: 0\r\n\r\n"
    );
    let api = asking("api", moved.into_bytes(), &shown);
    let pem = |name: &str| std::fs::read(fixtures().join("tls").join(name)).unwrap();
    let fake = Fake::start(downstream(&[job(201, "build")]).with_token("job"));
    for line in ["-o it.zip", "-D out", "-D out --path from", "--cache kept -D out"] {
        let run = run(&fake).file("me.pem", pem("good.pem")).file("me.key", pem("server.key"));
        let run = run.args("fetch -R 2 --job-id 201 --cert me.pem --key me.key").args(line);
        run.args(TRUSTING)
            .arg("--api-url")
            .arg(format!("{api}/api/v4"))
            .args("--job-token t")
            .succeeds();
        let shown = std::mem::take(&mut *shown.lock().unwrap());
        for origin in ["api", "storage"] {
            let to: Vec<bool> = shown.iter().filter(|it| it.0 == origin).map(|it| it.1).collect();
            assert!(!to.is_empty() && to.iter().all(|it| *it == (origin == "api")), "{line}");
        }
    }
}

/// A server that accepts a certificate of the client, and notes if it got one.
fn asking(
    name: &'static str,
    answer: Vec<u8>,
    shown: &Arc<Mutex<Vec<(&'static str, bool)>>>,
) -> String {
    let key = PrivateKeyDer::from_pem_file(fixtures().join("tls/server.key")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate("ca.pem")).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).allow_unauthenticated();
    let config = ServerConfig::builder()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![certificate("good.pem")], key)
        .unwrap();
    let (config, shown) = (Arc::new(config), Arc::clone(shown));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            if stream.read(&mut [0; 8192]).is_ok_and(|count| count > 0) {
                shown.lock().unwrap().push((name, stream.conn.peer_certificates().is_some()));
                let _ = stream.write_all(&answer);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    origin
}

/// A server that answers whatever it is asked with these words, and hangs up.
fn proxy(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://me:hush@{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // What is left unread would be answered by a reset.
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            if lines.any(|line| line.is_empty()) {
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    origin
}

#[test]
fn a_proxy_that_lets_nobody_through_is_told_from_the_server() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    for (answer, pauses, says) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            0,
            "the proxy requires a user name and a password for https://gitlab.test (407)",
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
            1,
            "the proxy cannot connect to https://gitlab.test: proxy server responded 502",
        ),
    ] {
        let run = run(&fake).vars([("HTTPS_PROXY", proxy(answer).as_str())]);
        let line = "fetch build --retries 1 --api-url https://gitlab.test/api/v4";
        let ran = run.args(line).fails(5);
        ran.says(says).never_says("hush");
        assert_eq!(ran.pauses.len(), pauses, "{says}");
    }
}

#[test]
fn from_https_nobody_is_sent_to_http() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    let jobs = json!([{"id": 201, "name": "build", "status": "success"}]).to_string();
    for to in [fake.web("elsewhere"), format!("{}/store/201/artifacts.zip", fake.store_origin())] {
        let answer = format!(
            "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: {}\r\n\r\n{jobs}",
            jobs.len()
        );
        let origin = server("good.pem", answer);
        for public in [false, true] {
            let api = format!("{origin}/api/v4");
            let run = run(&fake).args("fetch build --api-url").arg(&api).args(TRUSTING);
            let run = if public { run.without(&["GITLAB_TOKEN"]) } else { run };
            let ran = run.fails(5);
            ran.says("redirected from https to <").says("which is not followed").asks(&[]);
        }
    }
}
