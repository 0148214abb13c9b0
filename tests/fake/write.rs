//! Routes that change the world: starting, retrying, playing, cancelling, keeping and deleting.

use serde_json::{Value, json};

use super::denial::error_case;
use super::entity;
use super::http::{Answer, Reply};
use super::read::{head, job_of, pipeline_of, shown};
use super::route::Desk;
use super::world::list;

/// By a trigger token or by a job token, which both stand in the body.
pub fn trigger(desk: &mut Desk<'_>, project: &Value) -> Answer {
    let body = parameters(desk, |key| {
        ["ref", "token"].contains(&key) || ["variables", "inputs"].iter().any(|p| of(p, key))
    })?;
    let Some(secret) = body.iter().find(|(key, _)| key == "token").map(|(_, v)| v.clone()) else {
        return Err(Reply::error(400, "token is missing"));
    };
    let by = |kind: &str| {
        let mut all = desk.world.tokens().map(|(_, token)| token);
        all.find(|token| token[kind] == secret).cloned()
    };
    let source = match (by("trigger"), by("job")) {
        (Some(token), _) if token["project"].is_null() || token["project"] == project["id"] => {
            "trigger"
        }
        (None, Some(token)) if token["finished"] == true => {
            return Err(error_case("trigger: job token of finished job"));
        }
        (None, Some(_)) if !project.is_null() => "pipeline",
        _ => return Err(error_case("trigger: wrong trigger token")),
    };
    start(desk, project, &body, source)
}

/// By a person.
pub fn create(desk: &mut Desk<'_>, project: &Value) -> Answer {
    let body = parameters(desk, |key| ["ref", "variables", "inputs"].contains(&key))?;
    let variables = body.iter().find(|(key, _)| key == "variables").map(|(_, v)| v.clone());
    for variable in variables.iter().flat_map(|v| v.as_array().into_iter().flatten()) {
        if !variable["key"].is_string() || !variable["value"].is_string() {
            return Err(Reply::error(400, "variables is invalid"));
        }
    }
    start(desk, project, &body, "api")
}

/// A new pipeline, made after the project's `on_trigger`.
fn start(desk: &mut Desk<'_>, project: &Value, body: &[(String, Value)], source: &str) -> Answer {
    let Some(name) = body.iter().find(|(key, _)| key == "ref").and_then(|(_, v)| v.as_str()) else {
        return Err(Reply::error(400, "ref is missing"));
    };
    let known = project["default_branch"] == name || head(project, name).is_some();
    if !known {
        return Err(error_case("trigger: unknown ref"));
    }
    let mut pipeline = project["on_trigger"].clone();
    if pipeline.is_null() {
        pipeline = json!({});
    }
    for (key, value) in [
        ("id", json!(desk.world.new_id())),
        ("status", json!("created")),
        ("source", json!(source)),
        ("ref", json!(name)),
        ("sha", head(project, name).unwrap_or_else(|| json!(format!("{:040x}", 0xfeed)))),
    ] {
        let keys = pipeline.as_object_mut().unwrap();
        keys.entry(key).or_insert(value);
    }
    let id = pipeline["id"].as_u64().unwrap_or_default();
    if desk.world.pipeline(id).is_some() {
        pipeline["id"] = desk.world.new_id().into();
    }
    let id = pipeline["id"].as_u64().unwrap_or_default();
    desk.world.apply(&json!({"add": {"project": project["id"], "pipeline": pipeline}}));
    let made = pipeline_of(desk.world, project, id)?;
    Ok(Reply::json(201, &entity::pipeline(desk.world, project, &made)))
}

/// Failed and cancelled jobs are tried again under new ids; the old ones are hidden from then on.
pub fn retry(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let pipeline = pipeline_of(desk.world, project, id)?;
    let failed = |job: &&Value| job["status"] == "failed" || job["status"] == "canceled";
    let again: Vec<Value> = list(&pipeline, "jobs")
        .filter(|job| job["retried"] != true)
        .filter(failed)
        .cloned()
        .collect();
    for old in &again {
        let mut new = old.clone();
        new["id"] = desk.world.new_id().into();
        new["status"] = "pending".into();
        new["archive"] = Value::Null;
        desk.world.apply(&json!({
            "set": {"job": old["id"], "retried": true}, "add": {"pipeline": id, "job": new},
        }));
    }
    if !again.is_empty() {
        desk.world.apply(&json!({"set": {"pipeline": id, "status": "running"}}));
    }
    let pipeline = pipeline_of(desk.world, project, id)?;
    Ok(Reply::json(201, &entity::pipeline(desk.world, project, &pipeline)))
}

pub fn cancel(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let pipeline = pipeline_of(desk.world, project, id)?;
    let done = ["success", "failed", "canceled", "skipped"];
    let open = |status: &Value| !done.contains(&status.as_str().unwrap_or_default());
    let mut set: Vec<Value> = list(&pipeline, "jobs")
        .filter(|job| open(&job["status"]))
        .map(|job| json!({"job": job["id"], "status": "canceled"}))
        .collect();
    if open(&pipeline["status"]) {
        set.push(json!({"pipeline": id, "status": "canceled"}));
    }
    desk.world.apply(&json!({ "set": set }));
    let pipeline = pipeline_of(desk.world, project, id)?;
    Ok(Reply::json(200, &entity::pipeline(desk.world, project, &pipeline)))
}

/// Manual jobs and bridges become pending, and a pipeline that waited for them runs again.
pub fn play(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    parameters(desk, |key| key == "job_variables_attributes" || key == "job_inputs")?;
    let found = desk.world.job(id).filter(|found| found.project["id"] == project["id"]);
    let found = found.ok_or_else(|| Reply::message(404, "404 Not found"))?;
    let status = found.job["status"].as_str().unwrap_or_default();
    if !["manual", "scheduled"].contains(&status) {
        return Err(error_case("play: job not playable"));
    }
    let kind = if found.bridge { "bridge" } else { "job" };
    let mut set = vec![json!({kind: id, "status": "pending"})];
    if found.pipeline["status"] == "manual" {
        set.push(json!({"pipeline": found.pipeline["id"], "status": "running"}));
    }
    desk.world.apply(&json!({ "set": set }));
    let bridge = desk.world.job(id).filter(|found| found.bridge);
    let body = bridge.map(|found| entity::bridge(desk.world, found));
    let body = body.unwrap_or_else(|| shown(desk.world, id));
    Ok(Reply::json(200, &body))
}

pub fn keep(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let job = job_of(desk.world, project, id)?;
    if desk.world.archive(&job).is_none() {
        return Err(Reply::message(404, "404 #<Ci::Build:0x00007f> Not Found"));
    }
    desk.world.apply(&json!({"set": {"job": id, "expire_at": null}}));
    Ok(Reply::json(200, &shown(desk.world, id)))
}

/// 204, also where there was nothing.
pub fn delete(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    job_of(desk.world, project, id)?;
    desk.world.apply(&json!({"set": {"job": id, "archive": null}}));
    Ok(Reply::new(204, "", ""))
}

pub fn delete_all(desk: &mut Desk<'_>, project: &Value) {
    let jobs = list(project, "pipelines").flat_map(|pipeline| list(pipeline, "jobs"));
    let set: Vec<Value> = jobs.map(|job| json!({"job": job["id"], "archive": null})).collect();
    desk.world.apply(&json!({ "set": set }));
}

/// The parameters in the body; one that the route does not know is noted.
fn parameters(
    desk: &mut Desk<'_>,
    known: impl Fn(&str) -> bool,
) -> Result<Vec<(String, Value)>, Reply> {
    let body = desk.asked.parameters().map_err(|why| {
        desk.broken.push(why.clone());
        Reply::error(400, why)
    })?;
    for (key, _) in body.iter().filter(|(key, _)| !known(key)) {
        desk.broken.push(format!("{} takes no {key:?} in its body", desk.asked.path()));
    }
    Ok(body)
}

/// Returns true if a key is `variables` or `variables[NAME]`.
fn of(group: &str, key: &str) -> bool {
    key.strip_prefix(group).is_some_and(|rest| {
        rest.is_empty() || (rest.len() > 2 && rest.starts_with('[') && rest.ends_with(']'))
    })
}
