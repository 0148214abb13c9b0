//! Web addresses: parsing, origins, redirects, display.
//!
//! A query can be a secret, such as the signature of a presigned URL, so `Display` omits it.

use std::fmt::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::Uri;

use crate::sanitize::sanitize;

/// Escapes everything except the unreserved characters of RFC 3986; `/` is escaped too.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes one segment of a path, or one value of a query.
pub fn escaped(segment: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(segment, SEGMENT)
}

/// An absolute http or https address.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    secure: bool,
    /// Lower case; an IPv6 address in brackets.
    host: String,
    port: u16,
    path: String,
    /// Without the `?`.
    query: Option<String>,
}

/// The reason for refusing a text as an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadAddress {
    NotAnAddress,
    /// Not http or https.
    Scheme,
    /// `user:password@` in front of the host.
    Userinfo,
    /// A host with a character that no host name has. It could have a meaning for a shell that an
    /// address is pasted into.
    Host,
}

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadAddress::NotAnAddress => "is not a web address",
            BadAddress::Scheme => "is neither http nor https",
            BadAddress::Host => "contains a character that no host name has",
            BadAddress::Userinfo => "contains a user name or a password, which is not allowed",
        })
    }
}

impl Address {
    /// Parses an absolute address. A fragment is dropped.
    pub fn parse(text: &str) -> Result<Address, BadAddress> {
        let text = text.split('#').next().unwrap_or_default();
        let uri: Uri = text.parse().map_err(|_| BadAddress::NotAnAddress)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(BadAddress::Scheme),
            None => return Err(BadAddress::NotAnAddress),
        };
        let authority = uri.authority().ok_or(BadAddress::NotAnAddress)?;
        if authority.as_str().contains('@') {
            return Err(BadAddress::Userinfo);
        }
        if authority.host().is_empty() {
            return Err(BadAddress::NotAnAddress);
        }
        if !authority.host().chars().all(is_host_character) {
            return Err(BadAddress::Host);
        }
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            // The parser of `http` drops a port that is not a number.
            None if authority.as_str() != authority.host() => return Err(BadAddress::NotAnAddress),
            None => default_port(secure),
        };
        Ok(Address {
            secure,
            host: authority.host().to_ascii_lowercase(),
            port,
            path: uri.path().to_owned(),
            query: uri.query().map(str::to_owned),
        })
    }

    /// Resolves a `Location` header: an absolute address, or a path on the same origin.
    pub fn resolve(&self, location: &str) -> Result<Address, BadAddress> {
        if let Some(rest) = location.strip_prefix("//") {
            return Address::parse(&format!("{}://{rest}", self.scheme()));
        }
        if location.starts_with('/') {
            return Address::parse(&format!("{}{location}", self.origin()));
        }
        Address::parse(location)
    }

    /// Returns the address with `path` appended, which begins with `/` and may have a query.
    pub fn join(&self, path: &str) -> Address {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path, None),
        };
        Address {
            path: format!("{}{path}", self.path.trim_end_matches('/')),
            query,
            ..self.clone()
        }
    }

    /// Returns the address with one more pair in its query.
    pub fn with_query_pair(&self, name: &str, value: &str) -> Address {
        let pair = format!("{}={}", escaped(name), escaped(value));
        let query = self.query.as_ref().map_or(pair.clone(), |query| format!("{query}&{pair}"));
        Address { query: Some(query), ..self.clone() }
    }

    /// Returns the root of the API that the address lies below: everything up to `/api/v4`.
    pub fn api_root(&self) -> Option<Address> {
        let (root, _) = self.path.split_once("/api/v4/")?;
        Some(Address { path: format!("{root}/api/v4"), query: None, ..self.clone() })
    }

    /// Returns `scheme://host:port`, without the port if it is the default of the scheme.
    pub fn origin(&self) -> String {
        let mut origin = format!("{}://{}", self.scheme(), self.host);
        if self.port != default_port(self.secure) {
            let _ = write!(origin, ":{}", self.port);
        }
        origin
    }

    /// Returns true if scheme, host and port are equal. Tokens are sent only to the same origin.
    pub fn same_origin(&self, other: &Address) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }

    /// Returns true if the other address is the same server, by https instead of http or the
    /// other way round, each at its default port.
    pub fn is_upgraded_by(&self, other: &Address) -> bool {
        let is_default = |it: &Address| it.port == default_port(it.secure);
        self.host == other.host
            && self.secure != other.secure
            && is_default(self)
            && is_default(other)
    }

    /// Returns true if the host is this machine.
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Returns the host in lower case, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn is_secure(&self) -> bool {
        self.secure
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns true if the path has a segment `.` or `..`, which servers and proxies normalise.
    pub fn has_dot_segments(&self) -> bool {
        self.path.split('/').any(|segment| matches!(segment, "." | ".."))
    }

    /// Returns the query with its `?`, or an empty text.
    pub fn query_part(&self) -> String {
        self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default()
    }

    /// Returns the complete address including the query, for requests. Never print it.
    pub fn to_url(&self) -> String {
        format!("{}{}{}", self.origin(), self.path, self.query_part())
    }

    /// Formats the address with its query. Only for addresses of the API, whose queries contain no
    /// secrets.
    pub fn to_printable_url(&self) -> String {
        sanitize(&self.to_url()).to_string()
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", sanitize(&self.origin()), sanitize(&self.path))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Letters, digits, `-`, `.` and `_`, and those of IPv6 addresses.
fn is_host_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '[' | ']' | ':')
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn an_address_is_shown_without_its_query() {
        let signed = address("https://store.test:8443/a/b.zip?X-Signature=s3cr3t");
        assert_eq!(signed.to_string(), "https://store.test:8443/a/b.zip");
        assert_eq!(format!("{signed:?}"), "https://store.test:8443/a/b.zip");
        assert_eq!(signed.to_url(), "https://store.test:8443/a/b.zip?X-Signature=s3cr3t");
    }

    #[test]
    fn origins_differ_by_scheme_host_and_port() {
        let here = address("https://gitlab.test/api/v4");
        for (other, same) in [
            ("https://gitlab.test:443/elsewhere", true),
            ("https://GITLAB.test/", true),
            ("http://gitlab.test/", false),
            ("https://gitlab.test:8443/", false),
            ("https://gitlab.test.evil/", false),
        ] {
            assert_eq!(here.same_origin(&address(other)), same, "{other}");
        }
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        for (text, why) in [
            ("gitlab.test/api/v4", BadAddress::NotAnAddress),
            ("ftp://gitlab.test/", BadAddress::Scheme),
            ("file:///etc/passwd", BadAddress::NotAnAddress),
            ("https://me:secret@gitlab.test/", BadAddress::Userinfo),
            ("https://", BadAddress::NotAnAddress),
            ("https://a$(reboot).test/", BadAddress::Host),
            ("https://a'b.test/", BadAddress::Host),
            ("https://a;b.test/", BadAddress::Host),
            ("https://a&b.test/", BadAddress::Host),
            ("https://gitlab.test:99999/", BadAddress::NotAnAddress),
            ("", BadAddress::NotAnAddress),
        ] {
            assert_eq!(Address::parse(text).map(|a| a.to_url()), Err(why), "{text}");
        }
    }

    #[test]
    fn a_redirect_leads_to_another_address_or_to_a_path_of_the_same_origin() {
        let here = address("https://gitlab.test/api/v4/projects/1?page=2");
        for (location, expect) in [
            ("/api/v4/projects/2", "https://gitlab.test/api/v4/projects/2"),
            ("//store.test/a?b=c", "https://store.test/a?b=c"),
            ("http://store.test/a#part", "http://store.test/a"),
        ] {
            assert_eq!(here.resolve(location).unwrap().to_url(), expect);
        }
        assert!(here.resolve("garbage").is_err());
        assert!(here.resolve("").is_err());
    }

    #[test]
    fn segments_are_escaped_to_the_last_slash() {
        assert_eq!(escaped("group/sub project?#%").to_string(), "group%2Fsub%20project%3F%23%25");
        assert_eq!(escaped("feature-1.2_x~y").to_string(), "feature-1.2_x~y");
    }
}
