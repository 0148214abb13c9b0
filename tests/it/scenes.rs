//! Small worlds that many tests share.

use serde_json::{Value, json};

use crate::fake::World;

/// Returns a job whose archive has one file `from` with the id of the job.
pub fn job(id: u64, name: &str) -> Value {
    json!({"id": id, "name": name, "archive": {"files": {"from": id.to_string()}}})
}

/// Returns such a job with more fields.
pub fn job_with(id: u64, name: &str, more: Value) -> Value {
    let mut job = job(id, name);
    let (Value::Object(keys), Value::Object(more)) = (&mut job, more) else { panic!("objects") };
    keys.extend(more);
    job
}

/// Returns pipeline 10 of project 1, `shop/up`, whose bridge `down` triggered pipeline 20 of project
/// 2, `shop/down`, with these jobs. The API sends archives without a redirect.
pub fn downstream(jobs: &[Value]) -> World {
    World::from_json(json!({
        "server": {"archives": "direct"},
        "projects": [
            {"id": 1, "path": "shop/up", "pipelines": [
                {"id": 10, "bridges": [{"id": 90, "name": "down", "downstream": 20}]},
            ]},
            {"id": 2, "path": "shop/down", "job_token_allowlist": [1], "pipelines": [
                {"id": 20, "jobs": jobs},
            ]},
        ],
    }))
}

/// The requests of a lookup in `downstream`.
pub const LOOKUP: [&str; 2] = [
    "GET projects/1/pipelines/10/bridges?per_page=100&page=1",
    "GET projects/2/pipelines/20/jobs?per_page=100&page=1",
];

/// Returns a world with one job, `build` (201), and this archive.
pub fn one_archive(bytes: Vec<u8>) -> World {
    downstream(&[json!({"id": 201, "name": "build", "archive": {"made": "it"}})]).made("it", bytes)
}
