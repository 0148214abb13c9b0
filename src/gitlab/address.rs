//! Web addresses: parsing, origins, redirects, display.
//!
//! A query can be a secret, such as the signature of a presigned URL, so `Display` omits it.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};
use ureq::http::Uri;

use crate::sanitize::{sanitize, sanitize_whole};

/// Escapes everything except the unreserved characters of RFC 3986; `/` is escaped too.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Characters that no path and no query may contain, other than as an escape.
const FORBIDDEN: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

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
        let text = with_ascii_host(text.split('#').next().unwrap_or_default())?;
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

    /// Resolves a `Location` header: an absolute address, or one relative to this address (RFC
    /// 3986, section 5.2). Characters that must not stand in an address are escaped; what is
    /// escaped already stays as it is, because a signature covers it.
    pub fn resolve(&self, location: &[u8]) -> Result<Address, BadAddress> {
        let location = escape_forbidden(location.trim_ascii());
        let location = location.split('#').next().unwrap_or_default();
        if location.is_empty() {
            return Err(BadAddress::NotAnAddress);
        }
        if has_scheme(location) {
            return Address::parse(location);
        }
        if location.starts_with("//") {
            return Address::parse(&format!("{}:{location}", self.scheme()));
        }
        let (path, query) = match location.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (location, None),
        };
        let path = if path.is_empty() {
            self.path.clone()
        } else if path.starts_with('/') {
            path.to_owned()
        } else {
            let folder = self.path.rfind('/').map_or("/", |slash| &self.path[..=slash]);
            without_dot_segments(&format!("{folder}{path}"))
        };
        Ok(Address { path, query, ..self.clone() })
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
        format!("{}://{}", self.scheme(), self.host_and_port())
    }

    /// Returns `host:port`, without the port if it is the default of the scheme.
    pub fn host_and_port(&self) -> String {
        match self.port == default_port(self.secure) {
            true => self.host.clone(),
            false => format!("{}:{}", self.host, self.port),
        }
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
        sanitize_whole(&self.to_url()).to_string()
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

/// Returns a host name in ASCII (punycode), or `None` if it is no valid name.
pub(super) fn ascii_host(host: &str) -> Option<Cow<'_, str>> {
    match host.is_ascii() {
        true => Some(Cow::Borrowed(host)),
        false => idna::domain_to_ascii(host).ok().map(Cow::Owned),
    }
}

/// Returns an address whose host is in ASCII.
fn with_ascii_host(text: &str) -> Result<Cow<'_, str>, BadAddress> {
    let Some((scheme, rest)) = text.split_once("://").filter(|_| !text.is_ascii()) else {
        return Ok(Cow::Borrowed(text));
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = authority.split_at(authority.rfind(':').unwrap_or(authority.len()));
    if authority.contains('@') {
        return Err(BadAddress::Userinfo);
    }
    let host = ascii_host(host).ok_or(BadAddress::NotAnAddress)?;
    Ok(Cow::Owned(format!("{scheme}://{host}{port}{path}")))
}

/// Percent-encodes the bytes of a `Location` that no address may contain, as browsers do. The host
/// is left alone, because it is not percent-encoded.
fn escape_forbidden(location: &[u8]) -> String {
    let slashes = location.windows(2).position(|pair| pair == b"//").filter(|slashes| {
        *slashes == 0 || has_scheme(&String::from_utf8_lossy(&location[..*slashes]))
    });
    let host_end = slashes.map_or(0, |slashes| {
        let host = &location[slashes + 2..];
        let end = host.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(host.len());
        slashes + 2 + end
    });
    let (origin, rest) = location.split_at(host_end);
    format!("{}{}", String::from_utf8_lossy(origin), percent_encode(rest, FORBIDDEN))
}

/// Returns true if a reference begins with a scheme, such as `https:`.
fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else { return false };
    let scheme_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(scheme_char)
}

/// Removes the segments `.` and `..` of an absolute path (RFC 3986, section 5.2.4).
fn without_dot_segments(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    // A path that ends in a dot segment is that of a folder.
    if matches!(path.rsplit('/').next(), Some("." | "..")) {
        segments.push("");
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests;
