//! The transport of requests: proxies for http, redirects as other clients follow them, and servers
//! whose bytes drip.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::fake::{Fake, Fault, Proxy, World};
use crate::harness::Run;
use crate::scenes::{downstream, job};

fn world() -> World {
    downstream(&[job(201, "build")])
}

fn stored() -> World {
    world().server(json!({"archives": "redirect"}))
}

/// Runs by way of the proxy at this address, which may have credentials in it.
fn through(url: &str) -> Fake {
    let fake = Fake::start(stored());
    for line in ["fetch build", "fetch build --path from", "ls build"] {
        let ran = Run::new(&fake).vars([("http_proxy", url)]).args(line).succeeds();
        ran.never_says("hu@sh").never_says("hu%40sh");
        ran.check(ran.pauses.is_empty(), "at the first try");
        ran.check(ran.log.iter().all(|it| it.header("via").is_some()), "all of it by the proxy");
        let leaked = |it: &crate::fake::Logged| it.header("proxy-authorization").is_some();
        ran.check(!ran.log.iter().any(leaked), "the credentials are the proxy's");
    }
    fake
}

#[test]
fn http_goes_through_a_proxy_in_absolute_form() {
    let proxy = Proxy::start(&[443]);
    let fake = through(&format!("http://me:hu%40sh@{}", proxy.address()));
    for asked in proxy.log() {
        assert!(
            asked.method == "GET" && asked.target.starts_with("http://127.0.0.1:"),
            "{asked:?}"
        );
        assert_eq!(asked.header("proxy-authorization"), Some("Basic bWU6aHVAc2g="));
        let host = asked.target["http://".len()..].split('/').next();
        assert_eq!(asked.header("host"), host);
    }
    // So do requests that change something, each once.
    let before = proxy.requests().len();
    let ran = Run::new(&fake).vars([("http_proxy", &proxy.url())]);
    ran.args("keep -R 2 --job-id 201").succeeds();
    let asked = proxy.requests().split_off(before);
    assert_eq!(asked.iter().filter(|line| line.starts_with("POST ")).count(), 1, "{asked:?}");
}

#[cfg(unix)]
#[test]
fn so_it_does_through_squid_and_tinyproxy() {
    if let Some(squid) = crate::proxies::squid() {
        through(&squid.address);
    }
    if let Some(tinyproxy) = crate::proxies::tinyproxy() {
        through(&tinyproxy.address);
    }
}

/// `localhost` has two addresses on most machines, of which only one leads to the stand-in.
#[test]
fn a_host_with_an_address_at_which_nobody_listens_is_reached_by_the_other() {
    let fake = Fake::start(world());
    let (_, port) =
        fake.api_origin().rsplit_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let url = format!("http://localhost:{port}/api/v4");
    for line in ["fetch build", "fetch build --streams 4", "ls build"] {
        let ran = Run::new(&fake).vars([("CI_API_V4_URL", &url)]).args(line).succeeds();
        ran.check(ran.pauses.is_empty(), "at the first try");
    }
}

#[test]
fn a_proxy_that_wants_a_password_or_is_not_there_is_told() {
    let fake = Fake::start(world());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://me:hush@{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            if lines.any(|line| line.is_empty()) {
                let _ = stream.write_all(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
                );
            }
        }
    });
    let ran = Run::new(&fake).vars([("http_proxy", &address)]).args("fetch build").fails(5);
    ran.says("the proxy requires a user name and a password for <api> (407)").never_says("hush");
    assert!(ran.pauses.is_empty());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = format!("http://{nobody}");
    let ran = Run::new(&fake).vars([("http_proxy", &address)]).args("fetch build").fails(5);
    ran.says("refuses the connection, or the proxy before it does");
}

#[test]
fn a_location_is_followed_as_curl_and_browsers_follow_it() {
    let archive = crate::zip_builder::zip(&[crate::zip_builder::file("from", "afar")]);
    for (location, lands) in [
        ("x.zip", "GET */jobs/201/x.zip"),
        ("../y?b=2", "GET */jobs/y?b=2"),
        ("?x=1", "GET */jobs/201/artifacts?x=1"),
        ("/a b<c>\"d`?e f", "GET a%20b%3Cc%3E%22d%60?e%20f"),
        ("{store}/t%20a%2fb?sig=a%2Bb+c/|d", "GET t%20a%2fb"),
        ("{store}/s p", "GET s%20p"),
    ] {
        let fake = Fake::start(world());
        fake.fault(Fault::on("GET jobs/201/artifacts").redirect(location));
        fake.fault(Fault::on(lands).body(200, "application/zip", archive.clone()));
        let ran = Run::new(&fake).args("fetch build").succeeds();
        ran.check(ran.read("from") == "afar", location);
        let asked = fake.log().last().map(|it| it.line.clone()).unwrap_or_default();
        let path = location.trim_start_matches("{store}");
        ran.check(!path.contains('%') || asked.ends_with(path), &asked);
    }
}

/// A server that sends this head, and then these bytes over and over, one at a time.
fn dripping(head: &'static str, drip: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}/api/v4", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let complete = lines.any(|line| line.is_empty());
                let mut sent = stream.write_all(head.as_bytes()).and(Ok(complete));
                for byte in drip.bytes().cycle() {
                    if sent.is_err() {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                    sent = stream.write_all(&[byte]).and(Ok(true));
                }
            });
        }
    });
    api
}

#[test]
fn a_server_that_drips_whatever_it_may_be_is_not_listened_to_for_ever() {
    let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let chunked: &'static str =
        Box::leak(format!("{json}Transfer-Encoding: chunked\r\n\r\n").into());
    let trailers: &'static str = Box::leak(format!("{chunked}2\r\n[]\r\n0\r\n").into());
    let extension: &'static str = Box::leak(format!("{chunked}2;").into());
    let fake = Fake::start(world());
    for (what, head, drip) in [
        ("the status line", "HTTP/1.1 ", "2"),
        ("headers", json, "X-A: b\r\n"),
        ("one header", json, "x"),
        ("informational responses", "", "HTTP/1.1 102 Processing\r\n\r\n"),
        ("chunk extensions", extension, "x"),
        ("trailers", trailers, "X-A: b\r\n"),
        ("one trailer", trailers, "x"),
    ] {
        for proxied in [false, true] {
            let api = dripping(head, drip);
            let start = Instant::now();
            let run = Run::new(&fake).args("fetch build --retries 0 --timeout 500ms");
            let run = match proxied {
                false => run.arg("--api-url").arg(&api),
                // The head of the answer to CONNECT.
                true => run
                    .args("--connect-timeout 500ms --api-url https://gitlab.test/api/v4")
                    .vars([("https_proxy", api.trim_end_matches("/api/v4"))]),
            };
            let ran = run.fails(5);
            let took = start.elapsed();
            ran.check(took < Duration::from_secs(5), &format!("{what}, {proxied}: {took:?}"));
        }
    }
}

#[test]
fn a_silent_server_is_waited_for_no_longer_than_the_waiting_lasts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}/api/v4", listener.local_addr().unwrap());
    let fake = Fake::start(world());
    for api in [silent, dripping("HTTP/1.1 200 OK\r\n", "X-A: b\r\n")] {
        let start = Instant::now();
        let run = Run::new(&fake).args("fetch build --wait --wait-timeout 2s --api-url").arg(&api);
        let ran = run.fails(7);
        // The clock of the run counts only pauses, so that several attempts fit in.
        let took = start.elapsed();
        ran.check(took < Duration::from_secs(20), &format!("{took:?}"));
        ran.says("did not answer before the waiting ended").never_says("60 s");
    }
}

/// Runs the program as a process, whose clock is the real one; returns its exit code, its standard
/// error and how long it took.
fn process(api: &str, line: &str, vars: &[(&str, &str)]) -> (Option<i32>, String, Duration) {
    let (fake, dir) = (Fake::start(world()), tempfile::tempdir().unwrap());
    let start = Instant::now();
    let mut command = crate::process::downriver(&fake, dir.path());
    command.args(line.split(' ')).env("CI_API_V4_URL", api).envs(vars.iter().copied());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said, start.elapsed())
}

#[test]
fn the_nearer_of_two_limits_holds_to_the_second() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}/api/v4", listener.local_addr().unwrap());
    for (line, exit, at_least, says) in [
        ("fetch build --wait --wait-timeout 3s", 7, 3, "waited 3s"),
        ("wait build --wait-timeout 3s --timeout 1s --retries 0", 7, 3, "waited 3s"),
        ("fetch build --timeout 2s --retries 0", 5, 2, "for 2 s"),
    ] {
        let (code, said, took) = process(&silent, line, &[]);
        assert_eq!(code, Some(exit), "{line}: {said}");
        let range = Duration::from_secs(at_least)..Duration::from_secs(at_least + 4);
        assert!(said.contains(says) && range.contains(&took), "{line}: {took:?} {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_machine_without_certificate_authorities_is_told() {
    let empty = tempfile::tempdir().unwrap();
    let text = empty.path().join("text");
    std::fs::write(&text, "no certificate\n").unwrap();
    for (name, value) in [
        ("SSL_CERT_FILE", "/dev/null"),
        ("SSL_CERT_FILE", text.to_str().unwrap()),
        ("SSL_CERT_DIR", empty.path().to_str().unwrap()),
        ("SSL_CERT_FILE", "/nonexistent"),
    ] {
        let vars = [(name, value)];
        let (code, said, _) = process("https://127.0.0.1:1/api/v4", "fetch build", &vars);
        assert_eq!(code, Some(5), "{name}={value}: {said}");
        let told = said.contains("no list of certificate authorities that it trusts");
        assert!(told, "{name}={value}: {said}");
    }
}
