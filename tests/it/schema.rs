//! GitLab's own schema of pipelines: every pipeline that this project runs, offers or shows is taken.
//!
//! It knows the header of a component (`spec:`) and the rest of it as documents of one form. It does
//! not look into hidden jobs, and lets any key of an input pass: what extends a hidden job is
//! therefore looked at as a whole, and the keys of inputs by `components`.

use std::fs;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::tidy::root;
use crate::{book, components, yaml};

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let text = fs::read(root().join("fixtures/gitlab-ci/schema.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_slice(&text).unwrap()).unwrap()
});

/// The pipeline of this project, as it is written.
pub fn pipeline() -> Value {
    let text = fs::read_to_string(root().join(".gitlab-ci.yml")).unwrap();
    yaml::documents(&text).remove(0)
}

/// Returns the errors of a document according to the schema.
pub fn objections(document: &Value) -> Vec<String> {
    SCHEMA.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

pub fn assert_taken(what: &str, document: &Value) {
    assert_eq!(objections(document), [""; 0], "{what}: {document:#}");
}

/// Returns the pipeline with `extends` resolved in each job.
pub fn extended(pipeline: &Value) -> Value {
    let whole = |(name, job): (&String, &Value)| (name.clone(), with_parents(pipeline, job));
    pipeline.as_object().unwrap().iter().map(whole).collect::<Map<_, _>>().into()
}

fn with_parents(pipeline: &Value, job: &Value) -> Value {
    let parents = match &job["extends"] {
        Value::Null => return job.clone(),
        Value::Array(names) => names.clone(),
        name => vec![name.clone()],
    };
    let mut whole = json!({});
    for name in parents {
        merge(&mut whole, &with_parents(pipeline, &pipeline[name.as_str().unwrap()]));
    }
    merge(&mut whole, job);
    whole
}

/// As GitLab merges: tables key by key; of everything else, the later one stays.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

#[test]
fn the_pipeline_of_this_project_is_taken() {
    assert_taken(".gitlab-ci.yml", &pipeline());
    assert_taken(".gitlab-ci.yml, extended", &extended(&pipeline()));
}

/// The blocks of YAML in README and book, as documents with their page: one that is a list is lines
/// of a script.
fn documents() -> Vec<(String, Value)> {
    let blocks = book::blocks("yaml").into_iter();
    let documents = blocks.flat_map(|(page, block)| {
        yaml::documents(&block).into_iter().map(move |document| (page.clone(), document))
    });
    let job = |it: Value| if it.is_array() { json!({"job": {"script": it}}) } else { it };
    documents.map(|(page, it)| (page, job(it))).collect()
}

#[test]
fn every_block_of_the_documents_is_taken() {
    let documents = documents();
    assert!(documents.len() > 20, "{documents:?}");
    for (page, document) in documents {
        assert_taken(&page, &document);
    }
}

/// Checks that the includes in the documents are components of this project, with known inputs.
#[test]
fn the_includes_of_the_documents_make_jobs_that_are_taken() {
    let mut included = Vec::new();
    for (_, block) in documents() {
        for item in block["include"].as_array().into_iter().flatten() {
            let address = item["component"].as_str().unwrap();
            let component = address.rsplit('/').next().unwrap();
            let (name, version) = component.split_once('@').unwrap();
            assert_eq!(version, env!("CARGO_PKG_VERSION"));
            let job = components::filled(name, &item["inputs"]);
            assert_taken(address, &json!({ job.name: job.job }));
            included.push(name.to_owned());
        }
    }
    assert!(!included.is_empty(), "no page includes a component");
    let unknown = included.iter().find(|name| !components::COMPONENTS.contains(&name.as_str()));
    assert_eq!(unknown, None);
}

/// The document with one value in another's place, or added.
fn changed(document: &Value, place: &str, value: Value) -> Value {
    let mut document = document.clone();
    let (table, key) = place.rsplit_once('/').unwrap();
    document.pointer_mut(table).unwrap_or_else(|| panic!("no {table}"))[key] = value;
    document
}

#[test]
fn what_gitlab_does_not_know_is_refused() {
    let pipeline = extended(&pipeline());
    for (place, value) in [
        ("/stages", json!("test")),
        ("/variables/ARM_RUNNER", json!(["a"])),
        ("/include", json!([{"component": "a/b/c@1", "input": {}}])),
        ("/include", json!([{"compnent": "a/b/c@1"}])),
        ("/test/scirpt", json!(["true"])),
        ("/test/script", json!(7)),
        ("/test/image", json!(["debian"])),
        ("/test/tags", json!("linux")),
        ("/test/when", json!("sometimes")),
        ("/build-linux/paralel", json!(2)),
        ("/build-linux/parallel", json!("two")),
        ("/build-linux/parallel", json!(0)),
        ("/build-linux/parallel", json!({"matrx": [{"A": ["b"]}]})),
        ("/build-linux/rules", json!([{"iff": "$A"}])),
        ("/build-linux/rules", json!("$A")),
        ("/upload/artifacts/path", json!(["dist"])),
        ("/upload/artifacts/expire_in", json!(7)),
        ("/upload/cache", json!("a")),
        ("/release/needs", json!([7])),
        ("/release/release/tag", json!("v1")),
        ("/release/release/assets/links", json!([{"name": "a", "uri": "b"}])),
    ] {
        refused(&pipeline, place, value);
    }
    for component in components::COMPONENTS {
        let job =
            json!({ "job": components::filled(component, &components::least(component)).job });
        for (place, value) in [
            ("/job/stage", json!(7)),
            ("/job/image", json!({"names": "alpine"})),
            ("/job/before_scripts", json!(["true"])),
            ("/job/artifacts/reports/dotenf", json!("a.env")),
            ("/job/artifacts/reports", json!("a.env")),
            ("/job/artifacts/paths", json!("fetched")),
            ("/job/rules", json!([{"iff": "$A"}])),
            ("/job/needs", json!([{"jobs": "a"}])),
        ] {
            refused(&job, place, value);
        }
        let header = components::header(component);
        for (place, value) in [
            ("/spec/input", json!({})),
            ("/spec/inputs/image", json!("alpine")),
            ("/spec/inputs/image/default", json!(3)),
            ("/spec/inputs/image/description", json!(["a"])),
            ("/spec/inputs/image/options", json!("alpine")),
            ("/spec/inputs/tags/type", json!("list")),
            ("/spec/inputs/tags/default", json!("linux")),
            ("/spec/inputs/needs/type", json!("arrays")),
            ("/spec/inputs/rules/type", json!(["array"])),
        ] {
            refused(&header, place, value);
        }
    }
}

fn refused(document: &Value, place: &str, value: Value) {
    assert_taken("before the change", document);
    let said = objections(&changed(document, place, value.clone()));
    assert!(!said.is_empty(), "{place}: {value} is taken");
}
