//! Requests for `http` addresses by way of an http proxy.
//!
//! The proxy gets the complete address (absolute form, RFC 9112, section 3.2.2). It is not asked for
//! a tunnel, because many proxies, such as squid by default, tunnel to port 443 only. ureq knows
//! only tunnels, so the request line is completed on its way to the connection.

use base64::prelude::{BASE64_STANDARD, Engine};
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};
use ureq::{Error, Proxy};

/// A connection to a proxy that looks like one to the server.
#[derive(Debug)]
pub(super) struct ForwardTransport {
    proxy: Box<dyn Transport>,
    /// Scheme, host and port of the server.
    origin: String,
    /// A header line for the proxy, with its line break; empty without credentials.
    authorization: Secret,
    /// Nothing has been sent yet.
    at_request_start: bool,
}

/// A text that `Debug` does not show.
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl ForwardTransport {
    pub(super) fn new(connection: Box<dyn Transport>, proxy: &Proxy, origin: String) -> Self {
        let authorization = Secret(proxy_authorization(proxy.username(), proxy.password()));
        ForwardTransport { proxy: connection, origin, authorization, at_request_start: true }
    }
}

impl Transport for ForwardTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.proxy.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if !std::mem::take(&mut self.at_request_start) {
            return self.proxy.transmit_output(amount, timeout);
        }
        let head = self.proxy.buffers().output()[..amount].to_vec();
        let mut head = &completed(&head, &self.origin, &self.authorization.0)[..];
        while !head.is_empty() {
            let output = self.proxy.buffers().output();
            let count = head.len().min(output.len());
            output[..count].copy_from_slice(&head[..count]);
            self.proxy.transmit_output(count, timeout)?;
            head = &head[count..];
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.proxy.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        // Some proxies, such as tinyproxy, close the connection after each answer without
        // announcing it, so none is reused.
        false
    }
}

/// Completes the head of a request: the origin in front of the path, and a header line behind the
/// request line.
fn completed(head: &[u8], origin: &str, header_line: &str) -> Vec<u8> {
    let path = head.iter().position(|byte| *byte == b' ').map_or(0, |space| space + 1);
    let headers =
        head.windows(2).position(|pair| pair == b"\r\n").map_or(head.len(), |end| end + 2);
    let mut completed = head[..path].to_vec();
    completed.extend(origin.as_bytes());
    completed.extend(&head[path..headers]);
    completed.extend(header_line.as_bytes());
    completed.extend(&head[headers..]);
    completed
}

/// Returns the header line with the credentials of a proxy, empty if it has none.
fn proxy_authorization(user: Option<&str>, password: Option<&str>) -> String {
    if user.is_none() && password.is_none() {
        return String::new();
    }
    let credentials = format!("{}:{}", user.unwrap_or_default(), password.unwrap_or_default());
    format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(credentials))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_line_gets_the_complete_address() {
        for (head, header_line, expect) in [
            (
                "GET /a%2Fb?x=1 HTTP/1.1\r\nhost: gitlab.test\r\n\r\n",
                "",
                "GET http://gitlab.test/a%2Fb?x=1 HTTP/1.1\r\nhost: gitlab.test\r\n\r\n",
            ),
            (
                "POST / HTTP/1.1\r\nhost: x\r\n\r\nbody of it",
                "Proxy-Authorization: Basic Og==\r\n",
                "POST http://gitlab.test/ HTTP/1.1\r\nProxy-Authorization: Basic Og==\r\nhost: x\r\n\r\nbody of it",
            ),
        ] {
            let actual = completed(head.as_bytes(), "http://gitlab.test", header_line);
            assert_eq!(String::from_utf8(actual).unwrap(), expect);
        }
    }

    #[test]
    fn credentials_are_sent_and_not_shown() {
        for (user, password, expect) in [
            (None, None, ""),
            (Some("me"), Some("a@b"), "Proxy-Authorization: Basic bWU6YUBi\r\n"),
            (Some("me"), None, "Proxy-Authorization: Basic bWU6\r\n"),
        ] {
            assert_eq!(proxy_authorization(user, password), expect);
        }
        assert_eq!(format!("{:?}", Secret("bWU6YUBi".to_owned())), "[secret]");
    }
}
