//! Projects, pipelines, bridges and jobs as GitLab writes them, with every key it sends.

use serde_json::{Value, json};

use super::deliver::report_file;
use super::world::{Found, NOW, World, list};

/// The host of web addresses; nobody may ever ask it.
pub const WEB: &str = "https://gitlab.test";

const CREATED: &str = "2026-03-02T10:00:03.377Z";
const STARTED: &str = "2026-03-02T10:00:21.001Z";
const FINISHED: &str = "2026-03-02T10:03:40.940Z";

/// The web address of this server, with the path it may stand below.
fn server(world: &World) -> String {
    format!("{WEB}{}", world.setting("root").as_str().unwrap_or_default())
}

pub fn web(world: &World, project: &Value) -> String {
    format!("{}/{}", server(world), project["path"].as_str().unwrap_or_default())
}

fn ended(status: &Value) -> bool {
    ["success", "failed", "canceled"].contains(&status.as_str().unwrap_or_default())
}

fn begun(status: &Value) -> bool {
    ended(status) || ["running", "canceling"].contains(&status.as_str().unwrap_or_default())
}

pub fn user(world: &World, whole: bool) -> Value {
    let mut user = json!({
        "id": 15, "username": "mei", "public_email": "", "name": "Mei Tan", "state": "active",
        "locked": false, "avatar_url": null, "web_url": format!("{}/mei", server(world)),
    });
    if whole {
        let rest = json!({
            "created_at": "2024-02-11T08:20:41.113Z", "bio": "", "location": "", "linkedin": "",
            "twitter": "", "discord": "", "website_url": "", "github": "", "job_title": "",
            "pronouns": null, "organization": "", "bot": false, "work_information": null,
            "followers": 0, "following": 0, "local_time": null,
        });
        extend(&mut user, rest);
    }
    user
}

fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(value), Value::Object(more)) = (value, more) {
        value.extend(more);
    }
}

/// A commit, as `repository/commits/:ref` and every job show it.
pub fn commit(world: &World, project: &Value, sha: &Value) -> Value {
    let id = sha.as_str().unwrap_or_default();
    let known = &project["commits"][id];
    let day = known["committed_date"].as_str().unwrap_or("2026-03-02T09:58:10.000+00:00");
    let title = known["title"].as_str().unwrap_or("Bump share code");
    json!({
        "id": id, "short_id": &id[..8.min(id.len())], "created_at": day,
        "parent_ids": ["5d1f0c6b7a8e9f00112233445566778899aabbcc"],
        "title": title, "message": format!("{title}\n"),
        "author_name": "Mei Tan", "author_email": "mei@shop.test", "authored_date": day,
        "committer_name": "Mei Tan", "committer_email": "mei@shop.test", "committed_date": day,
        "trailers": {}, "extended_trailers": {}, "web_url": format!("{}/-/commit/{id}", web(world, project)),
    })
}

pub fn project(world: &World, project: &Value) -> Value {
    let path = project["path"].as_str().unwrap_or_default();
    let name = path.rsplit('/').next();
    json!({
        "id": project["id"], "description": null, "name": name, "name_with_namespace": path,
        "path": name, "path_with_namespace": path, "created_at": "2024-02-11T08:20:41.113Z",
        "default_branch": project["default_branch"], "tag_list": [], "topics": [],
        "ssh_url_to_repo": format!("git@gitlab.test:{path}.git"),
        "http_url_to_repo": format!("{}.git", web(world, project)), "web_url": web(world, project),
        "avatar_url": null, "forks_count": 0, "star_count": 0, "last_activity_at": NOW,
        "archived": project["archived"] == true, "empty_repo": false,
        "visibility": if project["public"] == true { "public" } else { "private" },
    })
}

/// The origin of a pipeline, if the world does not say: another one, or a push.
pub fn source(world: &World, project: &Value, pipeline: &Value) -> Value {
    match (&pipeline["source"], world.starter(pipeline)) {
        (Value::Null, Some(starter)) if starter["id"] == project["id"] => "parent_pipeline".into(),
        (Value::Null, Some(_)) => "pipeline".into(),
        (Value::Null, None) => "push".into(),
        (source, _) => source.clone(),
    }
}

/// A pipeline inside something else (`PipelineBasic`).
pub fn pipeline_basic(world: &World, project: &Value, pipeline: &Value) -> Value {
    let id = &pipeline["id"];
    json!({
        "id": id, "iid": pipeline["iid"].as_u64().or(id.as_u64().map(|id| id % 1000)), "project_id": project["id"],
        "sha": pipeline["sha"], "ref": pipeline["ref"], "status": pipeline["status"],
        "source": source(world, project, pipeline),
        "created_at": pipeline["created_at"].as_str().unwrap_or("2026-03-02T10:00:03.201Z"),
        "updated_at": pipeline["updated_at"].as_str().unwrap_or("2026-03-02T10:06:44.918Z"),
        "web_url": format!("{}/-/pipelines/{id}", web(world, project)),
    })
}

/// One of a list of pipelines.
pub fn pipeline_listed(world: &World, project: &Value, pipeline: &Value) -> Value {
    let mut listed = pipeline_basic(world, project, pipeline);
    listed["name"] = pipeline["name"].clone();
    listed
}

/// A single pipeline.
pub fn pipeline(world: &World, project: &Value, pipeline: &Value) -> Value {
    let mut whole = pipeline_listed(world, project, pipeline);
    let status = &pipeline["status"];
    let rest = json!({
        "before_sha": "0000000000000000000000000000000000000000", "tag": false,
        "yaml_errors": pipeline["yaml_errors"], "user": user(world, false),
        "started_at": begun(status).then_some(STARTED),
        "finished_at": ended(status).then_some(FINISHED),
        "committed_at": null, "duration": ended(status).then_some(272),
        "queued_duration": begun(status).then_some(6), "coverage": null,
        "detailed_status": {
            "icon": format!("status_{}", status.as_str().unwrap_or_default()), "text": status,
            "label": status, "group": status, "tooltip": status, "has_details": true,
            "details_path": format!("/-/pipelines/{}", pipeline["id"]), "illustration": null,
            "favicon": "/assets/ci_favicons/favicon.png",
        },
        "archived": false,
    });
    extend(&mut whole, rest);
    whole
}

/// The keys that bridges and jobs have in common (`JobBasic`).
fn job_basic(world: &World, found: Found<'_>) -> Value {
    let Found { project, pipeline, job, .. } = found;
    let status = &job["status"];
    let finished = job["finished_at"].as_str().unwrap_or(FINISHED);
    let mut basic = json!({
        "id": job["id"], "status": status, "stage": job["stage"], "name": job["name"],
        "ref": pipeline["ref"], "tag": false, "coverage": null,
        "allow_failure": job["allow_failure"] == true, "created_at": CREATED,
        "started_at": begun(status).then_some(STARTED),
        "finished_at": ended(status).then_some(finished), "erased_at": job["erased_at"],
        "duration": ended(status).then_some(199.939),
        "queued_duration": begun(status).then_some(2.318),
        "user": user(world, true), "commit": commit(world, project, &pipeline["sha"]),
        "pipeline": pipeline_basic(world, project, pipeline),
        "web_url": format!("{}/-/jobs/{}", web(world, project), job["id"]),
        "project": {"ci_job_token_scope_enabled": false}, "archived": false,
        "source": source(world, project, pipeline),
    });
    if status == "failed" {
        let reason = job["failure_reason"].as_str().unwrap_or("script_failure");
        basic["failure_reason"] = reason.into();
    }
    basic
}

pub fn bridge(world: &World, found: Found<'_>) -> Value {
    let mut bridge = job_basic(world, found);
    let downstream = found.job["downstream"].as_u64().and_then(|id| world.pipeline(id));
    bridge["downstream_pipeline"] =
        downstream.map_or(Value::Null, |(project, p)| pipeline_basic(world, project, p));
    bridge
}

/// Returns true if the artifacts are past their time; a locked job keeps them all the same.
pub fn expired(job: &Value) -> bool {
    job["expire_at"].as_str().is_some_and(|at| at < NOW)
}

/// A job; `size` is that of its archive in bytes, if it has one.
pub fn job(world: &World, found: Found<'_>, size: Option<u64>) -> Value {
    let job = found.job;
    let mut whole = job_basic(world, found);
    let filename = job["filename"].as_str().unwrap_or("artifacts.zip");
    let size = job["announced_size"].as_u64().or(job["archive"]["gone"].as_u64()).or(size);
    let begun = begun(&job["status"]);
    let mut artifacts = Vec::new();
    let mut add = |kind: &str, size: u64, name: &str, format: &str| {
        artifacts.push(json!({
            "file_type": kind, "size": size, "filename": name, "file_format": format,
        }));
    };
    if let Some(size) = size {
        add("archive", size, filename, "zip");
        add("metadata", 301, "metadata.gz", "gzip");
    }
    if begun {
        add("trace", 1500, "job.log", "raw");
    }
    for report in list(job, "reports").filter_map(Value::as_str) {
        let size = report_file(report).len() as u64;
        add(report, size, &format!("{report}.gz"), "gzip");
    }
    if let Some(size) = size.filter(|_| !expired(job)) {
        whole["artifacts_file"] = json!({"filename": filename, "size": size});
    }
    let rest = json!({
        "artifacts": artifacts, "artifacts_expire_at": job["expire_at"],
        "tag_list": ["docker", "linux"],
        "runner": begun.then(|| json!({
            "id": 32, "description": "linux-docker-1", "ip_address": null, "active": true,
            "paused": false, "is_shared": true, "runner_type": "instance_type",
            "name": "gitlab-runner", "online": true, "created_by": null,
            "created_at": "2025-01-09T12:00:00.000Z", "status": "online",
            "job_execution_status": "idle",
        })),
        "runner_manager": begun.then(|| json!({
            "id": 71, "system_id": "s_1f2e3d4c5b6a", "version": "19.2.0", "revision": "abcdef12",
            "platform": "linux", "architecture": "amd64", "created_at": "2025-01-09T12:00:01.000Z",
            "contacted_at": "2026-03-02T10:06:00.000Z", "ip_address": "10.4.0.9",
            "status": "online", "job_execution_status": "idle",
        })),
    });
    extend(&mut whole, rest);
    whole
}
