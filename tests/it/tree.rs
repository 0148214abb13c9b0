//! `tree`, as a whole program.

use expect_test::expect;
use serde_json::{Value, json};

use crate::fake::{Fake, World};
use crate::harness::Run;

const UTF8: [(&str, &str); 1] = [("LANG", "de_DE.UTF-8")];

/// Returns pipeline 1 of project 1, which triggered `count` pipelines of project 2; the first of
/// those begins a chain of two more.
fn wide(count: u64) -> World {
    let bridge =
        |id: u64, to: u64| json!({ "id": id, "name": format!("to {to}"), "downstream": to });
    let mut pipelines: Vec<Value> = (100..100 + count)
        .map(|id| json!({ "id": id, "jobs": [{ "id": id * 10, "name": "build" }] }))
        .collect();
    pipelines[0]["bridges"] = json!([bridge(900, 200)]);
    pipelines.push(json!({ "id": 200, "bridges": [bridge(901, 201)] }));
    pipelines.push(json!({ "id": 201, "jobs": [{ "id": 2010, "name": "last" }] }));
    let bridges: Vec<Value> = (100..100 + count).map(|id| bridge(id, id)).collect();
    World::from_json(json!({
        "projects": [
            { "id": 1, "pipelines": [{ "id": 1, "bridges": bridges }] },
            { "id": 2, "pipelines": pipelines },
        ],
    }))
}

#[test]
fn two_repos_in_one_picture() {
    let ran = Run::new("two-repos").args("tree").vars(UTF8).succeeds();
    expect![[r#"
        pipeline 9001 of project shop/linebot  main c0ffee12  running
        ├─ ✔ job build-linebot (55500)  284 B
        ├─ ● job deploy-linebot (55520)  running
        ├─ ✔ bridge build-sharecode → pipeline 9002 of project shop/radar-sharecode  master 0badcafe  success
        │  ├─ ✔ job matrix: [linux, x64] (70102)  149 B
        │  ├─ ✘ job lint (70103)  failed: script_failure
        │  ├─ ✔ job reports only (70104)
        │  ├─ ✔ job old: expired artifacts (70105)  8.8 KiB, expired 2026-02-01
        │  ├─ ✔ job matrix: [windows, x64] (70107)  151 B
        │  ├─ ✔ job build-repo (70108)  5.5 KiB, expires 2026-03-09
        │  ├─ ✔ job pages build [α, 1/2] (70109)  147 B, expires 2026-04-01
        │  └─ ○ job upload: symbols (70110)  manual
        ├─ ● bridge child: unit tests  running → pipeline 9003 of project shop/linebot  main c0ffee12  running
        │  ├─ ✔ job unit: client (55601)  150 B
        │  └─ ● job unit: server (55602)  running
        ├─ ✘ bridge trigger:docs  failed: downstream_pipeline_creation_failed
        └─ ○ bridge deploy:later  manual
    "#]]
    .assert_eq(&ran.stdout);
    ran.check(ran.stderr.is_empty(), "the picture says it all");
    let mut requests = ran.requests.clone();
    requests.sort();
    expect![[r#"
        GET projects/70/pipelines/9001
        GET projects/70/pipelines/9001/bridges?per_page=100&page=1
        GET projects/70/pipelines/9001/jobs?per_page=100&page=1
        GET projects/70/pipelines/9003/bridges?per_page=100&page=1
        GET projects/70/pipelines/9003/jobs?per_page=100&page=1
        GET projects/93/pipelines/9002/bridges?per_page=100&page=1
        GET projects/93/pipelines/9002/jobs?per_page=100&page=1"#]]
    .assert_eq(&requests.join("\n"));
}

#[test]
fn without_a_utf8_locale_it_is_ascii() {
    for vars in [("LANG", "C"), ("LC_ALL", "POSIX"), ("LC_CTYPE", "en_US.ISO-8859-1")] {
        let ran = Run::new("two-repos").args("tree").vars(UTF8).vars([vars]).succeeds();
        ran.check(ran.stdout.is_ascii(), "names are escaped too");
        ran.check(ran.stdout.contains("|- [ok] job build-linebot (55500)"), "marks of ASCII");
    }
    let ran =
        Run::new("two-repos").args("tree").vars([("LC_ALL", "C.utf8"), ("LANG", "C")]).succeeds();
    ran.check(ran.stdout.contains("├─ ✔ job build-linebot (55500)"), "LC_ALL wins");
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let run = || Run::new("two-repos").args("tree").vars(UTF8);
    let colored = run().args("--color always").succeeds();
    colored.check(colored.stdout.contains("\u{1b}[32m✔\u{1b}[0m"), "green");
    let terminal = run().terminal().succeeds();
    assert_eq!(terminal.stdout, colored.stdout);
    let plain = run().terminal().vars([("NO_COLOR", "1")]).succeeds();
    plain.check(!plain.stdout.contains('\u{1b}'), "NO_COLOR");
}

#[test]
fn a_pasted_address_and_a_job_say_where_the_tree_starts() {
    let fake = Fake::start(World::named("two-repos").with_token("private"));
    let head = |args: &str| {
        let ran = Run::new(&fake).args("tree").args(args).succeeds();
        ran.stdout.lines().next().unwrap_or_default().to_owned()
    };
    let sharecode = "pipeline 9002 of project shop/radar-sharecode  master 0badcafe  success";
    assert_eq!(head(&fake.web("shop/radar-sharecode/-/pipelines/9002")), sharecode);
    assert_eq!(head(&fake.web("shop/radar-sharecode/-/jobs/70108")), sharecode);
    for args in ["-R 93 --pipeline 9002", "-R 93 --ref master", "-R 93 --job-id 70108"] {
        assert_eq!(head(args), sharecode, "{args}");
    }
    let upstream = Run::new(&fake)
        .args("tree --from upstream")
        .vars([
            ("CI_UPSTREAM_PROJECT_ID", "70"),
            ("CI_UPSTREAM_PIPELINE_ID", "9001"),
            ("CI_PROJECT_ID", "93"),
        ])
        .succeeds();
    upstream.check(
        upstream.stdout.starts_with("pipeline 9001 of project shop/linebot"),
        "the upstream one",
    );
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for args in ["build-repo", "--mermaid --json", "--depth 0", "--mermaid --quiet"] {
        Run::new("two-repos").args("tree").args(args).fails(2);
    }
    Run::new("two-repos").args("tree build-repo").fails(2).says("`build-repo` is no URL");
}

#[test]
fn json_tells_the_same_in_the_promised_shape() {
    let ran = Run::new("two-repos").args("tree --json").succeeds();
    let root = &ran.json()["pipeline"];
    assert_eq!(root["id"], 9001);
    let names: Vec<_> =
        root["bridges"].as_array().unwrap().iter().map(|bridge| &bridge["name"]).collect();
    assert_eq!(names, ["build-sharecode", "child: unit tests", "trigger:docs", "deploy:later"]);
    let sharecode = &root["bridges"][0]["downstream"];
    assert_eq!(sharecode["web_url"], "https://gitlab.test/shop/radar-sharecode/-/pipelines/9002");
    let job = sharecode["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|job| job["name"] == "build-repo")
        .unwrap();
    assert_eq!(job["id"], 70108);
    assert_eq!(job["artifacts"]["expire_at"], "2026-03-09T10:03:40.901Z");
    assert!(job["artifacts"]["size"].as_u64().unwrap() > 0);
    assert_eq!(
        root["bridges"][3],
        json!({ "name": "deploy:later", "status": "manual", "downstream": null })
    );
}

#[test]
fn a_diagram_is_fenced_to_be_pasted() {
    let ran = Run::new("two-repos").args("tree --mermaid").succeeds();
    ran.check(ran.stdout.starts_with("```mermaid\nflowchart LR\n"), "it starts with a fence");
    ran.check(ran.stdout.ends_with("\n```\n"), "it ends with a fence");
    ran.check(ran.stdout.contains("\n  b55501 --> p9002\n"), "the bridge leads downstream");
}

#[test]
fn quiet_prints_nothing() {
    Run::new("two-repos").args("tree -q").succeeds().prints("");
}

#[test]
fn levels_are_followed_as_far_as_asked() {
    let fake = Fake::start(wide(1));
    for (args, pipelines) in [("", 3), ("--depth 1", 3), ("--depth 2", 4), ("--recursive", 4)] {
        let ran = Run::new(&fake).args("tree").args(args).succeeds();
        assert_eq!(ran.stdout.matches("pipeline ").count(), pipelines, "{args}: {}", ran.stdout);
        assert_eq!(ran.stdout.contains("job last"), args == "--recursive", "{args}");
        assert_eq!(ran.stdout.contains("not looked into"), args != "--recursive", "{args}");
    }
}

#[test]
fn each_pipeline_costs_two_requests() {
    let ran = Run::new(wide(20)).args("tree").succeeds();
    assert_eq!(ran.requests.len(), 1 + 2 + 20 * 2);
    assert_eq!(ran.stdout.matches("job build").count(), 20);
}

#[test]
fn only_the_named_bridges_and_projects_are_shown() {
    let ran = Run::new("two-repos").args("tree --bridge build-sharecode").succeeds();
    ran.check(ran.stdout.contains("pipeline 9002") && !ran.stdout.contains("child"), "one bridge");
    let ran = Run::new("two-repos").args("tree --downstream 93").succeeds();
    ran.check(ran.stdout.contains("pipeline 9002") && !ran.stdout.contains("child"), "one project");
    Run::new("two-repos").args("tree --bridge build-sharecod").fails(3).says("build-sharecode");
}

#[test]
fn a_downstream_pipeline_that_the_token_may_not_read_is_shown_as_its_bridge_tells_it() {
    let narrow = World::from_json(json!({
        "tokens": { "private": { "private": "glpat-seesProject1Alone00", "projects": [1] } },
        "projects": [
            { "id": 1, "pipelines": [{ "id": 1, "bridges": [{ "id": 2, "name": "out", "downstream": 3 }] }] },
            { "id": 4, "pipelines": [{ "id": 3, "jobs": [{ "id": 5, "name": "secret" }] }] },
        ],
    }));
    let ran = Run::new(narrow).vars([("LANG", "C")]).args("tree").succeeds();
    let line = "`- [ok] bridge out -> pipeline 3 of project group/project-4  main 00000000  success  not readable (404)";
    ran.check(ran.stdout.lines().last() == Some(line), "the mark is there");
    let hidden = wide(1).with(&json!({ "set": { "project": 2, "builds_hidden": true } }));
    let ran = Run::new(hidden).args("tree").succeeds();
    ran.check(ran.stdout.ends_with("success  no jobs to be seen\n"), "an empty list is told");
}

#[test]
fn an_upstream_pipeline_that_is_not_there_is_an_error() {
    Run::new(wide(2)).args("tree --pipeline 77").fails(3);
}

#[test]
fn names_that_act_come_out_harmless() {
    let name = "\u{1b}[2J\u{9b}x\r\n\u{202e}\"]; click";
    let world = || {
        let name = json!(name);
        World::from_json(json!({ "projects": [
            { "id": 1, "pipelines": [{ "id": 1, "ref": name, "jobs": [{ "id": 2, "name": name }],
              "bridges": [{ "id": 3, "name": name, "downstream": 4 }, { "id": 5, "name": name, "status": "failed", "failure_reason": name }] }] },
            { "id": 2, "pipelines": [{ "id": 4, "jobs": [{ "id": 6, "name": name }] }] },
        ] }))
    };
    // That no control character is printed is checked of every run.
    for args in ["", "--json", "--mermaid", "-v"] {
        let ran = Run::new(world()).args("tree").args(args).vars(UTF8).succeeds();
        ran.check(!ran.stdout.contains('\u{202e}'), "nothing is written from right to left");
        if args == "--json" {
            assert_eq!(ran.json()["pipeline"]["jobs"][0]["name"], name);
        }
    }
}
