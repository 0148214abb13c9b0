//! `list`: the newest pipelines of a project.

use expect_test::expect;
use serde_json::{Value, json};

use crate::fake::{Fake, World};
use crate::harness::Run;

/// Pipelines 1 to 250 of `shop/up`, every fifth of them failed, on `main` or `dev`.
fn many() -> World {
    let pipeline = |id: u64| {
        json!({
            "id": id,
            "ref": if id.is_multiple_of(2) { "main" } else { "feature/dev" },
            "status": if id.is_multiple_of(5) { "failed" } else { "success" },
            "sha": format!("{id:040x}"),
            "source": "push",
            "created_at": "2026-03-02T08:10:00.000Z",
        })
    };
    World::from_json(json!({"projects": [
        {"id": 1, "path": "shop/up", "pipelines": (1..=250).map(pipeline).collect::<Vec<_>>()},
        {"id": 2, "path": "shop/empty", "pipelines": []},
    ]}))
}

fn ids(document: &Value) -> Vec<u64> {
    let all = document["pipelines"].as_array().unwrap();
    all.iter().map(|pipeline| pipeline["id"].as_u64().unwrap()).collect()
}

#[test]
fn the_newest_come_first_and_as_many_pages_as_needed() {
    let fake = Fake::start(many());
    for (line, expect, requests) in [
        ("list", (231..=250).rev().collect::<Vec<_>>(), 1),
        ("list --limit 3", vec![250, 249, 248], 1),
        ("list --limit 230", (21..=250).rev().collect(), 3),
        ("list --limit 1000", (1..=250).rev().collect(), 3),
        ("list --ref feature/dev --limit 2", vec![249, 247], 1),
        ("list --status failed --limit 2", vec![250, 245], 1),
        ("list --status failed --ref feature/dev --limit 2", vec![245, 235], 1),
        ("list --status running", vec![], 1),
        ("list -R 2", vec![], 1),
        ("list -R shop/empty", vec![], 1),
    ] {
        let ran = Run::new(&fake).args(line).args("--json").succeeds();
        assert_eq!(ids(&ran.json()), expect, "{line}");
        assert_eq!(ran.requests.len(), requests, "{line}: {:?}", ran.requests);
    }
    let capped = Fake::start(many().server(json!({"page_size_cap": 7, "no_totals": true})));
    let ran = Run::new(&capped).args("list --json").succeeds();
    assert_eq!(ids(&ran.json()), (231..=250).rev().collect::<Vec<_>>());
}

#[test]
fn columns_are_aligned_and_the_status_is_coloured() {
    let fake = Fake::start(many());
    let ran = Run::new(&fake).args("list --limit 2").succeeds();
    expect![[r#"
        250  failed   main         00000000  push  2 hours ago  https://gitlab.test/shop/up/-/pipelines/250
        249  success  feature/dev  00000000  push  2 hours ago  https://gitlab.test/shop/up/-/pipelines/249
    "#]].assert_eq(&ran.stdout);
    let ran = Run::new(&fake).args("list --limit 2").terminal().succeeds();
    expect![[r#"
        250  ^[31mfailed^[0m   main         00000000  push  2 hours ago  https://gitlab.test/shop/up/-/pipelines/250
        249  ^[32msuccess^[0m  feature/dev  00000000  push  2 hours ago  https://gitlab.test/shop/up/-/pipelines/249
    "#]].assert_eq(&ran.stdout.replace('\u{1b}', "^"));
    let none = Run::new(&fake).args("list -R 2 --ref x").succeeds();
    assert_eq!(none.stdout, "");
    none.says("no pipelines of ref `x` in project 2");
    assert_eq!(Run::new(&fake).args("list -R 2 -q").succeeds().stderr, "");
}

#[test]
fn the_project_is_found_as_everywhere_else() {
    let fake = Fake::start(many());
    let web = fake.api_url().replace("/api/v4", "/shop/up");
    let bare = web.replace("http://", "");
    for line in [
        format!("list {web}"),
        format!("list ' {web}/ '"),
        format!("list {bare}"),
        format!("list -R {web}.git"),
        "list --repo shop/up".to_owned(),
    ] {
        let run = Run::new(&fake).without(&["CI_PROJECT_ID", "CI_PIPELINE_ID"]);
        let ran = run.args(&line).args("--limit 1 --json").succeeds();
        assert_eq!(ids(&ran.json()), [250], "{line}");
    }
    let ran = Run::new(&fake).args(&format!("list {web}/-/tree/feature/dev --limit 1 --json"));
    assert_eq!(ids(&ran.succeeds().json()), [249]);
}

#[test]
fn words_that_make_no_sense_are_refused_before_anything_is_asked() {
    let fake = Fake::start(many());
    for line in [
        "list --limit 0",
        "list --limit few",
        "list --status good",
        "list build",
        "list https://gitlab.test/g/p/-/pipelines/1",
        "list https://gitlab.test/g/p/-/tree/x --ref y",
        "list https://gitlab.test/g/p -R g/p",
    ] {
        let ran = Run::new(&fake).args(line).fails(2);
        ran.check(ran.requests.is_empty(), "nothing is asked");
    }
    Run::new(&fake).args("list -R 3 --json").fails(4);
}
