//! The API by TLS, with the certificate `fixtures/tls/good.pem`: whole requests are handed on to
//! the plain listener, so that they are logged and judged as all others are.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::world::fixtures;
use super::{Fake, Inner};

impl Fake {
    /// `https://127.0.0.1:PORT` of the same API. Started by the first call; the server's
    /// `https_redirect` leads here from then on.
    pub fn https_origin(&self) -> String {
        if let Some(known) = self.0.with(|state| state.place.https.clone()) {
            return known;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("https://{}", listener.local_addr().unwrap());
        let plain = self.api_origin().trim_start_matches("http://").to_owned();
        self.0.with(|state| state.place.https = Some(origin.clone()));
        let inner = Arc::clone(&self.0);
        std::thread::spawn(move || listen(&inner, &listener, &plain));
        origin
    }
}

fn listen(inner: &Inner, listener: &TcpListener, plain: &str) {
    let certificate = CertificateDer::from_pem_file(fixtures().join("tls/good.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(fixtures().join("tls/server.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
    for stream in listener.incoming().flatten() {
        if inner.is_over() {
            return;
        }
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let plain = plain.to_owned();
        std::thread::spawn(move || {
            // A client that does not believe the certificate hangs up.
            let _ = hand_on(StreamOwned::new(connection, stream), &plain);
        });
    }
}

/// Hands on one request and its answer, then ends the connection.
fn hand_on(mut stream: StreamOwned<ServerConnection, TcpStream>, to: &str) -> std::io::Result<()> {
    let mut asked = Vec::new();
    let head = loop {
        if let Some(at) = asked.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        let mut part = [0; 8192];
        let count = stream.read(&mut part)?;
        if count == 0 {
            return Ok(());
        }
        asked.extend_from_slice(&part[..count]);
    };
    let text = String::from_utf8_lossy(&asked[..head]).to_lowercase();
    let length = text.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; (head + length).saturating_sub(asked.len())];
    stream.read_exact(&mut body)?;
    asked.extend(body);

    let mut plain = TcpStream::connect(to)?;
    // As a web server that ends TLS tells GitLab; it keeps `https_redirect` from going round.
    plain.write_all(&with_first(&with_close(&asked), "X-Forwarded-Proto: https"))?;
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer)?;
    stream.write_all(&with_close(&answer))?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// A message with `Connection: close` behind its first line.
pub fn with_close(message: &[u8]) -> Vec<u8> {
    with_first(message, "Connection: close")
}

/// A message with this header behind its first line.
fn with_first(message: &[u8], header: &str) -> Vec<u8> {
    let end = message.windows(2).position(|two| two == b"\r\n").map_or(0, |at| at + 2);
    let (first, rest) = message.split_at(end);
    [first, header.as_bytes(), b"\r\n", rest].concat()
}
