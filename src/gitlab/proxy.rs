//! Which proxy an address is reached through: whatever goes past it for curl does so here, by the
//! same `NO_PROXY`, and so does what other programs read in that list, such as a port.

use std::net::IpAddr;

use ureq::{Proxy, ProxyProtocol};

use super::address::Address;
use super::agent::Network;
use super::error::Cause;

impl Network {
    /// The proxy for an address, as it was given.
    pub(super) fn proxy_for(&self, at: &Address) -> Option<&str> {
        let proxy = if at.is_secure() { &self.https_proxy } else { &self.http_proxy };
        let past = self.no_proxy.as_ref().is_some_and(|list| goes_past(list, at.host(), at.port()));
        proxy.as_deref().filter(|_| !past)
    }
}

/// The proxy at an address, which is not repeated: it can hold a password.
pub(super) fn proxy(text: &str) -> Result<Proxy, Cause> {
    let unusable = |reason: &str| Cause::Unexpected { reason: reason.to_owned() };
    let proxy =
        Proxy::new(text).map_err(|_| unusable("the address of the proxy cannot be used"))?;
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok(proxy),
        // ureq would go past it, without a word.
        _ => Err(unusable(
            "the proxy is a SOCKS proxy, which is not spoken here; only http and https proxies are",
        )),
    }
}

/// Whether a host is reached without a proxy, by a list with commas or blanks. `host` is in small
/// letters, an IPv6 address in its brackets.
fn goes_past(list: &str, host: &str, port: u16) -> bool {
    let host = host.trim_end_matches('.');
    let address: Option<IpAddr> = bare(host).parse().ok();
    let entries = list.split(|c: char| c == ',' || c.is_whitespace());
    entries.filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        let (entry, only) = with_port(&entry);
        if only.is_some_and(|only| only != port) {
            return false;
        }
        match address {
            _ if entry == "*" => true,
            Some(address) => network_holds(entry, address),
            None => is_or_is_below(host, entry),
        }
    })
}

/// An entry may be for one port alone; the colons of an IPv6 address are none of that.
fn with_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => {
            port.parse().map_or((entry, None), |port| (host, Some(port)))
        }
        _ => (entry, None),
    }
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// A name means itself and what is below it, with a dot or `*.` before it as well as without.
fn is_or_is_below(host: &str, name: &str) -> bool {
    let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
    let name = name.strip_prefix('.').unwrap_or(name).trim_end_matches('.');
    let above = host.strip_suffix(name).filter(|_| !name.is_empty());
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// `10.0.0.0/8`, `fd00::/8`, or an address alone.
fn network_holds(network: &str, address: IpAddr) -> bool {
    let (network, length) = match network.split_once('/') {
        Some((network, length)) => match length.parse::<u32>() {
            Ok(length) => (network, Some(length)),
            Err(_) => return false,
        },
        None => (network, None),
    };
    let Ok(network) = bare(network).parse::<IpAddr>() else { return false };
    // Both with their first bit at the top of 128, so that one comparison serves both kinds.
    let (network, address, most) = match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (u128::from(network.to_bits()) << 96, u128::from(address.to_bits()) << 96, 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    let length = length.unwrap_or(most);
    let differ = network ^ address;
    length <= most && differ.leading_zeros() >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names_and_networks_says_what_goes_past_the_proxy() {
        let past: [(&str, &[&str]); 13] = [
            (
                "gitlab.test",
                &["gitlab.test", "api.gitlab.test", "gitlab.test:8443", "gitlab.test."],
            ),
            (".gitlab.test", &["gitlab.test", "api.gitlab.test"]),
            ("*.gitlab.test", &["gitlab.test", "a.b.gitlab.test"]),
            ("GitLab.Test.", &["gitlab.test"]),
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
        let via_gitlab: [(&str, &[&str]); 12] = [
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
            // The end of an address is no name above it.
            ("0.0.1,.0.0.1,[::1]:8080", &["127.0.0.1", "[::1]"]),
        ];
        for (cases, expect) in [(&past[..], true), (&via_gitlab[..], false)] {
            for (list, hosts) in cases {
                for host in *hosts {
                    let at = Address::parse(&format!("http://{host}/")).unwrap();
                    assert_eq!(goes_past(list, at.host(), at.port()), expect, "{list}: {host}");
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
            ..Network::for_tests()
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
        let with_user = proxy("http://me:sec%40ret@proxy.test:3128").ok().unwrap();
        assert_eq!((with_user.username(), with_user.password()), (Some("me"), Some("sec@ret")));
        assert_eq!((with_user.host(), with_user.port()), ("proxy.test", 3128));
        assert_eq!(proxy("proxy.test:3128").ok().unwrap().port(), 3128);
        for (text, says) in
            [("socks5h://hush@proxy.test:1080", "SOCKS"), ("http://hush hush", "cannot be used")]
        {
            let Err(Cause::Unexpected { reason }) = proxy(text) else { panic!("{text}") };
            assert!(reason.contains(says) && !reason.contains("hush"), "{reason}");
        }
    }
}
