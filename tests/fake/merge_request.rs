//! Merge requests and their pipelines, some of which belong to the project of a fork.
//!
//! A world writes `{"7": [ids of pipelines]}`, or `{"7": {"pipelines": [ids], "source_branch": …,
//! "source_project": …}}` where the rest matters.

use serde_json::{Value, json};

use super::entity;
use super::http::{Answer, Reply};
use super::page::page;
use super::route::Desk;
use super::world::{World, list};

fn not_found() -> Reply {
    Reply::message(404, "404 Not found")
}

/// Returns the ids of the pipelines in the order of the world.
fn ids(request: &Value) -> impl Iterator<Item = u64> {
    let all = request.as_array().or(request["pipelines"].as_array());
    all.into_iter().flatten().filter_map(Value::as_u64)
}

/// Returns a merge request as GitLab shows it, with the newest pipeline of its head if `whole`.
fn shown(world: &World, project: &Value, iid: &str, request: &Value, whole: bool) -> Value {
    let number: u64 = iid.parse().expect("the iid of a merge request is a number");
    let newest = ids(request).max().and_then(|id| world.pipeline(id));
    let sha = request["sha"].as_str().or(newest.and_then(|(_, p)| p["sha"].as_str()));
    let source = request["source_project"].as_u64().or(project["id"].as_u64());
    let mut shown = json!({
        "id": 1_000_000 + number, "iid": number, "project_id": project["id"],
        "title": request["title"].as_str().unwrap_or("Change"), "description": "",
        "state": request["state"].as_str().unwrap_or("opened"),
        "created_at": "2026-03-02T09:00:00.000Z", "updated_at": "2026-03-02T10:00:00.000Z",
        "merged_at": null, "closed_at": null,
        "target_branch": request["target_branch"].as_str()
            .or(project["default_branch"].as_str()),
        "source_branch": request["source_branch"].as_str().unwrap_or("feature"),
        "author": entity::user(world, false), "draft": false, "labels": [],
        "source_project_id": source, "target_project_id": project["id"], "sha": sha,
        "merge_commit_sha": null, "squash_commit_sha": null, "merge_status": "can_be_merged",
        "detailed_merge_status": "mergeable", "has_conflicts": false,
        "reference": format!("!{number}"),
        "web_url": format!("{}/-/merge_requests/{number}", entity::web(world, project)),
    });
    if whole {
        let basic = newest.map(|(owner, p)| entity::pipeline_basic(world, owner, p));
        let pipeline = newest.map(|(owner, p)| entity::pipeline(world, owner, p));
        shown["pipeline"] = basic.unwrap_or_default();
        shown["head_pipeline"] = pipeline.unwrap_or_default();
    }
    shown
}

/// A single merge request.
pub fn one(desk: &mut Desk<'_>, project: &Value, iid: u64) -> Answer {
    let iid = iid.to_string();
    let request = project["merge_requests"].get(&iid).ok_or_else(not_found)?;
    Ok(Reply::json(200, &shown(desk.world, project, &iid, request, true)))
}

/// The merge requests of a source branch and a state, highest number first.
pub fn list_of(desk: &mut Desk<'_>, project: &Value) -> Answer {
    let states = ["opened", "closed", "locked", "merged", "all"];
    let state = desk.param("state").unwrap_or("all").to_owned();
    if !states.contains(&state.as_str()) {
        return Err(Reply::error(400, "state does not have a valid value"));
    }
    let numbers: Vec<&str> = desk.params("iids[]").collect();
    let all = project["merge_requests"].as_object().into_iter().flatten();
    let mut rows: Vec<Value> = all
        .filter(|(iid, _)| numbers.is_empty() || numbers.contains(&iid.as_str()))
        .map(|(iid, request)| shown(desk.world, project, iid, request, false))
        .filter(|row| state == "all" || row["state"] == state.as_str())
        .filter(|row| desk.param("source_branch").is_none_or(|name| row["source_branch"] == name))
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row["iid"].as_u64()));
    page(desk, &rows)
}

/// The pipelines of a merge request, in the order of the world; each row names its own project.
pub fn pipelines(desk: &mut Desk<'_>, project: &Value, iid: u64) -> Answer {
    let request = project["merge_requests"].get(iid.to_string()).ok_or_else(not_found)?;
    let rows: Vec<Value> = ids(request)
        .filter_map(|id| desk.world.pipeline(id))
        .map(|(project, pipeline)| entity::pipeline_basic(desk.world, project, pipeline))
        .collect();
    page(desk, &rows)
}
