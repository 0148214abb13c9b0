//! Routes that read: projects, pipelines, bridges, jobs and their logs.

use serde_json::{Value, json};

use super::auth::Caller;
use super::denial::error_case;
use super::entity;
use super::http::{Answer, Reply};
use super::page::{page, page_of};
use super::route::Desk;
use super::world::{Found, World, list};

const STATUSES: [&str; 13] = [
    "created",
    "waiting_for_resource",
    "preparing",
    "waiting_for_callback",
    "pending",
    "running",
    "success",
    "failed",
    "canceling",
    "canceled",
    "skipped",
    "manual",
    "scheduled",
];

fn not_found() -> Reply {
    Reply::message(404, "404 Not found")
}

/// A pipeline of this project; one of another project is not found.
pub fn pipeline_of(world: &World, project: &Value, id: u64) -> Result<Value, Reply> {
    let found = world.pipeline(id).filter(|(owner, _)| owner["id"] == project["id"]);
    found.map(|(_, pipeline)| pipeline.clone()).ok_or_else(not_found)
}

/// A job of this project; bridges are no jobs here.
pub fn job_of(world: &World, project: &Value, id: u64) -> Result<Value, Reply> {
    let found = world.job(id).filter(|f| f.project["id"] == project["id"] && !f.bridge);
    found.map(|found| found.job.clone()).ok_or_else(not_found)
}

/// A job as GitLab shows it.
pub fn shown(world: &mut World, id: u64) -> Value {
    let job = world.job(id).map(|found| found.job.clone()).unwrap_or_default();
    let size = world.archive(&job).map(|bytes| bytes.len() as u64);
    world.job(id).map_or(Value::Null, |found| entity::job(world, found, size))
}

pub fn this_job(desk: &mut Desk<'_>, caller: &Caller) -> Answer {
    let Caller::Job(token) = caller else {
        return Err(Reply::message(404, "404 Job Not Found"));
    };
    if token.is_null() {
        return Err(error_case("JOB-TOKEN of a finished job on a job-token route"));
    }
    let id = token["build"].as_u64().ok_or_else(|| Reply::message(404, "404 Job Not Found"))?;
    Ok(Reply::json(200, &shown(desk.world, id)))
}

pub fn project(desk: &Desk<'_>, project: &Value) -> Answer {
    Ok(Reply::json(200, &entity::project(desk.world, project)))
}

/// A commit by a branch, a tag, or the beginning of its SHA, with its newest pipeline.
pub fn commit(desk: &Desk<'_>, project: &Value, name: &str) -> Answer {
    let by_sha = || {
        let made = list(project, "pipelines").map(|pipeline| &pipeline["sha"]);
        let told = project["commits"].as_object().into_iter().flat_map(|commits| commits.keys());
        let all = told.map(|sha| sha.as_str().into()).chain(made.cloned());
        let mut fitting = all.filter(|sha: &Value| {
            name.len() >= 4 && sha.as_str().is_some_and(|sha| sha.starts_with(name))
        });
        fitting.next()
    };
    let sha = head(project, name).or_else(by_sha);
    let sha = sha.ok_or_else(|| Reply::message(404, "404 Commit Not Found"))?;
    let mut commit = entity::commit(desk.world, project, &sha);
    let newest = list(project, "pipelines")
        .filter(|pipeline| pipeline["sha"] == sha)
        .max_by_key(|pipeline| pipeline["id"].as_u64());
    commit["status"] = newest.map_or(Value::Null, |pipeline| pipeline["status"].clone());
    commit["project_id"] = project["id"].clone();
    commit["last_pipeline"] = newest
        .map_or(Value::Null, |pipeline| entity::pipeline_basic(desk.world, project, pipeline));
    Ok(Reply::json(200, &commit))
}

/// A branch with its head commit; tags and the refs of merge requests are none.
pub fn branch(desk: &Desk<'_>, project: &Value, name: &str) -> Answer {
    let sha = head(project, name).filter(|_| !name.starts_with("refs/"));
    let sha = sha.ok_or_else(|| Reply::message(404, "404 Branch Not Found"))?;
    let default = project["default_branch"] == name;
    Ok(Reply::json(
        200,
        &json!({
            "name": name, "commit": entity::commit(desk.world, project, &sha), "merged": false,
            "protected": default, "developers_can_push": false, "developers_can_merge": false,
            "can_push": true, "default": default,
            "web_url": format!("{}/-/tree/{name}", entity::web(desk.world, project)),
        }),
    ))
}

/// The head commit of a ref: as the world says, else that of the newest pipeline there.
pub fn head(project: &Value, name: &str) -> Option<Value> {
    if let Some(sha) = project["heads"].get(name) {
        return Some(sha.clone());
    }
    let on_ref = list(project, "pipelines").filter(|pipeline| pipeline["ref"] == name);
    on_ref.max_by_key(|pipeline| pipeline["id"].as_u64()).map(|pipeline| pipeline["sha"].clone())
}

pub fn pipelines(desk: &mut Desk<'_>, project: &Value) -> Answer {
    let world = &*desk.world;
    let mut found: Vec<&Value> = list(project, "pipelines")
        .filter(|pipeline| {
            let source = entity::source(world, project, pipeline);
            let wanted = desk.param("source").map_or(source != "parent_pipeline", |s| source == s);
            let same = |key: &str| desk.param(key).is_none_or(|value| pipeline[key] == value);
            wanted
                && same("ref")
                && same("sha")
                && same("status")
                && same("name")
                && desk.param("scope").is_none_or(|scope| in_scope(scope, pipeline))
        })
        .collect();
    if let Some(status) = desk.param("status").filter(|status| !STATUSES.contains(status)) {
        return Err(Reply::error(400, format!("status does not have a valid value: {status}")));
    }
    if let Some(scope) = desk.param("scope").filter(|scope| !SCOPES.contains(scope)) {
        return Err(Reply::error(400, format!("scope does not have a valid value: {scope}")));
    }
    let key = match desk.param("order_by") {
        None | Some("id") => "id",
        Some(key @ ("status" | "ref")) => key,
        Some("updated_at") => "updated_at",
        Some(_) => return Err(Reply::error(400, "order_by does not have a valid value")),
    };
    found.sort_by_key(|pipeline| (pipeline[key].as_str(), pipeline["id"].as_u64()));
    match desk.param("sort") {
        None | Some("desc") => found.reverse(),
        Some("asc") => {}
        Some(_) => return Err(Reply::error(400, "sort does not have a valid value")),
    }
    let rows: Vec<Value> =
        found.iter().map(|pipeline| entity::pipeline_listed(world, project, pipeline)).collect();
    page(desk, &rows)
}

const SCOPES: [&str; 5] = ["running", "pending", "finished", "branches", "tags"];

/// Returns true if a pipeline is in one of GitLab's groups of pipelines.
fn in_scope(scope: &str, pipeline: &Value) -> bool {
    let status = pipeline["status"].as_str().unwrap_or_default();
    match scope {
        "finished" => ["success", "failed", "canceled"].contains(&status),
        "branches" => !pipeline["ref"].as_str().unwrap_or_default().starts_with("refs/"),
        scope => scope == status,
    }
}

/// The newest pipeline of the ref's head commit; older commits do not count, nor do children.
pub fn latest(desk: &mut Desk<'_>, project: &Value) -> Answer {
    let branch = project["default_branch"].as_str().unwrap_or_default();
    let name = desk.param("ref").unwrap_or(branch);
    let sha = head(project, name);
    let newest = list(project, "pipelines")
        .filter(|p| p["ref"] == name && Some(&p["sha"]) == sha.as_ref())
        .filter(|p| entity::source(desk.world, project, p) != "parent_pipeline")
        .max_by_key(|p| p["id"].as_u64());
    let none = || error_case("pipelines/latest with no pipeline for the head commit");
    Ok(Reply::json(200, &entity::pipeline(desk.world, project, newest.ok_or_else(none)?)))
}

pub fn pipeline(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let pipeline = pipeline_of(desk.world, project, id)?;
    Ok(Reply::json(200, &entity::pipeline(desk.world, project, &pipeline)))
}

/// Newest first, without those that were retried.
pub fn bridges(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let pipeline = pipeline_of(desk.world, project, id)?;
    if project["builds_hidden"] == true {
        return page(desk, &[]);
    }
    let mut shown: Vec<&Value> =
        list(&pipeline, "bridges").filter(|bridge| bridge["retried"] != true).collect();
    shown.sort_by_key(|bridge| std::cmp::Reverse(bridge["id"].as_u64()));
    let found = |job| Found { project, pipeline: &pipeline, job, bridge: true };
    let rows: Vec<Value> =
        shown.into_iter().map(|bridge| entity::bridge(desk.world, found(bridge))).collect();
    page(desk, &rows)
}

/// Newest first; who may not see builds gets an empty list and no refusal.
pub fn jobs(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let pipeline = pipeline_of(desk.world, project, id)?;
    let retried = desk.param("include_retried") == Some("true");
    let scope: Vec<String> = desk.params("scope[]").map(str::to_owned).collect();
    if scope.iter().any(|status| !STATUSES.contains(&status.as_str())) {
        return Err(error_case("scope invalid"));
    }
    if project["builds_hidden"] == true {
        return page(desk, &[]);
    }
    let mut ids: Vec<u64> = list(&pipeline, "jobs")
        .filter(|job| retried || job["retried"] != true)
        .filter(|job| scope.is_empty() || scope.iter().any(|status| job["status"] == *status))
        .filter_map(|job| job["id"].as_u64())
        .collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    page_of(desk, ids.len(), |desk, span| {
        ids[span].iter().map(|id| shown(desk.world, *id)).collect()
    })
}

pub fn job(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    job_of(desk.world, project, id)?;
    Ok(Reply::json(200, &shown(desk.world, id)))
}

/// The job's log; empty where there is none yet.
pub fn log(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let job = job_of(desk.world, project, id)?;
    let log = job["log"].as_str().unwrap_or_default();
    let disposition = format!("infile; filename=\"{id}.log\"");
    Ok(Reply::new(200, "text/plain", log).header("Content-Disposition", disposition))
}
