//! The world: projects, their pipelines, bridges, jobs and archives, and who may see them.
//!
//! A world is JSON with defaults for everything that a story does not care about; the keys are
//! listed in `keys.rs`, and `fixtures/README.md` tells their meaning. A misspelt key is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::keys::{check, fill_in, of_version};
use super::pack;

/// When the fake's time stands still; what expires before it has expired.
pub const NOW: &str = "2026-03-02T10:10:00.000Z";

/// A world, and the archives made for it.
#[derive(Debug, Clone)]
pub struct World {
    json: Value,
    made: BTreeMap<String, Arc<Vec<u8>>>,
    packed: BTreeMap<String, Arc<Vec<u8>>>,
    next_id: u64,
}

/// A job or bridge, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    pub project: &'a Value,
    pub pipeline: &'a Value,
    pub job: &'a Value,
    pub bridge: bool,
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

impl World {
    /// A world of `fixtures/worlds/`, by its name without `.json`.
    pub fn named(name: &str) -> World {
        let path = fixtures().join("worlds").join(format!("{name}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        World::from_json(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path:?}: {e}")))
    }

    pub fn from_json(mut json: Value) -> World {
        fill_in(&mut json);
        check(&json);
        World { json, made: BTreeMap::new(), packed: BTreeMap::new(), next_id: 500_001 }
    }

    /// Bytes for jobs whose archive is `{"made": name}`.
    pub fn made(mut self, name: &str, bytes: Vec<u8>) -> World {
        self.made.insert(name.to_owned(), Arc::new(bytes));
        self
    }

    /// Other settings of the server, such as `{"archives": "direct"}`.
    pub fn server(mut self, settings: Value) -> World {
        merge(&mut self.json["server"], of_version(&settings["version"]));
        merge(&mut self.json["server"], settings);
        check(&self.json);
        self
    }

    /// Another token for the runs, by its name in the world.
    pub fn with_token(mut self, name: &str) -> World {
        self.json["here"]["token"] = name.into();
        self
    }

    /// Applies one change, as `changes` describe them.
    pub fn with(mut self, change: &Value) -> World {
        self.apply(change);
        self
    }

    pub fn here(&self) -> &Value {
        &self.json["here"]
    }

    /// A setting of the server.
    pub fn setting(&self, name: &str) -> &Value {
        &self.json["server"][name]
    }

    pub fn changes(&self) -> Vec<Value> {
        self.json["changes"].as_array().cloned().unwrap_or_default()
    }

    /// The tokens by their names.
    pub fn tokens(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.json["tokens"].as_object().into_iter().flatten()
    }

    pub fn projects(&self) -> impl Iterator<Item = &Value> {
        list(&self.json, "projects")
    }

    pub fn pipeline(&self, id: u64) -> Option<(&Value, &Value)> {
        let mut all = self.projects().flat_map(|project| {
            list(project, "pipelines").map(move |pipeline| (project, pipeline))
        });
        all.find(|(_, pipeline)| pipeline["id"] == id)
    }

    /// A job or a bridge.
    pub fn job(&self, id: u64) -> Option<Found<'_>> {
        let pipelines = self.projects().flat_map(|project| {
            list(project, "pipelines").map(move |pipeline| (project, pipeline))
        });
        let mut all = pipelines.flat_map(|(project, pipeline)| {
            let found = move |bridge| move |job| Found { project, pipeline, job, bridge };
            let jobs = list(pipeline, "jobs").map(found(false));
            jobs.chain(list(pipeline, "bridges").map(found(true)))
        });
        all.find(|found| found.job["id"] == id)
    }

    /// The project and the bridge that started a pipeline.
    pub fn starter(&self, pipeline: &Value) -> Option<&Value> {
        self.projects().find(|project| {
            list(project, "pipelines")
                .flat_map(|p| list(p, "bridges"))
                .any(|bridge| bridge["downstream"] == pipeline["id"])
        })
    }

    /// An id that nothing has yet.
    pub fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// The bytes of a job's archive, if the server has it.
    pub fn archive(&mut self, job: &Value) -> Option<Arc<Vec<u8>>> {
        let recipe = &job["archive"];
        if recipe.is_null() || recipe.get("gone").is_some() {
            return None;
        }
        if let Some(name) = recipe["made"].as_str() {
            let made = self.made.get(name).unwrap_or_else(|| panic!("no archive made as {name:?}"));
            return Some(Arc::clone(made));
        }
        let key = recipe.to_string();
        let packed = self.packed.entry(key).or_insert_with(|| Arc::new(pack::archive(recipe)));
        Some(Arc::clone(packed))
    }

    /// Returns true if GitLab still lists the archive and the storage no longer has it.
    pub fn lost(&self, job: &Value) -> bool {
        job["archive"]["lost"] == true
    }

    /// `set`, `add` and `remove`, each one object or a list of them.
    pub fn apply(&mut self, change: &Value) {
        for set in each(&change["set"]) {
            let mut values = set.clone();
            if set.get("server").is_some() {
                merge(&mut self.json["server"], of_version(&set["version"]));
            }
            let kinds = ["job", "bridge", "pipeline", "project", "server"];
            let kind = *kinds.iter().find(|kind| set.get(**kind).is_some()).unwrap_or(&"?");
            let id = values.as_object_mut().and_then(|keys| keys.remove(kind));
            let target = match kind {
                "server" => &mut self.json["server"],
                _ => self.find_mut(kind, id.as_ref().unwrap_or(&Value::Null)),
            };
            merge(target, values);
        }
        for add in each(&change["add"]) {
            let (kind, to) = if add.get("project").is_some() {
                ("pipeline", self.find_mut("project", &add["project"]))
            } else if add.get("job").is_some() {
                ("job", self.find_mut("pipeline", &add["pipeline"]))
            } else {
                ("bridge", self.find_mut("pipeline", &add["pipeline"]))
            };
            let list = &mut to[format!("{kind}s")];
            if list.is_null() {
                *list = json!([]);
            }
            list.as_array_mut().unwrap().push(add[kind].clone());
        }
        for remove in each(&change["remove"]) {
            for (kind, id) in remove.as_object().into_iter().flatten() {
                *self.find_mut(kind, id) = Value::Null;
            }
            prune(&mut self.json["projects"]);
        }
        fill_in(&mut self.json);
        check(&self.json);
    }

    fn find_mut(&mut self, kind: &str, id: &Value) -> &mut Value {
        let lists: &[&str] = match kind {
            "project" => &[],
            "pipeline" => &["pipelines"],
            "job" => &["pipelines", "jobs"],
            "bridge" => &["pipelines", "bridges"],
            _ => panic!("a change to {kind:?}?"),
        };
        let mut found: Vec<&mut Value> =
            self.json["projects"].as_array_mut().unwrap().iter_mut().collect();
        for list in lists {
            let inner = found.into_iter().filter_map(|v| v.get_mut(*list)?.as_array_mut());
            found = inner.flatten().collect();
        }
        let found = found.into_iter().find(|value| value["id"] == *id);
        found.unwrap_or_else(|| panic!("a change to {kind} {id}, which is not in the world"))
    }
}

/// The elements of a list, or none.
pub fn list<'a>(value: &'a Value, key: &str) -> std::slice::Iter<'a, Value> {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn each(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    }
}

fn merge(target: &mut Value, values: Value) {
    let (Value::Object(target), Value::Object(values)) = (target, values) else {
        panic!("a change must be an object");
    };
    target.extend(values);
}

fn prune(value: &mut Value) {
    match value {
        Value::Array(all) => {
            all.retain(|one| !one.is_null());
            all.iter_mut().for_each(prune);
        }
        Value::Object(keys) => {
            for key in ["pipelines", "jobs", "bridges"] {
                keys.get_mut(key).into_iter().for_each(prune);
            }
        }
        _ => {}
    }
}
