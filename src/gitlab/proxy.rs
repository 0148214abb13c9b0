//! Selection of the proxy for an address.
//!
//! `NO_PROXY` is read as curl reads it, with the additions that other programs support, such as
//! a port.

use std::net::IpAddr;

use ureq::{Proxy, ProxyProtocol};

use super::address::{Address, ascii_host};
use super::cause::Cause;
use super::network::Network;

impl Network {
    /// Returns the proxy for an address, as configured.
    pub(super) fn proxy_for(&self, at: &Address) -> Option<&str> {
        let proxy = if at.is_secure() { &self.https_proxy } else { &self.http_proxy };
        let bypass = |list: &String| bypasses_proxy(list, at.host(), at.port());
        proxy.as_deref().filter(|_| !self.no_proxy.as_ref().is_some_and(bypass))
    }
}

/// Parses the address of a proxy. Errors do not repeat it, because it can contain a password.
pub(super) fn parse_proxy(text: &str) -> Result<Proxy, Cause> {
    let unusable = |reason: &str| Cause::Unexpected { reason: reason.to_owned() };
    let proxy =
        Proxy::new(text).map_err(|_| unusable("the address of the proxy cannot be used"))?;
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok(proxy),
        // ureq would silently connect without it.
        _ => Err(unusable("the proxy is a SOCKS proxy; only http and https proxies are supported")),
    }
}

/// Returns true if the entries of a list, separated by commas or blanks, exempt a host from the
/// proxy. `host` is in lower case, an IPv6 address in brackets.
fn bypasses_proxy(list: &str, host: &str, port: u16) -> bool {
    let host = host.trim_end_matches('.');
    let address: Option<IpAddr> = unbracketed(host).parse().ok();
    let entries = list.split(|c: char| c == ',' || c.is_whitespace());
    entries.filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.to_lowercase();
        let (entry, only) = split_port(&entry);
        let Some(entry) = ascii_host(entry) else { return false };
        let entry = &*entry;
        if only.is_some_and(|only| only != port) {
            return false;
        }
        match address {
            _ if entry == "*" => true,
            Some(address) => network_contains(entry, address),
            None => is_same_or_subdomain(host, entry),
        }
    })
}

/// Splits the port off an entry. The colons of an IPv6 address without brackets start no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => {
            port.parse().map_or((entry, None), |port| (host, Some(port)))
        }
        _ => (entry, None),
    }
}

/// Removes the brackets of an IPv6 address.
fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Returns true if `host` is `name` or a subdomain of it. A leading dot or `*.` of `name` makes no
/// difference.
fn is_same_or_subdomain(host: &str, name: &str) -> bool {
    let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
    let name = name.strip_prefix('.').unwrap_or(name).trim_end_matches('.');
    let prefix = host.strip_suffix(name).filter(|_| !name.is_empty());
    prefix.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
}

/// Returns true if a network such as `10.0.0.0/8` or `fd00::/8`, or a single address, contains an
/// address.
fn network_contains(network: &str, address: IpAddr) -> bool {
    let (network, length) = match network.split_once('/') {
        Some((network, length)) => match length.parse::<u32>() {
            Ok(length) => (network, Some(length)),
            Err(_) => return false,
        },
        None => (network, None),
    };
    let Ok(network) = unbracketed(network).parse::<IpAddr>() else { return false };
    // Both are aligned to the top of 128 bits, so that one comparison works for IPv4 and IPv6.
    let (network, address, width) = match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (u128::from(network.to_bits()) << 96, u128::from(address.to_bits()) << 96, 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    let length = length.unwrap_or(width);
    let differ = network ^ address;
    length <= width && differ.leading_zeros() >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names_and_networks_says_what_goes_past_the_proxy() {
        let bypassed: [(&str, &[&str]); 14] = [
            (
                "gitlab.test",
                &["gitlab.test", "api.gitlab.test", "gitlab.test:8443", "gitlab.test."],
            ),
            (".gitlab.test", &["gitlab.test", "api.gitlab.test"]),
            ("*.gitlab.test", &["gitlab.test", "a.b.gitlab.test"]),
            ("GitLab.Test.", &["gitlab.test"]),
            ("bücher.test", &["xn--bcher-kva.test", "a.bücher.test:8443"]),
            ("a.test, gitlab.test ,b.test", &["a.test", "gitlab.test", "b.test"]),
            ("a.test gitlab.test\tb.test", &["a.test", "gitlab.test", "b.test"]),
            ("a.test,*", &["anything.test", "10.0.0.1", "[::1]"]),
            ("gitlab.test:8443", &["gitlab.test:8443", "api.gitlab.test:8443"]),
            ("127.0.0.1,::1", &["127.0.0.1:9999", "[::1]:9999"]),
            ("10.0.0.0/8, 192.168.7.0/23", &["10.255.0.1", "192.168.6.200", "192.168.7.1"]),
            ("0.0.0.0/0", &["8.8.8.8"]),
            ("fd00::/8,[fe80::]/10", &["[fd12:3456::1]", "[febf::1]"]),
            ("[::1]:8080,10.0.0.1:8080", &["[::1]:8080", "10.0.0.1:8080"]),
        ];
        let proxied: [(&str, &[&str]); 12] = [
            ("gitlab.test", &["mygitlab.test", "gitlab.test.evil", "test"]),
            ("gitlab.test:8443", &["gitlab.test", "gitlab.test:84"]),
            (",", &["gitlab.test"]),
            ("", &["gitlab.test", "10.0.0.1"]),
            (".", &["gitlab.test"]),
            ("*gitlab.test", &["mygitlab.test"]),
            ("10.0.0.0/8", &["11.0.0.1", "[::a00:1]", "10.test"]),
            ("10.0.0.0/33,10.0.0.0/x,10.0.0.0/-1", &["10.0.0.0"]),
            ("0.0.0.0/0", &["[::1]"]),
            ("::/0", &["10.0.0.1"]),
            ("fd00::/8", &["[fe00::1]"]),
            // The end of an IP address is not a parent domain.
            ("0.0.1,.0.0.1,[::1]:8080", &["127.0.0.1", "[::1]"]),
        ];
        for (cases, expect) in [(&bypassed[..], true), (&proxied[..], false)] {
            for (list, hosts) in cases {
                for host in *hosts {
                    let at = Address::parse(&format!("http://{host}/")).unwrap();
                    assert_eq!(
                        bypasses_proxy(list, at.host(), at.port()),
                        expect,
                        "{list}: {host}"
                    );
                }
            }
        }
    }

    #[test]
    fn each_scheme_has_its_own_proxy() {
        let network = Network {
            http_proxy: Some("http://plain.test".to_owned()),
            https_proxy: Some("http://secure.test".to_owned()),
            no_proxy: Some("near.test".to_owned()),
            ..Network::default()
        };
        for (address, expect) in [
            ("http://gitlab.test/", Some("http://plain.test")),
            ("https://gitlab.test/", Some("http://secure.test")),
            ("http://near.test/", None),
            ("https://near.test/", None),
        ] {
            let at = Address::parse(address).unwrap();
            assert_eq!(network.proxy_for(&at), expect, "{address}");
        }
    }

    #[test]
    fn a_proxy_has_its_user_and_no_other_language_than_http() {
        let with_user = parse_proxy("http://me:sec%40ret@proxy.test:3128").ok().unwrap();
        assert_eq!((with_user.username(), with_user.password()), (Some("me"), Some("sec@ret")));
        assert_eq!((with_user.host(), with_user.port()), ("proxy.test", 3128));
        assert_eq!(parse_proxy("proxy.test:3128").ok().unwrap().port(), 3128);
        for (text, says) in
            [("socks5h://hush@proxy.test:1080", "SOCKS"), ("http://hush hush", "cannot be used")]
        {
            let Err(Cause::Unexpected { reason }) = parse_proxy(text) else { panic!("{text}") };
            assert!(reason.contains(says) && !reason.contains("hush"), "{reason}");
        }
    }
}
