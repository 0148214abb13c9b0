//! Addresses as text, their origins, and redirects from one to another.

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
fn a_host_beyond_ascii_is_called_by_its_ascii_form() {
    for (text, expect) in [
        ("https://bücher.test/api", "https://xn--bcher-kva.test/api"),
        ("https://BÜCHER.test:8443?x=1", "https://xn--bcher-kva.test:8443/?x=1"),
        ("http://\u{4f8b}\u{3048}.test", "http://xn--r8jz45g.test/"),
        ("http://xn--bcher-kva.test/ü", "http://xn--bcher-kva.test/ü"),
    ] {
        assert_eq!(address(text).to_url(), expect);
    }
    assert_eq!(
        address("https://a.test").resolve("//bücher.test".as_bytes()).unwrap().host(),
        "xn--bcher-kva.test"
    );
    for refused in ["https://ü@a.test/", "https://\u{fffd}.test/", "https://a\u{2e}\u{301}/"] {
        assert!(Address::parse(refused).is_err(), "{refused}");
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
fn a_location_is_resolved_against_the_address_that_was_asked() {
    let here = address("https://gitlab.test/api/v4/projects/1?page=2");
    for (location, expect) in [
        ("/api/v4/projects/2", "https://gitlab.test/api/v4/projects/2"),
        ("//store.test/a?b=c", "https://store.test/a?b=c"),
        ("http://store.test/a#part", "http://store.test/a"),
        ("HTTPS://Store.test/a", "https://store.test/a"),
        ("x.zip", "https://gitlab.test/api/v4/projects/x.zip"),
        ("./x.zip?a=b", "https://gitlab.test/api/v4/projects/x.zip?a=b"),
        ("?x=1", "https://gitlab.test/api/v4/projects/1?x=1"),
        ("../y", "https://gitlab.test/api/v4/y"),
        ("../../../../y/..", "https://gitlab.test/"),
        ("..", "https://gitlab.test/api/v4/"),
        ("a:b/../c", "a:b"),
        ("./a:b", "https://gitlab.test/api/v4/projects/a:b"),
        (
            " /a b<c>\"d`e?f g<h>\"i`j ",
            "https://gitlab.test/a%20b%3Cc%3E%22d%60e?f%20g%3Ch%3E%22i%60j",
        ),
        (
            "https://store.test/a%20b%2fc?sig=%2B+/%3d|{}^",
            "https://store.test/a%20b%2fc?sig=%2B+/%3d|{}^",
        ),
        ("https://store.test/\u{fc}", "https://store.test/%C3%BC"),
        ("/a?u=http://x/<", "https://gitlab.test/a?u=http://x/%3C"),
        ("https://store.test?x=1", "https://store.test/?x=1"),
    ] {
        let resolved = here.resolve(location.as_bytes());
        match has_scheme(expect) && expect.starts_with("http") {
            true => assert_eq!(resolved.unwrap().to_url(), expect, "{location}"),
            false => assert!(resolved.is_err(), "{location}"),
        }
    }
    let latin = here.resolve(b"https://store.test/\xfc?\xe4=1").unwrap();
    assert_eq!(latin.to_url(), "https://store.test/%FC?%E4=1");
    for refused in ["", "  ", "#part", "mailto:me@gitlab.test", "javascript:alert(1)"] {
        assert!(here.resolve(refused.as_bytes()).is_err(), "{refused}");
    }
}

#[test]
fn segments_are_escaped_to_the_last_slash() {
    assert_eq!(escaped("group/sub project?#%").to_string(), "group%2Fsub%20project%3F%23%25");
    assert_eq!(escaped("feature-1.2_x~y").to_string(), "feature-1.2_x~y");
}
