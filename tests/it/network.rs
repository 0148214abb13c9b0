//! Redirects, and faults of the connection: transient ones are retried, then reported.

use std::time::Duration;

use serde_json::json;

use crate::fake::{Fake, Fault, Origin, World};
use crate::harness::Run;
use crate::scenes::{LOOKUP, downstream, job};

const ARCHIVE: &str = "GET projects/2/jobs/201/artifacts";

fn world() -> World {
    downstream(&[job(201, "build")])
}

/// Returns a world with the archive in object storage, which is the usual setup of GitLab.
fn stored() -> World {
    world().server(json!({"archives": "redirect"}))
}

fn struck(world: World, faults: impl IntoIterator<Item = Fault>) -> Fake {
    let fake = Fake::start(world);
    for fault in faults {
        fake.fault(fault);
    }
    fake
}

#[test]
fn what_can_pass_is_tried_again() {
    type Strike = fn(Fault) -> Fault;
    let faults: [(&str, Strike); 9] = [
        ("429", |fault| fault.status(429)),
        ("500", |fault| fault.status(500)),
        ("502", |fault| fault.status(502)),
        ("503", |fault| fault.status(503)),
        ("504", |fault| fault.status(504)),
        ("408", |fault| fault.status(408)),
        ("closed", |fault| fault.close()),
        ("reset", |fault| fault.reset()),
        ("cut", |fault| fault.cut(40)),
    ];
    for (what, fault) in faults {
        for request in [
            "GET pipelines/10/bridges",
            "GET pipelines/20/jobs",
            "GET jobs/201/artifacts",
            "GET store/*",
        ] {
            // The body of a redirect is of no interest to anybody.
            if what == "cut" && request == "GET jobs/201/artifacts" {
                continue;
            }
            let fake = struck(stored(), [fault(Fault::on(request).times(2))]);
            let ran = Run::new(&fake).args("fetch build").succeeds();
            ran.check(ran.read("from") == "201", what);
            ran.check(ran.pauses.len() == 2, &format!("{what} at {request}: two more tries"));
            ran.says("(1 of 5)\n").says("(2 of 5)\n");
        }
    }
}

#[test]
fn what_does_not_pass_ends_with_the_address_and_what_came_back() {
    let always = |request: &str| Fault::on(request).always();
    let (bridges, archive) = ("GET pipelines/10/bridges", "GET jobs/201/artifacts");
    let api = "<api>/api/v4/projects";
    for (fault, says) in [
        (
            always(bridges).status(502),
            format!(
                "asked {api}/1/pipelines/10/bridges 6 times: {api}/1/pipelines/10/bridges answered 502"
            ),
        ),
        (always(bridges).status(500), "answered 500: 500 Internal Server Error\n".into()),
        (
            always(bridges).case("workhorse: rails down"),
            "answered 502: GitLab is not responding\n".into(),
        ),
        (always(bridges).status(429), "answered 429: Retry later\n".into()),
        (always(bridges).status(503).header("X-Request-Id", "01HX"), "(request 01HX)\n".into()),
        (always(bridges).close(), "6 times: ".into()),
        (
            always(archive).reset(),
            format!("asked {api}/2/jobs/201/artifacts 6 times: the connection to <api> "),
        ),
        (
            always(archive).without_header("ETag").cut(40),
            "6 times: the download broke off after 40 of 109 bytes".into(),
        ),
        (
            always(archive).without_header("ETag").length(200),
            "6 times: the download broke off after 109 of 200 bytes".into(),
        ),
        (always("GET pipelines/20/jobs").cut(40), "6 times: the answer broke off".into()),
    ] {
        let ran = Run::new(struck(world(), [fault])).args("fetch build").fails(5);
        ran.says("error: ").says(&says);
        assert_eq!(ran.pauses.len(), 5);
    }
}

#[test]
fn tries_are_counted_and_pauses_double() {
    for (retries, tries, words) in
        [("0", 1, " once: "), ("1", 2, " 2 times: "), ("3", 4, " 4 times: ")]
    {
        let fake = struck(world(), [Fault::on("GET pipelines/10/bridges").always().status(503)]);
        let ran = Run::new(&fake).args("fetch build --retries").arg(retries).fails(5);
        ran.says(words).asks(&vec![LOOKUP[0]; tries]);
        for (number, pause) in ran.pauses.iter().enumerate() {
            let nominal = 0.5 * 2_f64.powi(number as i32);
            let pause = pause.as_secs_f64();
            assert!((nominal * 0.75..=nominal * 1.25).contains(&pause), "{number}: {pause}");
        }
    }
}

#[test]
fn the_server_says_how_long_to_wait_and_too_long_is_not_waited() {
    let throttled = |value: &str| {
        Fault::on("GET pipelines/10/bridges").status(429).header("Retry-After", value)
    };
    for (value, least) in [("37", 37.0), ("Mon, 02 Mar 2026 10:11:30 GMT", 90.0), ("0", 0.5)] {
        let ran = Run::new(struck(world(), [throttled(value)])).args("fetch build").succeeds();
        let pause = ran.pauses[0].as_secs_f64();
        assert!((least..least + 1.0).contains(&pause), "{value}: {pause}");
    }
    let ran = Run::new(struck(world(), [throttled("3600")])).args("fetch build").fails(5);
    ran.says("asks to wait 3600 s before the next request, which is too long").asks(&[LOOKUP[0]]);
}

#[test]
fn what_cannot_pass_is_asked_once() {
    for (status, exit) in [(400, 5), (401, 4), (403, 4), (404, 3), (409, 5), (410, 3), (418, 5)] {
        let fake = struck(world(), [Fault::on("GET pipelines/20/jobs").status(status)]);
        let ran = Run::new(&fake).args("fetch build").fails(exit);
        ran.asks(&LOOKUP).says(&format!("answered {status}: {status} as scripted"));
    }
}

#[test]
fn silence_ends_after_the_timeout() {
    for fault in [
        Fault::on("GET pipelines/10/bridges").first_byte_after(Duration::from_secs(20)),
        Fault::on("GET pipelines/20/jobs").stall(50),
        Fault::on("GET jobs/201/artifacts").stall(50),
    ] {
        let fake = struck(world(), [fault]);
        let ran = Run::new(&fake).args("fetch build --timeout 100ms --retries 0").fails(5);
        ran.says(" once: ").says("hint: --timeout allows more");
        let fake_again = Run::new(&fake).args("fetch build").succeeds();
        assert!(fake_again.pauses.is_empty());
    }
}

#[test]
fn a_server_that_is_not_there_is_told_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let api = format!("http://{address}/api/v4");
    let ran = Run::new(world()).args("fetch build --api-url").arg(&api).fails(5);
    ran.says(&format!("http://{address} refuses the connection"));
    assert!(ran.pauses.is_empty());
}

#[test]
fn a_redirect_to_another_origin_carries_no_token_and_gets_none_back() {
    let archive = crate::zip_builder::zip(&[crate::zip_builder::file("from", "afar")]);
    let public = json!({"set": {"project": 2, "public": true}});
    for status in [301, 302, 303, 307, 308] {
        let fake = struck(
            world().with(&public),
            [
                Fault::on("GET jobs/201/artifacts")
                    .redirect_with(status, "{store}/elsewhere?sig=1"),
                Fault::on("GET elsewhere").redirect("{api}/api/v4/projects/2/jobs/201/artifacts"),
            ],
        );
        let ran = Run::new(&fake).args("fetch build").succeeds();
        ran.asks(&[LOOKUP[0], LOOKUP[1], ARCHIVE, "GET elsewhere", ARCHIVE]);
        let sent: Vec<bool> = ran.log.iter().map(|l| l.header("private-token").is_some()).collect();
        assert_eq!(sent, [true, true, true, false, false], "{status}");
    }
    let fake = struck(
        world(),
        [
            Fault::on("GET jobs/201/artifacts").redirect("{store}/elsewhere"),
            Fault::on("GET elsewhere").body(200, "application/zip", archive),
        ],
    );
    assert_eq!(Run::new(&fake).args("fetch build").succeeds().read("from"), "afar");
    assert_eq!(fake.connections(Origin::Store), 1);
}

#[test]
fn a_redirect_on_the_same_origin_keeps_the_token() {
    let fake = struck(
        world(),
        [Fault::on("GET pipelines/10/bridges")
            .redirect("/api/v4/projects/shop%2Fup/pipelines/10/bridges?per_page=100&page=1")],
    );
    let ran = Run::new(&fake).args("fetch build").succeeds();
    assert!(ran.log.iter().all(|logged| logged.header("private-token").is_some()));
}

#[test]
fn some_redirects_are_not_followed() {
    for (to, exit, says) in [
        ("file:///etc/passwd", 5, "redirected to something that "),
        ("ftp://{store}/a", 5, "redirected to something that is neither http nor https"),
        ("javascript:alert(1)", 5, "redirected to something that "),
        ("http://me:hush@127.0.0.1:1/", 5, "contains a user name or a password"),
        ("{api}/users/sign_in", 4, "answered with a web page (\"Sign in\")"),
        ("https://login.invalid/users/sign_in", 4, "answered with a web page (\"Sign in\")"),
    ] {
        for request in ["GET pipelines/10/bridges", "GET jobs/201/artifacts"] {
            let ran = Run::new(struck(world(), [Fault::on(request).redirect(to)]));
            let ran = ran.args("fetch build").fails(exit);
            ran.says(says).never_says("hush");
            assert!(ran.pauses.is_empty());
        }
    }
    let moved = Fault::on("GET pipelines/10/bridges").body(302, "text/plain", "moved to nowhere");
    Run::new(struck(world(), [moved])).args("fetch build").fails(5).says("answered 302");
}

#[test]
fn a_loop_of_redirects_ends() {
    let fake =
        struck(world(), [Fault::on("GET jobs/201/artifacts").always().redirect("{api}{self}")]);
    let ran = Run::new(&fake).args("fetch build").fails(5);
    ran.says("more than 10 redirects, the last to <api>/api/v4/projects/2/jobs/201/artifacts");
    assert_eq!(ran.requests.len(), 2 + 11);
}

#[test]
fn a_page_for_people_is_no_answer() {
    for request in ["GET pipelines/10/bridges", "GET pipelines/20/jobs", "GET jobs/201/artifacts"] {
        let ran = Run::new(struck(world(), [Fault::on(request).sign_in_page()]));
        let ran = ran.args("fetch build -D new").fails(4);
        ran.says("answered with a web page (\"Sign in · GitLab\")")
            .says("hint: a sign-in or proxy page");
        assert!(ran.pauses.is_empty());
    }
    // Announced as something else, as some proxies do; and with an error for a status.
    let page = "<!doctype html><title>Proxy</title>";
    for (status, kind) in
        [(200, "application/octet-stream"), (200, ""), (403, "text/html"), (404, "text/html")]
    {
        let fake = struck(world(), [Fault::on("GET jobs/201/artifacts").body(status, kind, page)]);
        Run::new(&fake).args("fetch build -o it.zip").fails(4).says("(\"Proxy\")");
    }
    let none = Run::new(struck(world(), [Fault::on("GET pipelines/10/bridges").sign_in_page()]));
    none.without(&["GITLAB_TOKEN"]).args("fetch build").fails(4).says("hint: no token was sent");
}

#[test]
fn a_page_in_place_of_the_storage_is_of_a_proxy() {
    for (status, exit) in [(401, 4), (403, 4)] {
        for (line, binary) in
            [("fetch build", false), ("fetch build -o -", true), ("ls build", false)]
        {
            let fake = Fake::start(world().server(json!({"archives": "redirect"})));
            let page = "<html><title>Blocked by policy</title>";
            fake.fault(Fault::on("store/*").always().body(status, "text/html", page));
            let run = Run::new(&fake).args(line);
            let ran = if binary { run.binary() } else { run }.fails(exit);
            ran.says(&format!("answered {status}: Blocked by policy"));
            ran.says("hint: GitLab keeps archives in object storage, which this machine must be");
        }
    }
}

#[test]
fn a_signed_address_that_ran_out_is_asked_for_anew() {
    let once = stored().server(json!({"signature_uses": 1}));
    let fake = struck(once, [Fault::on("GET store/*").cut(20)]);
    let ran = Run::new(&fake).args("fetch build").succeeds();
    let store = "GET store/201/artifacts.zip";
    ran.asks(&[LOOKUP[0], LOOKUP[1], ARCHIVE, store, ARCHIVE, store]);

    let fake = struck(stored(), [Fault::on("GET store/*").storage_refuses()]);
    Run::new(&fake).args("fetch build").succeeds();
    let fake = struck(stored(), [Fault::on("GET store/*").always().storage_refuses()]);
    let ran = Run::new(&fake).args("fetch build").fails(5);
    ran.says("<store>/store/201/artifacts.zip answered 403: AccessDenied: Request has expired");
}

#[test]
fn an_archive_that_storage_has_lost_is_nothing_to_take() {
    let body =
        "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>gone</Message></Error>";
    let lost = || Fault::on("GET store/*").body(404, "application/xml", body);
    Run::new(struck(stored(), [lost()])).args("fetch build").fails(3);
    let ran = Run::new(struck(stored(), [lost()])).args("fetch build --if-missing warn").succeeds();
    assert!(ran.files().is_empty());
}

#[test]
fn nothing_is_asked_to_be_compressed() {
    let ran = Run::new(stored()).args("fetch build").succeeds();
    for logged in &ran.log {
        assert_eq!(logged.header("accept-encoding"), Some("identity"), "{}", logged.short);
        assert!(logged.header("user-agent").is_some_and(|agent| agent.starts_with("downriver/")));
    }
}

#[test]
fn proxies_are_those_of_the_variables_and_their_passwords_are_not_repeated() {
    let proxy = "http://me:hush@127.0.0.1:1";
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let ran = Run::new(world()).vars([(name, proxy)]).args("fetch build --retries 0").fails(5);
        ran.says("or the proxy before it does").asks(&[]).never_says("hush");
        for except in ["127.0.0.1", "localhost 127.0.0.1", "10.0.0.0/8, 127.0.0.0/8,", "*"] {
            Run::new(world())
                .vars([(name, proxy), ("NO_PROXY", except)])
                .args("fetch build")
                .succeeds();
        }
    }
    // The API is not spoken to by https here, so that proxy is of no concern.
    Run::new(world()).vars([("HTTPS_PROXY", proxy)]).args("fetch build").succeeds();
    for (bad, says) in [
        ("http://hush hush", "the address of the proxy"),
        // Going past it unseen would be worse than not going at all.
        ("socks5h://me:hush@127.0.0.1:1080", "the proxy is a SOCKS proxy"),
    ] {
        let ran = Run::new(world()).vars([("ALL_PROXY", bad)]).args("fetch build").fails(5);
        ran.says(says).asks(&[]).never_says("hush");
    }
}

#[test]
fn a_file_of_certificates_that_is_not_there_is_said_before_anything_is_asked() {
    for line in ["--cacert nowhere.pem", "--cert nowhere.pem --key nowhere.key"] {
        let ran = Run::new(world()).args("fetch build").args(line).fails(2);
        ran.says("cannot read <dir>/nowhere.pem").asks(&[]);
    }
    let ran = Run::new(world()).vars([("CI_SERVER_TLS_CA_FILE", "nowhere.pem")]);
    ran.args("fetch build").fails(2).says("CI_SERVER_TLS_CA_FILE").asks(&[]);
    Run::new(world()).args("fetch build --cert only.pem").fails(2).says("--key").asks(&[]);
}
