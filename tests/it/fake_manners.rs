//! The stand-in's manners around the API: pages of those who stand before it, relative roots,
//! redirects to https, packed answers, pages of lists, and the routes that find a pipeline.

use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::fake::{Fake, Fault, SignIn, World, fixtures};
use crate::raw::{Got, ask, exchange, get, post};

fn story() -> Value {
    json!({"projects": [
        {"id": 1, "path": "shop/up", "old_paths": ["old/up"],
         "commits": {"aaaa5678": {"committed_date": "2026-03-01T08:00:00.000+00:00", "title": "Old"}},
         "merge_requests": {
             "7": {"pipelines": [13, 12, 11, 30], "source_branch": "feature", "source_project": 3},
             "8": [], "9": {"source_branch": "feature", "state": "merged"},
         },
         "pipelines": [
            {"id": 10, "sha": "aaaa1234", "bridges": [
                {"id": 90, "name": "broken", "status": "failed", "allow_failure": true,
                 "failure_reason": "downstream_pipeline_creation_failed", "downstream": 20},
                {"id": 91, "name": "none", "status": "failed",
                 "failure_reason": "downstream_bridge_project_not_found"},
                {"id": 92, "name": "ending", "status": "canceling"},
            ]},
            {"id": 11, "ref": "refs/merge-requests/7/head", "status": "failed"},
            {"id": 12, "ref": "refs/merge-requests/7/merge"},
            {"id": 13, "ref": "refs/merge-requests/7/train", "status": "running",
             "updated_at": "2026-03-02T10:09:00.000Z"},
         ]},
        {"id": 2, "path": "shop/down", "pipelines": [
            {"id": 20, "status": "failed", "yaml_errors": "jobs config should contain a job"},
        ]},
        {"id": 3, "path": "fork/up", "pipelines": [{"id": 30, "ref": "feature"}]},
    ]})
}

fn fake(server: Value) -> Fake {
    Fake::start(World::from_json(story()).server(server))
}

fn ids(got: &Got) -> Vec<u64> {
    let rows = got.json();
    rows.as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
}

#[test]
fn cloudflare_nginx_and_apache_answer_with_pages_as_often_as_is_wanted() {
    let fake = fake(json!({}));
    for status in 520..=530 {
        fake.fault(Fault::on("GET projects/1").cloudflare(status));
        let got = get(&fake, "projects/1");
        assert_eq!((got.status, got.header("Server")), (status, Some("cloudflare")));
        assert!(got.text().starts_with("<!DOCTYPE html>"), "{}", got.text());
    }
    fake.fault(Fault::on("GET projects/1").times(2).nginx(504));
    fake.fault(Fault::on("GET projects/1").apache_404());
    let seen: Vec<u16> = (0..4).map(|_| get(&fake, "projects/1").status).collect();
    assert_eq!(seen, [504, 504, 404, 200]);
    fake.fault(Fault::on("GET projects/1").always().cloudflare(522));
    assert_eq!([0; 3].map(|_| get(&fake, "projects/1").status), [522; 3]);
}

#[test]
fn sign_in_pages_come_in_every_dress() {
    let fake = fake(json!({}));
    let mut heads = Vec::new();
    for dress in SignIn::ALL {
        fake.fault(Fault::on("GET projects/1").sign_in(dress));
        let got = get(&fake, "projects/1");
        assert_eq!(got.status, 200);
        assert!(serde_json::from_slice::<Value>(&got.body).is_err(), "{dress:?}");
        let first: String = got.text().chars().take(9).collect();
        heads.push((got.header("Content-Type").map(str::to_owned), first));
    }
    heads.dedup();
    assert_eq!(heads.len(), SignIn::ALL.len(), "{heads:?}");
}

#[test]
fn a_sign_in_may_be_a_redirect_below_the_root_or_to_another_origin() {
    let fake = fake(json!({"root": "/gitlab"}));
    fake.fault(Fault::on("GET projects/1").sign_in_redirect());
    let own = get(&fake, "projects/1");
    let to = own.header("Location").unwrap();
    assert_eq!((own.status, to), (302, fake.web("users/sign_in").as_str()));
    assert!(to.ends_with("/gitlab/users/sign_in"), "{to}");
    assert!(exchange("GET", to, &[], "").unwrap().text().contains("Sign in · GitLab"));

    fake.fault(Fault::on("projects/2").identity_provider());
    fake.fault(Fault::on("POST projects/2/pipeline").identity_provider());
    for got in [get(&fake, "projects/2"), post(&fake, "projects/2/pipeline", "ref=main")] {
        let to = got.header("Location").unwrap();
        assert!(got.status == 302 && to.starts_with(&fake.store_origin()), "{to}");
        let page = exchange("GET", to, &[], "").unwrap();
        assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    }
    assert!(fake.violations().is_empty());
}

#[test]
fn below_a_root_every_web_address_holds_it() {
    let fake = fake(json!({"root": "/gitlab"}));
    assert!(fake.api_url().ends_with("/gitlab/api/v4"));
    let bridges = get(&fake, "projects/1/pipelines/10/bridges").json();
    let down = &bridges[2]["downstream_pipeline"]["web_url"];
    assert_eq!(*down, "https://gitlab.test/gitlab/shop/down/-/pipelines/20");
    for (path, web) in [
        ("projects/1", "shop/up"),
        ("projects/1/pipelines/10", "shop/up/-/pipelines/10"),
        ("projects/1/merge_requests/7", "shop/up/-/merge_requests/7"),
        ("projects/1/repository/commits/aaaa1234", "shop/up/-/commit/aaaa1234"),
    ] {
        let web = format!("https://gitlab.test/gitlab/{web}");
        assert_eq!(get(&fake, path).json()["web_url"], web.as_str());
    }
    let outside = exchange("GET", &format!("{}/api/v4/projects/1", fake.api_origin()), &[], "");
    assert_eq!(outside.unwrap().status, 404);
}

#[test]
fn a_web_server_may_spoil_the_slash_of_a_project_path() {
    for (manner, status, says) in [
        ("apache", 404, "Apache"),
        ("nginx", 404, "nginx"),
        ("decoded", 404, "{\"error\":\"404 Not Found\"}"),
        ("kept", 200, "shop/up"),
    ] {
        let fake = fake(json!({"encoded_slash": manner}));
        let got = get(&fake, "projects/shop%2Fup");
        assert_eq!(got.status, status, "{manner}");
        assert!(got.head.contains(says) || got.text().contains(says), "{}", got.text());
        assert_eq!(get(&fake, "projects/1").status, 200);
        assert!(fake.violations().is_empty());
    }
}

#[test]
fn plain_http_may_lead_to_https_and_a_renamed_project_to_its_number() {
    for status in [301, 302, 308] {
        let fake = fake(json!({"https_redirect": status}));
        let got = get(&fake, "projects/1?x=1");
        let host = fake.api_origin().replace("http://", "https://");
        assert_eq!(got.status, status);
        let to = got.header("Location").unwrap();
        assert_eq!(to, format!("{host}/api/v4/projects/1?x=1"));
        let https = fake.https_origin();
        let to = get(&fake, "projects/1").header("Location").unwrap().to_owned();
        assert_eq!(to, format!("{https}/api/v4/projects/1"));
        assert!(by_tls(&https, "/api/v4/projects/2").contains("404 Project Not Found"));
        assert_eq!(fake.requests().last().unwrap(), "GET projects/2");
    }
    let fake = fake(json!({}));
    let moved = get(&fake, "projects/old%2Fup");
    let to = format!("{}/projects/1", fake.api_url());
    assert_eq!((moved.status, moved.header("Location")), (301, Some(to.as_str())));
    assert_eq!(ask(&fake, "DELETE", "projects/old%2Fup/artifacts", &[]).status, 405);
}

/// One GET by TLS without a token: all that comes back.
fn by_tls(origin: &str, path: &str) -> String {
    use std::io::{Read, Write};
    let mut roots = rustls::RootCertStore::empty();
    let ca = rustls::pki_types::CertificateDer::from_pem_file(fixtures().join("tls/ca.pem"));
    roots.add(ca.unwrap()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots);
    let config = std::sync::Arc::new(config.with_no_client_auth());
    let name = "127.0.0.1".try_into().unwrap();
    let connection = rustls::ClientConnection::new(config, name).unwrap();
    let stream = std::net::TcpStream::connect(origin.trim_start_matches("https://")).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, stream);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    all
}

#[test]
fn answers_may_be_packed_though_identity_was_asked_for() {
    use std::io::Read;
    let plain = get(&fake(json!({})), "projects/1").body;
    let unpacked = |got: &Got| {
        let mut bytes = Vec::new();
        match got.header("Content-Encoding").unwrap() {
            "gzip" => flate2::read::GzDecoder::new(&*got.body).read_to_end(&mut bytes).unwrap(),
            "deflate" => {
                flate2::read::ZlibDecoder::new(&*got.body).read_to_end(&mut bytes).unwrap()
            }
            other => panic!("{other}"),
        };
        bytes
    };
    for coding in ["gzip", "deflate"] {
        let fake = fake(json!({"content_encoding": coding}));
        let got = ask(&fake, "GET", "projects/1", &[("Accept-Encoding", "identity")]);
        assert_eq!(unpacked(&got), plain, "{coding}");
    }
    let fake = fake(json!({}));
    fake.fault(Fault::on("projects/1").deflate());
    assert_eq!(unpacked(&get(&fake, "projects/1")), plain);
}

#[test]
fn the_link_header_names_only_pages_that_there_are() {
    let rels = |got: &Got| -> Vec<String> {
        let link = got.header("Link").unwrap();
        link.split("rel=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    };
    let fake = fake(json!({"links": "asked"}));
    let page =
        |page: u32| get(&fake, &format!("projects/1/pipelines?per_page=2&page={page}&sort=asc"));
    assert_eq!(rels(&page(1)), ["next", "first", "last"]);
    assert_eq!(rels(&page(2)), ["prev", "first", "last"]);
    let first = page(1);
    let next = first.header("Link").unwrap().split(['<', '>']).nth(1).unwrap();
    let to = format!("{}/projects/1/pipelines?page=2&per_page=2&sort=asc", fake.api_url());
    assert_eq!(next, to);
    let fake = Fake::start(World::from_json(story()).server(json!({"no_totals": true})));
    assert_eq!(rels(&get(&fake, "projects/1/pipelines?per_page=1")), ["next", "first"]);
}

#[test]
fn a_merge_request_has_pipelines_on_several_refs_and_in_the_fork() {
    let fake = fake(json!({}));
    let rows = get(&fake, "projects/1/merge_requests/7/pipelines").json();
    let told: Vec<String> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|r| format!("{} {}", r["project_id"], r["ref"]))
        .collect();
    assert_eq!(
        told,
        [
            "1 \"refs/merge-requests/7/train\"",
            "1 \"refs/merge-requests/7/merge\"",
            "1 \"refs/merge-requests/7/head\"",
            "3 \"feature\"",
        ]
    );
    let one = get(&fake, "projects/1/merge_requests/7").json();
    assert_eq!((&one["source_project_id"], &one["head_pipeline"]["id"]), (&json!(3), &json!(30)));
    let query = "projects/1/merge_requests?source_branch=feature";
    let iids = |query: &str| {
        let rows = get(&fake, query).json();
        rows.as_array().unwrap().iter().map(|row| row["iid"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(iids(&format!("{query}&state=opened")), [8, 7]);
    assert_eq!(iids(query), [9, 8, 7]);
    assert_eq!(get(&fake, "projects/1/merge_requests/77").status, 404);
    let by_ref = get(&fake, "projects/1/pipelines?ref=refs%2Fmerge-requests%2F7%2Fhead");
    assert_eq!(ids(&by_ref), [11]);
    // These routes do not know job tokens, which makes the project one that nobody sees.
    let (secret, _) = fake.token("job");
    for path in ["merge_requests", "merge_requests/7", "merge_requests/7/pipelines"] {
        let got = ask(&fake, "GET", &format!("projects/1/{path}"), &[("JOB-TOKEN", &secret)]);
        assert_eq!(got.json(), json!({"message": "404 Project Not Found"}), "{path}");
    }
}

#[test]
fn bridges_tell_why_nothing_was_created() {
    let fake = fake(json!({}));
    let bridges = get(&fake, "projects/1/pipelines/10/bridges").json();
    let told = |n: usize| {
        let bridge = &bridges[n];
        let down = &bridge["downstream_pipeline"];
        (bridge["status"].clone(), bridge["failure_reason"].clone(), down["status"].clone())
    };
    assert_eq!(told(0), (json!("canceling"), Value::Null, Value::Null));
    let reason = json!("downstream_bridge_project_not_found");
    assert_eq!(told(1), (json!("failed"), reason, Value::Null));
    let reason = json!("downstream_pipeline_creation_failed");
    assert_eq!(told(2), (json!("failed"), reason, json!("failed")));
    assert_eq!(bridges[2]["allow_failure"], true);
    let errors = get(&fake, "projects/2/pipelines/20").json()["yaml_errors"].clone();
    assert_eq!(errors, "jobs config should contain a job");
}

#[test]
fn pipelines_are_found_by_ref_commit_status_and_scope_in_any_order() {
    let fake = fake(json!({}));
    let list = |query: &str| ids(&get(&fake, &format!("projects/1/pipelines?{query}")));
    assert_eq!(list("per_page=2&page=2"), [11, 10]);
    assert_eq!(list("sha=aaaa1234"), [10]);
    assert_eq!(list("status=failed"), [11]);
    assert_eq!(list("scope=finished&sort=asc"), [10, 11, 12]);
    assert_eq!(list("order_by=updated_at&sort=desc")[0], 13);
    assert_eq!(get(&fake, "projects/1/pipelines?scope=odd").status, 400);
    let commit = get(&fake, "projects/1/repository/commits/aaaa1").json();
    assert_eq!((&commit["id"], &commit["last_pipeline"]["id"]), (&json!("aaaa1234"), &json!(10)));
    let old = get(&fake, "projects/1/repository/commits/aaaa5678").json();
    assert_eq!((&old["title"], &old["last_pipeline"]), (&json!("Old"), &Value::Null));
    assert_eq!(old["committed_date"], "2026-03-01T08:00:00.000+00:00");
    assert_eq!(get(&fake, "projects/1/repository/commits/bbbb").status, 404);
    let branch = get(&fake, "projects/1/repository/branches/main").json();
    assert_eq!((&branch["commit"]["id"], &branch["default"]), (&json!("aaaa1234"), &json!(true)));
    let none = get(&fake, "projects/1/repository/branches/no%2Fsuch");
    assert_eq!(none.json(), json!({"message": "404 Branch Not Found"}));
    let project = get(&fake, "projects/1").json();
    assert_eq!(project["path_with_namespace"], "shop/up");
    assert_eq!(project["default_branch"], "main");
}

#[test]
#[should_panic(expected = "ranges of the server is one of")]
fn a_misspelt_setting_is_refused() {
    fake(json!({"ranges": "sufix-400"}));
}
