//! The schemas in `docs/schema/` against the real documents of `--json`, and the examples in
//! `docs/json.md` against what the program prints today.
//!
//! A published schema allows fields that it does not name, because later versions add some. Here it
//! is made strict first, so that no field is printed that the schema does not describe.

use std::ops::Range;

use clap::CommandFactory;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;
use crate::scenes;
use crate::tidy::root;

const PAGE: &str = "docs/json.md";

/// Fields that a document may lack; removing any other one makes it invalid.
const OPTIONAL: [&str; 4] = ["unchanged", "removed", "left_out", "all_in_project"];

fn schema(name: &str) -> Value {
    let path = root().join(format!("docs/schema/{name}.json"));
    let text = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap()
}

/// Closes every object of a schema to fields that it does not name.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(table) => {
            table.values_mut().for_each(strict);
            if table.contains_key("properties") && table.contains_key("required") {
                table.insert("additionalProperties".into(), false.into());
            }
        }
        Value::Array(list) => list.iter_mut().for_each(strict),
        _ => {}
    }
}

fn validator(name: &str) -> Validator {
    let mut schema = schema(name);
    strict(&mut schema);
    jsonschema::draft202012::new(&schema).unwrap()
}

fn objections(validator: &Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

#[track_caller]
fn assert_valid(name: &str, document: &Value) {
    assert_eq!(objections(&validator(name), document), [""; 0], "{name}: {document:#}");
}

/// A run in a world of its own. `keep` and `delete` take a private token only.
fn run(line: &str) -> Run<'static> {
    let fake = Fake::start(World::named("two-repos"));
    let (token, _) = fake.token("private");
    let run = Run::new(fake).args(line.trim_start_matches("downriver "));
    if ["keep ", "delete "].iter().any(|word| line.contains(word)) {
        return run.without(&["CI_JOB_TOKEN"]).vars([("GITLAB_TOKEN", &token)]);
    }
    run
}

/// An example of the page: the command, the name of its schema, and the range of its text.
struct Example {
    typed: String,
    schema: String,
    text: Range<usize>,
}

fn examples(page: &str) -> Vec<Example> {
    const MARK: &str = "<!-- json: ";
    const FENCE: &str = " -->\n```json\n";
    let mut examples = Vec::new();
    for (at, _) in page.match_indices(MARK) {
        let end = at + page[at..].find(FENCE).expect("a block of JSON after every mark");
        let typed = page[at + MARK.len()..end].to_owned();
        let start = end + FENCE.len();
        let length = page[start..].find("```").expect("an end of every block");
        let above = page[..at].rsplit("](schema/").next().unwrap();
        let schema = above.split(".json)").next().unwrap().to_owned();
        examples.push(Example { typed, schema, text: start..start + length });
    }
    examples
}

fn page() -> String {
    std::fs::read_to_string(root().join(PAGE)).unwrap()
}

/// The commands that print a document, by the flags of the program itself.
fn commands() -> Vec<String> {
    let cli = downriver::commands::Cli::command();
    let commands =
        cli.get_subcommands().filter(|c| c.get_arguments().any(|a| a.get_id() == "json"));
    let names = commands.map(|command| command.get_name().to_owned());
    // `cat` prints a file; under --json it has an error to print at most.
    names.filter(|name| name != "cat").collect()
}

/// The document that an example prints; none for a command that is not there.
fn printed(typed: &str) -> Option<String> {
    let command = typed.split(' ').nth(1)?;
    if !commands().iter().any(|name| name == command) {
        return None;
    }
    let stdout = run(typed).runs().stdout;
    Some(stdout.replace("<api>", "https://gitlab.test"))
}

#[test]
fn the_examples_are_what_the_program_prints() {
    let mut page = page();
    let mut stale = Vec::new();
    // From the end, so that the ranges of those before stay right.
    for Example { typed, text, .. } in examples(&page).into_iter().rev() {
        let Some(printed) = printed(&typed) else { continue };
        if page[text.clone()] != printed {
            page.replace_range(text, &printed);
            stale.push(typed);
        }
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(root().join(PAGE), page).unwrap();
        return;
    }
    let advice = "UPDATE_EXPECT=1 cargo test --test it json_schema:: writes them anew";
    assert!(
        stale.is_empty(),
        "{PAGE} shows other documents than these print; {advice}: {stale:#?}"
    );
}

#[test]
fn every_example_is_valid_and_every_schema_has_one() {
    let page = page();
    let mut shown = Vec::new();
    for Example { schema, text, .. } in examples(&page) {
        assert_valid(&schema, &serde_json::from_str(&page[text]).unwrap());
        shown.push(schema);
    }
    shown.sort();
    let files = std::fs::read_dir(root().join("docs/schema")).unwrap();
    let mut files: Vec<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(shown.iter().map(|name| format!("{name}.json")).collect::<Vec<_>>(), files);
    for command in commands() {
        assert!(shown.contains(&command), "{PAGE} has no example of {command} --json");
    }
}

/// Nulls, optional fields and shapes that the examples of the page do not show.
#[test]
fn rarer_documents_are_valid() {
    for (schema, line) in [
        ("fetch", "fetch build-repo -o a.zip --json"),
        ("fetch", "fetch build-repo nothing-like-it --if-missing warn --json"),
        ("fetch", "fetch build-repo -R 93 --ref master --json"),
        ("fetch", "fetch --job-id 55500 --json"),
        ("fetch", "fetch matrix --separate --json"),
        ("fetch", "fetch build-repo --sync -D out --delete --json"),
        ("explain", "explain build-repo -R 93 --ref master --json"),
        ("explain", "explain matrix --recursive --json"),
        ("list", "list --json"),
        ("list", "list --ref nothing-like-it --json"),
        ("tree", "tree --recursive --json"),
        ("wait", "wait --bridge build-sharecode --json"),
        ("trigger", "trigger 93 --ref master --detach --json"),
        ("keep", "keep build-repo nothing-like-it --if-missing ignore --json"),
        ("delete", "delete --all-in-project --yes --json"),
    ] {
        let ran = run(line).succeeds();
        assert_valid(schema, &ran.json());
    }
    let unreadable = Fake::start(World::named("two-repos"));
    unreadable.fault(Fault::on("GET projects/93/pipelines/9002/jobs*").status(403));
    assert_valid("tree", &Run::new(&unreadable).args("tree --json").succeeds().json());
}

#[test]
fn failures_are_valid_whatever_else_they_tell() {
    for (exit, line) in [
        (3, "fetch biuld-repo --json"),
        (3, "ls 'old: expired artifacts' --json"),
        (3, "cat build-repo nothing-like-it --json"),
        (3, "explain biuld-repo --json"),
        (4, "tree --pipeline 1 --json"),
        (3, "wait nothing-like-it --bridge build-sharecode --json"),
        (3, "trigger 93 --ref nothing-like-it --json"),
        (3, "keep biuld-repo --json"),
        (3, "delete biuld-repo --yes --json"),
        (8, "trigger 93 --ref master --json"),
    ] {
        let ran = run(line).fails(exit);
        assert_valid("error", &ran.json());
        assert_eq!(ran.json()["error"]["exit"], exit, "{line}");
    }
    let world = scenes::downstream(&[scenes::job_with(201, "build", json!({"status": "failed"}))]);
    assert_valid("error", &Run::new(world).args("wait build --json").fails(8).json());
}

/// All places of a document, as JSON Pointers.
fn places(document: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match document {
        Value::Object(table) => {
            table.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), found));
        }
        Value::Array(list) => {
            let items = list.iter().enumerate();
            items.for_each(|(n, value)| places(value, &format!("{at}/{n}"), found));
        }
        _ => {}
    }
}

/// A value of no type that a schema could expect in this place.
fn wrong(value: &Value) -> Value {
    if value.is_object() || value.is_array() { json!(0.5) } else { json!({"wrong": [true]}) }
}

#[test]
fn a_broken_document_is_refused() {
    let page = page();
    for Example { schema, text, .. } in examples(&page) {
        let document: Value = serde_json::from_str(&page[text]).unwrap();
        let validator = validator(&schema);
        let mut all = Vec::new();
        places(&document, "", &mut all);
        assert!(all.len() > 3, "{schema}: {document}");
        for place in all {
            let mut broken = document.clone();
            let value = broken.pointer_mut(&place).unwrap();
            *value = wrong(value);
            assert!(!validator.is_valid(&broken), "{schema}: a wrong value at {place} is taken");
            let (table, key) = place.rsplit_once('/').unwrap_or_default();
            let mut broken = document.clone();
            let Some(Value::Object(table)) = broken.pointer_mut(table) else { continue };
            if table.remove(key).is_some() && !OPTIONAL.contains(&key) {
                assert!(!validator.is_valid(&broken), "{schema}: {place} may be missing");
            }
        }
        let mut more = document.clone();
        more["unheard_of"] = json!(1);
        assert!(!validator.is_valid(&more), "{schema}: a field that it does not describe is taken");
        let published = jsonschema::draft202012::new(&self::schema(&schema)).unwrap();
        assert!(published.is_valid(&more), "{schema}: a field of a later version is refused");
    }
}

/// Each file stands alone; what has one name in several of them is one shape.
#[test]
fn definitions_of_one_name_are_equal() {
    let mut known = serde_json::Map::new();
    for Example { schema, .. } in examples(&page()) {
        let whole = self::schema(&schema);
        assert_eq!(whole["$schema"], "https://json-schema.org/draft/2020-12/schema", "{schema}");
        for (name, shape) in whole["$defs"].as_object().into_iter().flatten() {
            assert_eq!(
                known.entry(name).or_insert_with(|| shape.clone()),
                shape,
                "{schema}: {name}"
            );
        }
    }
}
