//! The stand-in's refusals: fine-grained tokens of both kinds, roles, archived and hidden projects,
//! and what job tokens may read on servers of each age.

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World};
use crate::raw::{Got, ask, get, post};

const ARCHIVE: &str = "projects/2/jobs/201/artifacts";

/// Project 2 with a job; the job token is one of project 1.
fn story() -> Value {
    json!({"server": {"archives": "direct"}, "projects": [
        {"id": 1, "path": "shop/up", "pipelines": [
            {"id": 10, "bridges": [{"id": 90, "name": "down", "downstream": 20}]},
        ]},
        {"id": 2, "path": "shop/down", "job_token_allowlist": [1], "pipelines": [
            {"id": 20, "jobs": [{"id": 201, "name": "build", "archive": {"files": {"a": "b"}}},
                                {"id": 202, "name": "push", "status": "manual"}]},
        ]},
    ]})
}

fn fake(change: Value) -> Fake {
    Fake::start(World::from_json(story()).with(&json!({"set": change})))
}

fn by_job(fake: &Fake, path: &str) -> Got {
    let (secret, _) = fake.token("job");
    ask(fake, "GET", path, &[("JOB-TOKEN", &secret)])
}

#[test]
fn a_fine_grained_job_token_is_refused_in_each_wording() {
    let required = "The following token permission is required: read_jobs.";
    let both = "The following token permissions are required: read_pipelines and read_jobs.";
    let resource = "Insufficient permissions to access this resource in project";
    for (wording, says) in [
        ("number", format!("{resource} #2. {required}")),
        ("path", format!("{resource} shop/down. {required}")),
        ("plural", format!("{resource} #2. {both}")),
        ("plural-path", format!("{resource} shop/down. {both}")),
        ("unpoliced", "This action is unauthorized for CI/CD job tokens.".to_owned()),
    ] {
        let fake = fake(json!([
            {"server": null, "permission_errors": wording},
            {"project": 2, "job_token_permissions": ["read_pipelines"]},
        ]));
        assert_eq!(by_job(&fake, "projects/2/pipelines/20").status, 200);
        let got = by_job(&fake, ARCHIVE);
        let message = json!({"message": format!("403 Forbidden - {says}")});
        assert_eq!((got.status, got.json()), (403, message));
    }
    let fake = fake(json!([
        {"server": null, "allowlist_errors": "path"}, {"project": 2, "job_token_allowlist": []},
    ]));
    let got = by_job(&fake, ARCHIVE).text();
    assert!(got.contains("job token not allowed from shop/up to shop/down."), "{got}");
}

#[test]
fn a_fine_grained_private_token_is_told_the_permission_it_lacks() {
    let mut story = story();
    story["tokens"] = json!({"private": {"private": "glpat-fineGrained", "permissions": [
        "read_pipeline_bridge", "read_pipeline_job",
    ]}});
    let fake = Fake::start(World::from_json(story));
    assert_eq!(get(&fake, "projects/1/pipelines/10/bridges").status, 200);
    assert_eq!(get(&fake, "projects/2/pipelines/20/jobs").status, 200);
    for (path, title) in [
        (ARCHIVE, "[Job Artifact: Read]"),
        ("projects/2/pipelines/20", "[Pipeline: Read]"),
        ("projects/2", "[Project: Read]"),
    ] {
        let got = get(&fake, path);
        assert_eq!(
            (got.status, &got.json()["error"]),
            (403, &json!("insufficient_granular_scope"))
        );
        assert!(got.text().contains(title), "{}", got.text());
    }
    let start = post(&fake, "projects/2/pipeline", "ref=main").text();
    assert!(start.contains("[Pipeline: Create]"), "{start}");
}

#[test]
fn a_group_may_want_fine_grained_tokens_and_a_server_proof_of_possession() {
    let granular = fake(json!({"project": 2, "fine_grained_only": true}));
    let got = get(&granular, ARCHIVE);
    assert_eq!(got.json()["error"], "insufficient_granular_scope");
    let mut story = story();
    story["tokens"] = json!({"private": {"private": "glpat-withoutProof", "dpop": true}});
    let got = get(&Fake::start(World::from_json(story)), "projects/1");
    assert_eq!((got.status, got.json()["error"].clone()), (401, json!("dpop_error")));
}

#[test]
fn an_archived_project_is_read_and_not_changed() {
    let fake = fake(json!({"project": 2, "archived": true}));
    assert_eq!(get(&fake, ARCHIVE).status, 200);
    assert_eq!(get(&fake, "projects/2").json()["archived"], true);
    for path in ["jobs/202/play", "pipelines/20/retry", "jobs/201/artifacts/keep", "pipeline"] {
        let got = post(&fake, &format!("projects/2/{path}"), "ref=main");
        let message = json!({"message": "403 Forbidden - Project is archived"});
        assert_eq!((got.status, got.json()), (403, message), "{path}");
    }
    let form = "ref=main&token=glptt-fakeTrigger0123456789";
    assert_eq!(post(&fake, "projects/2/trigger/pipeline", form).status, 403);
}

#[test]
fn an_archive_may_be_refused_after_both_lists_were_fine() {
    for (access, role, status) in [
        ("none", "owner", 403),
        ("maintainer", "developer", 403),
        ("maintainer", "maintainer", 200),
        ("developer", "reporter", 403),
        ("all", "guest", 200),
    ] {
        let mut story = story();
        story["tokens"] = json!({
            "private": {"private": "glpat-ofSomeRole", "role": role},
            "job": {"job": "glcbt-ofSomeRole", "project": 1, "role": role},
        });
        let change = json!({"set": {"job": 201, "access": access}});
        let fake = Fake::start(World::from_json(story).with(&change));
        assert_eq!(get(&fake, "projects/1/pipelines/10/bridges").status, 200);
        assert_eq!(get(&fake, "projects/2/pipelines/20/jobs").status, 200);
        for path in [ARCHIVE.to_owned(), format!("{ARCHIVE}/a"), format!("{ARCHIVE}/tree")] {
            let (mine, jobs) = (get(&fake, &path).status, by_job(&fake, &path).status);
            assert_eq!((mine, jobs), (status, status), "{access} {role} {path}");
        }
    }
}

#[test]
fn a_role_decides_who_starts_and_who_deletes() {
    for (role, start, delete) in
        [("reporter", 403, 403), ("developer", 201, 403), ("maintainer", 201, 204)]
    {
        let mut story = story();
        story["tokens"] = json!({"private": {"private": "glpat-ofSomeRole", "role": role}});
        let fake = Fake::start(World::from_json(story));
        assert_eq!(post(&fake, "projects/2/pipeline", "ref=main").status, start, "{role}");
        assert_eq!(ask(&fake, "DELETE", ARCHIVE, &[]).status, delete, "{role}");
    }
}

#[test]
fn a_hidden_project_is_named_by_its_bridge_and_found_by_nobody() {
    let fake = fake(json!({"project": 2, "hidden": true}));
    let bridges = get(&fake, "projects/1/pipelines/10/bridges").json();
    assert_eq!(bridges[0]["downstream_pipeline"]["project_id"], 2);
    for got in [
        get(&fake, "projects/2/pipelines/20/jobs"),
        by_job(&fake, "projects/2/pipelines/20/jobs"),
        get(&fake, "projects/shop%2Fdown"),
    ] {
        assert_eq!(got.json(), json!({"message": "404 Project Not Found"}));
    }
}

#[test]
fn each_version_has_its_routes_and_takes_job_tokens_where_it_did() {
    for (version, jobs, pipelines, tree, trigger_jobs) in [
        ("17.11", 404, 404, 404, 404),
        ("18.1", 200, 404, 404, 404),
        ("18.3", 200, 200, 404, 404),
        ("18.8", 200, 200, 200, 404),
        ("19.2", 200, 200, 200, 200),
    ] {
        let server = json!({"version": version, "archives": "direct"});
        let fake = Fake::start(World::from_json(story()).server(server));
        assert_eq!(by_job(&fake, "projects/2/pipelines/20/jobs").status, jobs, "{version}");
        assert_eq!(by_job(&fake, "projects/2/pipelines/20").status, pipelines, "{version}");
        assert_eq!(by_job(&fake, "projects/1/pipelines/10/bridges").status, pipelines, "{version}");
        assert_eq!(by_job(&fake, &format!("{ARCHIVE}/tree")).status, tree, "{version}");
        let path = "projects/1/pipelines/10/trigger_jobs";
        assert_eq!(by_job(&fake, path).status, trigger_jobs, "{version}");
        assert_eq!(by_job(&fake, ARCHIVE).status, 200, "{version}");
    }
}

#[test]
fn very_old_servers_name_the_project_of_a_pipeline_by_its_web_address_alone() {
    let fake = Fake::start(World::from_json(story()).server(json!({"version": "13.2"})));
    let bridge = get(&fake, "projects/1/pipelines/10/bridges").json()[0].clone();
    let down = &bridge["downstream_pipeline"];
    assert_eq!(down.get("project_id"), None);
    assert_eq!(down["web_url"], "https://gitlab.test/shop/down/-/pipelines/20");
}

#[test]
fn refusals_can_be_scripted_for_single_requests() {
    let on = || Fault::on("GET projects/2");
    for (fault, status, says) in [
        (on().job_permissions("shop/down", &["a", "b", "c"]), 403, "required: a, b and c."),
        (on().unpoliced(), 403, "unauthorized for CI/CD job tokens"),
        (on().granular(&["download_job_artifact"]), 403, "[Job Artifact: Read]"),
        (on().scope(), 403, "insufficient_scope"),
        (on().dpop(), 401, "dpop_error"),
        (on().archived(), 403, "403 Forbidden - Project is archived"),
        (on().forbidden("IP address is blocked"), 403, "403 Forbidden - IP address is blocked"),
        (on().locked().retry_after(2), 409, "409 Conflict: Resource lock"),
    ] {
        let fake = fake(json!([]));
        fake.fault(fault);
        let got = get(&fake, "projects/2");
        assert_eq!(got.status, status, "{says}");
        assert!(got.text().contains(says), "{}", got.text());
    }
    let fake = fake(json!([]));
    fake.fault(Fault::on("POST pipelines/20/retry").locked().retry_after(2));
    let got = post(&fake, "projects/2/pipelines/20/retry", "");
    assert_eq!((got.status, got.header("Retry-After")), (409, Some("2")));
}
