//! Tests of the stand-in itself: as strict and as faithful as it claims.

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, Origin, World};
use crate::raw::{Got, ask, exchange, get, post};

fn story() -> Value {
    json!({
        "projects": [
            {"id": 1, "path": "shop/up", "old_paths": ["old/up"], "pipelines": [
                {"id": 10, "status": "running", "bridges": [
                    {"id": 101, "name": "go", "downstream": 20},
                    {"id": 102, "name": "child", "status": "running", "downstream": 11},
                    {"id": 103, "name": "later", "status": "manual"},
                ]},
                {"id": 11, "status": "success", "jobs": [{"id": 111, "name": "unit"}]},
            ]},
            {"id": 2, "path": "shop/down", "pipelines": [{"id": 20, "jobs": [
                {"id": 201, "name": "build", "archive": {"files": {"a.txt": "hello", "d/b.txt": "more"}}},
                {"id": 202, "name": "real", "archive": {"file": "archives/runner-legacy.zip"}},
                {"id": 203, "name": "test", "status": "manual"},
            ]}]},
            {"id": 3, "path": "shop/open", "public": true, "pipelines": [{"id": 30}]},
        ],
    })
}

fn fake() -> Fake {
    Fake::start(World::from_json(story()))
}

fn job_token(fake: &Fake, path: &str) -> Got {
    let (secret, _) = fake.token("job");
    ask(fake, "GET", path, &[("JOB-TOKEN", &secret)])
}

#[test]
fn what_no_client_should_do_is_noted() {
    let private = "glpat-fakePrivate0123456789";
    for (method, path, headers, expect) in [
        (
            "GET",
            "projects/1?private_token=glpat-fakePrivate0123456789",
            &[][..],
            "token in the address",
        ),
        ("GET", "projects/1", &[("PRIVATE-TOKEN", private), ("JOB-TOKEN", "x")], "both tokens"),
        ("GET", "projects/1", &[("Authorization", "Bearer x")], "authorization header"),
        ("GET", "projects/1", &[("Cookie", "a=b")], "cookie header"),
        ("GET", "projects/1/pipelines?colour=red", &[], "no parameter \"colour\""),
        ("GET", "projects/1/pipelines/10/bridges?include_retried=true", &[], "no parameter"),
        ("GET", "projects/1/pipelines?per_page=101", &[], "more than GitLab gives"),
        ("GET", "projects/1/nonsense", &[], "no such route"),
        ("GET", "projects//pipelines", &[], "no such route"),
        ("POST", "projects/1/pipelines/10/bridges", &[], "no such route"),
        ("GET", "projects/2/jobs/201/artifacts/../../202", &[], "dot segment"),
        ("GET", "projects/2/jobs/201/artifacts/%2e%2e/202", &[], "dot segment"),
        ("GET", "projects/1%2", &[], "malformed escape"),
        ("GET", "projects/1%zz", &[], "malformed escape"),
    ] {
        let fake = fake();
        let got = ask(&fake, method, path, headers);
        let noted = fake.violations();
        assert!(noted.len() == 1 && noted[0].contains(expect), "{method} {path}: {noted:?}");
        let expect = if expect.starts_with("more") { 200 } else { 400 };
        assert!(got.status == expect || got.status == 404, "{method} {path}: {}", got.status);
    }
}

#[test]
fn a_token_at_the_storage_is_noted_as_a_leak() {
    let fake = fake();
    let to = get(&fake, "projects/2/jobs/201/artifacts");
    let to = to.header("Location").unwrap();
    assert!(to.starts_with(&fake.store_origin()));
    assert_eq!(exchange("GET", to, &[], "").unwrap().status, 200);
    assert!(fake.violations().is_empty());
    for header in ["JOB-TOKEN", "PRIVATE-TOKEN", "Authorization", "Cookie"] {
        exchange("GET", to, &[(header, "x")], "").unwrap();
        let noted = fake.violations().pop().unwrap();
        assert!(noted.contains("leaked"), "{noted}");
    }
}

#[test]
fn the_storage_serves_only_what_was_signed_and_only_as_often_as_agreed() {
    let fake = Fake::start(World::from_json(story()).server(json!({"signature_uses": 1})));
    let to = get(&fake, "projects/2/jobs/201/artifacts");
    let to = to.header("Location").unwrap();
    assert_eq!(exchange("GET", to, &[], "").unwrap().status, 200);
    let second = exchange("GET", to, &[], "").unwrap();
    assert_eq!(second.status, 403);
    assert!(second.text().contains("AccessDenied"));
    assert!(fake.violations().is_empty());
    let forged = format!("{}/store/201/artifacts.zip?X-Signature=0", fake.store_origin());
    assert_eq!(exchange("GET", &forged, &[], "").unwrap().status, 403);
    assert!(fake.violations()[0].contains("nobody signed"));
}

#[test]
fn ranges_are_those_of_http() {
    let world = World::from_json(story()).made("ten", b"0123456789".to_vec());
    let world = world.with(&json!({"set": {"job": 201, "archive": {"made": "ten"}}}));
    let fake = Fake::start(world.server(json!({"archives": "direct"})));
    for (range, status, body, told) in [
        ("bytes=0-3", 206, "0123", "bytes 0-3/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=7-99", 206, "789", "bytes 7-9/10"),
        ("bytes=-4", 206, "6789", "bytes 6-9/10"),
        ("bytes=-99", 206, "0123456789", "bytes 0-9/10"),
    ] {
        let got = ask(&fake, "GET", "projects/2/jobs/201/artifacts", &[("Range", range)]);
        assert_eq!((got.status, got.text().as_str()), (status, body), "{range}");
        assert_eq!(got.header("Content-Range"), Some(told));
    }
    assert!(fake.violations().is_empty());
    let past = ask(&fake, "GET", "projects/2/jobs/201/artifacts", &[("Range", "bytes=10-12")]);
    assert_eq!((past.status, past.header("Content-Range")), (416, Some("bytes */10")));
    assert!(fake.violations()[0].contains("past the end"));
}

#[test]
fn if_range_with_another_tag_gives_the_whole() {
    let fake = Fake::start(World::from_json(story()).server(json!({"archives": "proxied"})));
    let whole = get(&fake, "projects/2/jobs/201/artifacts");
    let tag = whole.header("ETag").unwrap();
    for (tag, status) in [(tag, 206), ("\"other\"", 200)] {
        let headers = [("Range", "bytes=0-3"), ("If-Range", tag)];
        assert_eq!(ask(&fake, "GET", "projects/2/jobs/201/artifacts", &headers).status, status);
    }
    assert!(fake.violations().is_empty());
}

#[test]
fn pages_have_the_headers_of_gitlab_and_a_link_that_leads_astray() {
    let fake = Fake::start(World::from_json(story()).server(json!({"page_size_cap": 2})));
    let first = get(&fake, "projects/1/pipelines/10/bridges?per_page=100");
    assert_eq!(first.json().as_array().unwrap().len(), 2);
    assert_eq!((first.header("X-Next-Page"), first.header("X-Total")), (Some("2"), Some("3")));
    assert!(first.header("Link").unwrap().contains("https://gitlab.configured.invalid"));
    let last = get(&fake, "projects/1/pipelines/10/bridges?per_page=100&page=2");
    assert_eq!(
        (last.json()[0]["name"].clone(), last.header("X-Next-Page")),
        (json!("go"), Some(""))
    );
    assert_eq!(get(&fake, "projects/1/pipelines?per_page=0").status, 400);

    let fake = Fake::start(World::from_json(story()).server(json!({"no_totals": true})));
    assert_eq!(get(&fake, "projects/1/pipelines").header("X-Total"), None);
}

#[test]
fn old_servers_ignore_job_tokens_where_new_ones_take_them() {
    let fake = fake();
    assert_eq!(job_token(&fake, "projects/1/pipelines/10/bridges").status, 200);
    assert_eq!(job_token(&fake, "projects/1/jobs/201").status, 401);
    let denied = job_token(&fake, "projects/2/pipelines/20/jobs");
    assert_eq!(denied.status, 403);
    assert!(denied.text().contains("not allowed from up to project #2."));

    let fake = Fake::start(World::from_json(story()).server(json!({"job_token_lists": false})));
    let ignored = job_token(&fake, "projects/1/pipelines/10/bridges");
    assert_eq!(ignored.json(), json!({"message": "404 Project Not Found"}));
    assert_eq!(job_token(&fake, "projects/3/pipelines/30/jobs").status, 200);
    assert!(fake.violations().is_empty());
}

#[test]
fn an_expired_token_a_narrow_token_and_a_finished_job_are_told_apart() {
    let mut story = story();
    story["tokens"] = json!({
        "private": {"private": "glpat-narrow", "scopes": ["read_api"], "projects": [1]},
        "old": {"private": "glpat-expired", "expired": true},
        "done": {"job": "glcbt-done", "project": 1, "finished": true},
    });
    let fake = Fake::start(World::from_json(story));
    assert_eq!(get(&fake, "projects/1").status, 200);
    assert_eq!(get(&fake, "projects/2").json(), json!({"message": "404 Project Not Found"}));
    let narrow = post(&fake, "projects/1/pipelines/10/retry", "");
    assert_eq!((narrow.status, narrow.json()["error"].clone()), (403, json!("insufficient_scope")));
    let expired = ask(&fake, "GET", "projects/1", &[("PRIVATE-TOKEN", "glpat-expired")]);
    assert_eq!((expired.status, expired.json()["error"].clone()), (401, json!("invalid_token")));
    let done = ask(&fake, "GET", "projects/1/pipelines/10/bridges", &[("JOB-TOKEN", "glcbt-done")]);
    assert_eq!((done.status, done.json()), (401, json!({"message": "401 Unauthorized"})));
}

#[test]
fn a_moved_project_is_told_to_readers_and_refused_to_writers() {
    let fake = fake();
    let moved = get(&fake, "projects/old%2Fup/pipelines/10/bridges?page=1");
    let to = format!("{}/projects/1/pipelines/10/bridges?page=1", fake.api_url());
    assert_eq!((moved.status, moved.header("Location")), (301, Some(to.as_str())));
    assert_eq!(post(&fake, "projects/old%2Fup/pipelines/10/retry", "").status, 405);
    assert_eq!(get(&fake, "projects/shop%2Fup").json()["id"], 1);
}

#[test]
fn single_files_come_unpacked_and_whole() {
    let fake = fake();
    let path = "projects/2/jobs/202/artifacts/docs/%E8%AE%80%E6%88%91.md";
    let got = ask(&fake, "GET", path, &[("Range", "bytes=0-1")]);
    assert_eq!(got.status, 200);
    assert!(got.body.len() > 2, "{}", got.text());
    assert_eq!(
        get(&fake, "projects/2/jobs/202/artifacts/sharecode/lib/sharecode.dll").body.len(),
        12_000
    );
    let missing = get(&fake, "projects/2/jobs/202/artifacts/nothing");
    assert_eq!((missing.status, missing.text().as_str()), (404, "404 page not found\n"));
    let tree = get(&fake, "projects/2/jobs/201/artifacts/tree?recursive=true").json();
    assert_eq!(tree[1]["path"], "d/b.txt");
}

#[test]
fn bridges_are_no_jobs_and_children_are_not_in_the_list_of_pipelines() {
    let fake = fake();
    assert_eq!(get(&fake, "projects/1/jobs/101").json(), json!({"message": "404 Not found"}));
    let listed = get(&fake, "projects/1/pipelines").json();
    assert_eq!((listed.as_array().unwrap().len(), listed[0]["id"].clone()), (1, json!(10)));
    let children = get(&fake, "projects/1/pipelines?source=parent_pipeline").json();
    assert_eq!(children[0]["id"], 11);
    assert_eq!(get(&fake, "projects/2/pipelines/10").status, 404);
}

#[test]
fn by_ref_only_the_newest_success_counts_unless_older_ones_are_asked_for() {
    let job = |id: u64, name: &str| json!({"id": id, "name": name, "archive": {"raw": name}});
    let fake = Fake::start(World::from_json(json!({"projects": [{"id": 1, "pipelines": [
        {"id": 10, "jobs": [job(101, "old")]},
        {"id": 11, "bridges": [{"id": 110, "name": "child", "downstream": 12}]},
        {"id": 12, "jobs": [job(121, "inner")]},
        {"id": 13, "status": "failed", "jobs": [job(131, "new")]},
    ]}]})));
    let search = "&search_recent_successful_pipelines=true";
    for (query, status) in [
        ("download?job=inner", 302),
        ("download?job=new", 404),
        ("download?job=old", 404),
        (&format!("download?job=old{search}"), 302),
        (&format!("download?job=new{search}"), 404),
        ("download", 400),
    ] {
        let got = get(&fake, &format!("projects/1/jobs/artifacts/main/{query}"));
        assert_eq!(got.status, status, "{query}: {}", got.text());
    }
    assert_eq!(get(&fake, "projects/1/pipelines/latest?ref=main").json()["id"], 13);
    assert_eq!(get(&fake, "projects/1/pipelines/latest?ref=other").status, 403);
    assert!(fake.violations().is_empty());
}

#[test]
fn the_world_changes_after_so_many_requests() {
    let mut story = story();
    story["changes"] = json!([{
        "after": {"request": "GET pipelines/20/jobs", "times": 2},
        "set": [{"job": 203, "status": "running"}, {"pipeline": 20, "status": "running"}],
        "add": {"pipeline": 20, "job": {"id": 204, "name": "new"}},
        "then": {"after": {"request": "pipelines/20/jobs"}, "set": {"job": 203, "status": "success"},
                 "remove": {"job": 204}},
    }]);
    let fake = Fake::start(World::from_json(story));
    let seen: Vec<String> = (0..4)
        .map(|_| {
            let jobs = get(&fake, "projects/2/pipelines/20/jobs").json();
            let test = jobs.as_array().unwrap().iter().find(|job| job["id"] == 203).unwrap();
            format!("{} {}", jobs.as_array().unwrap().len(), test["status"].as_str().unwrap())
        })
        .collect();
    assert_eq!(seen, ["3 manual", "3 manual", "4 running", "3 success"]);
}

#[test]
fn playing_retrying_and_starting_change_the_world() {
    let fake = fake();
    assert_eq!(post(&fake, "projects/2/jobs/203/play", "").json()["status"], "pending");
    assert_eq!(post(&fake, "projects/2/jobs/201/play", "").status, 400);
    let form = "ref=main&token=glptt-fakeTrigger0123456789&variables[A]=1%202";
    let made = post(&fake, "projects/2/trigger/pipeline", form).json();
    assert_eq!(
        (made["status"].clone(), made["source"].clone()),
        (json!("created"), json!("trigger"))
    );
    let again = get(&fake, &format!("projects/2/pipelines/{}", made["id"])).json();
    assert_eq!(again["id"], made["id"]);
    let wrong =
        post(&fake, "projects/2/trigger/pipeline", "ref=nowhere&token=glptt-fakeTrigger0123456789");
    assert_eq!(wrong.json(), json!({"message": {"base": ["Reference not found"]}}));
    assert_eq!(post(&fake, "projects/2/trigger/pipeline", "ref=main&token=x").status, 404);
    assert_eq!(ask(&fake, "DELETE", "projects/2/jobs/201/artifacts", &[]).status, 204);
    assert_eq!(
        get(&fake, "projects/2/jobs/201/artifacts").json(),
        json!({"message": "404 Not Found"})
    );
    assert!(fake.violations().is_empty(), "{:?}", fake.violations());
}

#[test]
fn faults_strike_as_often_as_they_say() {
    let fake = fake();
    fake.fault(
        Fault::on("GET projects/1").after(1).times(2).status(429).header("Retry-After", "3"),
    );
    let seen: Vec<u16> = (0..4).map(|_| get(&fake, "projects/1").status).collect();
    assert_eq!(seen, [200, 429, 429, 200]);
    assert!(fake.idle_faults().is_empty());
}

#[test]
fn faults_twist_the_wire() {
    let url = |fake: &Fake| format!("{}/projects/1", fake.api_url());
    let twisted = |fault: Fault| {
        let fake = fake();
        fake.fault(fault);
        let (secret, _) = fake.token("private");
        exchange("GET", &url(&fake), &[("PRIVATE-TOKEN", &secret)], "")
    };
    let on = || Fault::on("projects/1");
    let whole = get(&fake(), "projects/1").body.len();
    assert_eq!(twisted(on().cut(5)).unwrap().body.len(), 5);
    assert_eq!(twisted(on().close()).unwrap().head, "");
    assert!(twisted(on().reset()).is_err());
    // Elsewhere a reset may be heard of only with the next thing that is sent.
    #[cfg(unix)]
    assert!(twisted(on().cut(5).torn()).is_err(), "a reset and no goodbye");
    assert_eq!(twisted(on().drip(std::time::Duration::from_millis(1))).unwrap().body.len(), whole);
    assert_eq!(twisted(on().length(9)).unwrap().header("Content-Length"), Some("9"));
    assert_eq!(twisted(on().until_close()).unwrap().header("Content-Length"), None);
    assert_eq!(twisted(on().extra("more")).unwrap().body.len(), whole + 4);
    assert!(twisted(on().chunked()).unwrap().text().ends_with("\r\n0\r\n\r\n"));
    assert_eq!(twisted(on().gzip()).unwrap().header("Content-Encoding"), Some("gzip"));
    let to = twisted(on().redirect("{store}/x")).unwrap();
    assert!(to.header("Location").unwrap().ends_with("/x") && to.status == 302);
}

#[test]
fn a_connection_is_kept_and_counted() {
    let fake = fake();
    let addr = fake.api_origin();
    let mut stream = std::net::TcpStream::connect(addr.trim_start_matches("http://")).unwrap();
    for _ in 0..3 {
        use std::io::{Read, Write};
        stream.write_all(b"GET /api/v4/projects/3 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.split("Content-Length: ").nth(1).and_then(|l| l.lines().next()).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
    }
    assert_eq!((fake.connections(Origin::Api), fake.requests().len()), (1, 3));
    assert_eq!(fake.requests()[0], "GET projects/3");
}

#[test]
#[should_panic(expected = "has no key \"stauts\"")]
fn a_misspelt_key_in_a_world_is_refused() {
    World::from_json(
        json!({"projects": [{"id": 1, "pipelines": [{"id": 2, "stauts": "failed"}]}]}),
    );
}
