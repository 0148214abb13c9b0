//! A client that hides nothing: one request on one connection, and all that comes back.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::fake::Fake;

/// An answer, head and body.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    /// The head as it came, first line and all.
    pub head: String,
    pub body: Vec<u8>,
}

impl Got {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
}

/// `GET projects/1` with the world's private token.
pub fn get(fake: &Fake, path: &str) -> Got {
    ask(fake, "GET", path, &[])
}

/// Any method, with more headers; without a token among them, the private token is sent.
pub fn ask(fake: &Fake, method: &str, path: &str, headers: &[(&str, &str)]) -> Got {
    send(fake, method, path, headers, "")
}

/// A POST with a form.
pub fn post(fake: &Fake, path: &str, form: &str) -> Got {
    send(fake, "POST", path, &[("Content-Type", "application/x-www-form-urlencoded")], form)
}

fn send(fake: &Fake, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Got {
    let mut headers = headers.to_vec();
    let (secret, _) = fake.token("private");
    if !headers.iter().any(|(name, _)| name.ends_with("TOKEN")) {
        headers.push(("PRIVATE-TOKEN", &secret));
    }
    let url = format!("{}/{path}", fake.api_url());
    let url = if path.starts_with("http") { path } else { &url };
    exchange(method, url, &headers, body).unwrap()
}

/// One request to an absolute address, exactly with these headers, read until the end.
pub fn exchange(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Got> {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, target) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host)?;
    let mut head = format!("{method} /{target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(head.as_bytes())?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").map_or(all.len(), |at| at + 4);
    let body = all.split_off(end);
    let head = String::from_utf8(all).unwrap();
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    Ok(Got { status, head, body })
}
