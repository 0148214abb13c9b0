//! The keys and the defaults of a world. A misspelt key or setting is refused.

use serde_json::{Map, Value, json};

use super::world::list;

/// The keys that each kind of object may have.
const KEYS: [(&str, &str); 10] = [
    ("world", "about here server tokens projects changes"),
    ("here", "project pipeline token"),
    (
        "server",
        "version root bridges trigger_jobs tree job_token_lists allowlist_errors permission_errors \
         page_size_cap no_totals links archives etag ranges signature_uses store store_bandwidth \
         search_recent file_type download_mode encoded_slash https_redirect content_encoding",
    ),
    (
        "token",
        "private job trigger project build scopes permissions projects role expired revoked \
         finished dpop",
    ),
    (
        "project",
        "id path old_paths public hidden archived default_branch heads commits \
         job_token_allowlist job_token_permissions fine_grained_only builds_hidden merge_requests \
         pipelines on_trigger",
    ),
    ("merge_request", "pipelines source_branch target_branch source_project state sha title"),
    (
        "pipeline",
        "id iid ref sha status source name yaml_errors created_at updated_at jobs bridges",
    ),
    ("bridge", "id name status stage allow_failure failure_reason downstream retried"),
    (
        "job",
        "id name status stage allow_failure failure_reason retried archive filename expire_at \
         locked finished_at erased_at reports log announced_size access",
    ),
    ("archive", "file files bytes seed raw made gone lost"),
];

/// The settings of the server that are one word of a few.
const WORDS: [(&str, &[&str]); 10] = [
    ("job_token_lists", &["jobs"]),
    ("allowlist_errors", &["new", "old", "path"]),
    ("permission_errors", &["number", "path", "plural", "plural-path", "unpoliced"]),
    ("links", &["astray", "asked"]),
    ("archives", &["redirect", "direct", "proxied"]),
    ("etag", &["strong", "weak", "none", "sha256", "hex"]),
    (
        "ranges",
        &[
            "suffix-ignored",
            "suffix-400",
            "400",
            "403",
            "416",
            "501",
            "multipart",
            "unknown-total",
            "no-content-range",
        ],
    ),
    ("store", &["s3", "gcs", "azure"]),
    ("encoded_slash", &["kept", "apache", "nginx", "decoded"]),
    ("content_encoding", &["gzip", "deflate"]),
];

/// Returns the routes and parameters that a server of this version has, such as `18.1`.
pub fn of_version(version: &Value) -> Value {
    let Some(version) = version.as_str() else { return json!({}) };
    let mut numbers = version.split('.').map(|n| n.parse::<u64>().expect("a version"));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let lists = match version {
        (18, 0..=2) => json!("jobs"),
        version => json!(version >= (18, 3)),
    };
    json!({
        "bridges": true,
        "trigger_jobs": version >= (19, 2),
        "tree": version >= (18, 8),
        "job_token_lists": lists,
        "search_recent": version >= (18, 10),
        "file_type": version >= (19, 4),
        "download_mode": version >= (19, 4),
    })
}

fn or(value: &mut Value, key: &str, default: Value) {
    let keys = value.as_object_mut().unwrap_or_else(|| panic!("an object must hold {key:?}"));
    keys.entry(key).or_insert(default);
}

/// Writes down every default, so that all else may rely on the keys being there.
pub fn fill_in(world: &mut Value) {
    for key in ["here", "server"] {
        or(world, key, json!({}));
    }
    let server = &mut world["server"];
    let of_version = of_version(&server["version"]);
    for (key, default) in of_version.as_object().into_iter().flatten() {
        or(server, key, default.clone());
    }
    for (key, default) in [
        ("root", json!("")),
        ("bridges", json!(true)),
        ("trigger_jobs", json!(false)),
        ("tree", json!(true)),
        ("job_token_lists", json!(true)),
        ("allowlist_errors", json!("new")),
        ("permission_errors", json!("number")),
        ("links", json!("astray")),
        ("store", json!("s3")),
        ("encoded_slash", json!("kept")),
        ("archives", json!("redirect")),
        ("etag", json!("strong")),
        ("ranges", json!(true)),
        ("search_recent", json!(true)),
        ("file_type", json!(true)),
        ("download_mode", json!(true)),
    ] {
        or(server, key, default);
    }
    let first = &world["projects"][0];
    let (project, pipeline) = (first["id"].clone(), first["pipelines"][0]["id"].clone());
    or(&mut world["here"], "project", project.clone());
    or(&mut world["here"], "pipeline", pipeline);
    or(&mut world["here"], "token", json!("private"));
    or(
        world,
        "tokens",
        json!({
            "private": {"private": "glpat-fakePrivate0123456789"},
            "job": {"job": "glcbt-64_fakeJob0123456789", "project": project},
            "trigger": {"trigger": "glptt-fakeTrigger0123456789"},
        }),
    );
    for project in world["projects"].as_array_mut().into_iter().flatten() {
        let path = format!("group/project-{}", project["id"]);
        or(project, "path", path.into());
        or(project, "default_branch", json!("main"));
        let branch = project["default_branch"].clone();
        or(project, "heads", json!({}));
        for pipeline in project["pipelines"].as_array_mut().into_iter().flatten() {
            let sha = format!("{:040x}", pipeline["id"].as_u64().unwrap_or(0));
            or(pipeline, "sha", sha.into());
            or(pipeline, "ref", branch.clone());
            or(pipeline, "status", json!("success"));
            for kind in ["jobs", "bridges"] {
                or(pipeline, kind, json!([]));
                for job in pipeline[kind].as_array_mut().into_iter().flatten() {
                    or(job, "status", json!("success"));
                    or(job, "stage", json!("build"));
                }
            }
        }
    }
}

/// Refuses misspelt keys: a story that is silently not told makes a test that cannot fail.
pub fn check(world: &Value) {
    known("world", world);
    known("here", &world["here"]);
    known("server", &world["server"]);
    for (key, words) in WORDS {
        let word = world["server"][key].as_str();
        let found = word.is_none_or(|word| words.contains(&word));
        assert!(found, "{key} of the server is one of {words:?}, not {word:?}");
    }
    for token in world["tokens"].as_object().into_iter().flat_map(Map::values) {
        known("token", token);
        // Addresses are searched for secrets, so a secret must not occur there by chance.
        let secrets = ["private", "job", "trigger"].into_iter().filter_map(|k| token[k].as_str());
        secrets.for_each(|secret| assert!(secret.len() > 8, "a token as short as {secret:?}"));
    }
    for project in list(world, "projects") {
        known("project", project);
        for request in project["merge_requests"].as_object().into_iter().flat_map(Map::values) {
            known("merge_request", request);
        }
        for pipeline in list(project, "pipelines").chain([&project["on_trigger"]]) {
            known("pipeline", pipeline);
            for job in list(pipeline, "jobs") {
                known("job", job);
                known("archive", &job["archive"]);
            }
            list(pipeline, "bridges").for_each(|bridge| known("bridge", bridge));
        }
    }
}

fn known(kind: &str, value: &Value) {
    let allowed = KEYS.iter().find(|(k, _)| *k == kind).map_or("", |(_, keys)| keys);
    for key in value.as_object().into_iter().flat_map(Map::keys) {
        let found = allowed.split_whitespace().any(|known| known == key);
        assert!(found, "a {kind} of the world has no key {key:?}, only: {allowed}");
    }
}
