//! The CI/CD components in `templates/`: are they what GitLab takes, and do their scripts work?

use std::fs;

use serde_json::{Value, json};

use crate::schema::{assert_taken, extended};
use crate::tidy::root;
use crate::yaml;

pub const COMPONENTS: [&str; 3] = ["child-artifacts", "fetch", "trigger"];

fn text(component: &str) -> String {
    fs::read_to_string(root().join(format!("templates/{component}.yml"))).unwrap()
}

pub struct Job {
    pub name: String,
    pub job: Value,
}

/// The document with `spec:`, which GitLab takes off before it reads the rest.
pub fn header(component: &str) -> Value {
    yaml::documents(&text(component)).remove(0)
}

/// The job with these values in it; for the other inputs, their defaults.
pub fn filled(component: &str, given: &Value) -> Job {
    let documents = yaml::documents(&text(component));
    let [header, body] = documents.as_slice() else { panic!("{component}: not two documents") };
    let inputs = header["spec"]["inputs"].as_object().unwrap();
    let unknown = given.as_object().unwrap().keys().find(|key| !inputs.contains_key(*key));
    assert_eq!(unknown, None, "{component} has no such input");
    let mut job = body.clone();
    for (name, input) in inputs {
        let value = given.get(name).unwrap_or(&input["default"]);
        assert!(!value.is_null(), "{component} wants a value for {name}");
        let offered = input["options"].as_array();
        assert!(offered.is_none_or(|all| all.contains(value)), "{component}: {name}: {value}");
        fill(&mut job, &format!("$[[ inputs.{name} ]]"), value);
    }
    assert!(!job.to_string().contains("$[["), "{component} uses an input it has not: {job}");
    assert_taken(component, &job);
    let jobs = extended(&job);
    let jobs: Vec<_> =
        jobs.as_object().unwrap().iter().filter(|(name, _)| !name.starts_with('.')).collect();
    let [(name, job)] = jobs[..] else { panic!("{component}: one job") };
    Job { name: name.clone(), job: job.clone() }
}

/// A value that is nothing but the input keeps its type, as GitLab has it.
fn fill(place: &mut Value, mark: &str, value: &Value) {
    let plain = value.as_str().map_or(value.to_string(), str::to_owned);
    match place {
        Value::String(text) if text == mark => *place = value.clone(),
        Value::String(text) => *text = text.replace(mark, &plain),
        Value::Array(list) => list.iter_mut().for_each(|item| fill(item, mark, value)),
        Value::Object(table) => {
            *table = std::mem::take(table)
                .into_iter()
                .map(|(key, mut item)| {
                    fill(&mut item, mark, value);
                    (key.replace(mark, &plain), item)
                })
                .collect();
        }
        _ => {}
    }
}

fn script(job: &Value, keys: &[&str]) -> String {
    let lines = keys.iter().flat_map(|key| job[*key].as_array().into_iter().flatten());
    lines.map(|line| format!("{}\n", line.as_str().unwrap())).collect()
}

/// As little as each component can be given.
pub fn least(component: &str) -> Value {
    match component {
        "fetch" => json!({"jobs": "build-repo"}),
        "child-artifacts" => json!({"bridge_job_name": "build-sharecode"}),
        _ => json!({"project": "93"}),
    }
}

/// The job with one input more than the least.
fn with(component: &str, name: &str, value: impl Into<Value>) -> Job {
    let mut given = least(component);
    given[name] = value.into();
    filled(component, &given)
}

/// GitLab refuses other keys, and the schema does not.
fn unknown_keys(header: &Value) -> Vec<String> {
    const KNOWN: [&str; 5] = ["type", "default", "description", "options", "regex"];
    let inputs = header["spec"]["inputs"].as_object().unwrap();
    let keys = inputs.values().flat_map(|input| input.as_object().unwrap().keys());
    keys.filter(|key| !KNOWN.contains(&key.as_str())).cloned().collect()
}

#[test]
fn the_header_is_what_gitlab_takes() {
    for component in COMPONENTS {
        let mut header = header(component);
        assert_eq!(header.as_object().unwrap().len(), 1, "{component}: spec, and nothing else");
        assert_taken(component, &header);
        assert_eq!(unknown_keys(&header), [""; 0], "{component}");
        let inputs = &header["spec"]["inputs"];
        for (name, input) in inputs.as_object().unwrap() {
            assert!(input["description"].is_string(), "{component}: {name} has no description");
            let used = text(component).matches(&format!("$[[ inputs.{name} ]]")).count();
            assert!(used > 0, "{component} does not use {name}");
        }
        assert_eq!(inputs["version"]["default"], env!("CARGO_PKG_VERSION"));
        header["spec"]["inputs"]["stage"]["defualt"] = json!("test");
        assert_eq!(unknown_keys(&header), ["defualt"]);
    }
}

#[test]
fn the_job_is_what_gitlab_takes() {
    for component in COMPONENTS {
        let mine = with(component, "job-name", "mine");
        assert_eq!(mine.name, "mine");
        let inputs = [
            ("stage", json!("build")),
            ("image", json!("debian:bookworm")),
            ("tags", json!(["linux", "x64"])),
            ("dir", json!("a b/c")),
            ("expire-in", json!("never")),
            ("options", json!("--json --strip-components 1")),
            ("rules", json!([{"if": "$CI_COMMIT_TAG"}, {"when": "manual", "allow_failure": true}])),
        ];
        let others = inputs.map(|(name, value)| with(component, name, value));
        for Job { name, job } in [mine].into_iter().chain(others) {
            assert_taken(component, &json!({ name: job.clone() }));
            let dotenv = job["artifacts"]["reports"]["dotenv"].as_str().unwrap();
            assert!(script(&job, &["script"]).contains(&format!("--dotenv {dotenv} ")));
        }
        assert_eq!(with(component, "dir", "a").job["artifacts"]["paths"], json!(["a"]));
        assert_eq!(with(component, "tags", json!(["b"])).job["tags"], json!(["b"]));
    }
}

/// A job with an empty `needs` starts at once, which a job that deploys must never do unasked.
#[test]
fn needs_count_only_where_they_are_asked_for() {
    for component in COMPONENTS {
        let plain = filled(component, &least(component)).job;
        assert!(plain.get("needs").is_none(), "{component}: {plain}");
        assert_eq!(plain["rules"], json!([{"when": "on_success"}]));
        let needs = json!(["build", {"job": "test", "artifacts": false, "optional": true}]);
        let mut given = least(component);
        given["needs"] = needs.clone();
        given["after"] = json!("needs");
        let Job { name, job } = filled(component, &given);
        assert_taken(component, &json!({ name: job.clone() }));
        assert_eq!(job["needs"], needs, "{component}");
    }
}

/// No PowerShell is needed to see that the words are those of `install.ps1` and that both shells
/// get one line.
#[test]
fn child_artifacts_run_in_powershell_too() {
    let windows = with("child-artifacts", "shell", "powershell").job;
    let posix = filled("child-artifacts", &least("child-artifacts")).job;
    assert_eq!(windows["script"], posix["script"]);
    let steps = script(&windows, &["before_script"]);
    let installer = fs::read_to_string(root().join("install.ps1")).unwrap();
    for flag in ["To", "BaseUrl", "NoExtras"] {
        assert!(steps.contains(&format!(" -{flag}")), "{steps}");
        assert!(installer.contains(&format!("]${flag}")), "install.ps1 has no -{flag}");
    }
    for (open, close) in [("(", ")"), ("{", "}"), ("[", "]")] {
        assert_eq!(steps.matches(open).count(), steps.matches(close).count(), "{steps}");
    }
    assert_eq!(steps.matches('"').count() % 2, 0, "{steps}");
    // Nothing on the line means something else to one of the shells.
    let line = script(&posix, &["script"]);
    assert!(!line.contains(['$', '`', '\\', ';', '&', '|', '(', '@']), "{line}");
}

#[cfg(unix)]
mod scripts {
    use std::path::Path;
    use std::process::{Command, Output};

    use super::*;
    use crate::fake::{Fake, World};
    use crate::loopback::Site;
    use crate::release::{can_pack, released};

    /// A shell reads the script, and the program the words that the shell makes of it.
    #[test]
    fn the_command_lines_are_ones_that_the_program_takes() {
        let all = [
            ("trigger", "ref", "v1"),
            ("trigger", "fetch", "build-*"),
            ("fetch", "from", "upstream"),
            ("fetch", "options", "--bridge 'a b' --strip-components 1"),
            ("child-artifacts", "job_names", "build 'test: [linux, x64]'"),
            ("child-artifacts", "bridge_job_name", "trigger*"),
        ];
        let plain = COMPONENTS.map(|component| (component, "stage", "build"));
        for (component, name, value) in plain.into_iter().chain(all) {
            let Job { job, .. } = with(component, name, value);
            let print = "downriver() { printf '%s\\0' downriver \"$@\"; }\n";
            let text = print.to_owned() + &script(&job, &["script"]);
            let output = Command::new("/bin/sh").args(["-euc", &text]).output().unwrap();
            let words = String::from_utf8(output.stdout).unwrap();
            let words: Vec<&str> = words.trim_end_matches('\0').split('\0').collect();
            let parsed = <downriver::commands::Cli as clap::Parser>::try_parse_from(&words);
            assert!(parsed.is_ok(), "{words:?}: {:?}", parsed.err());
            let expected = match name {
                "bridge_job_name" => vec![value.to_owned()],
                _ => crate::harness::words(value),
            };
            let there = expected.iter().all(|word| words.contains(&word.as_str()));
            assert!(name == "stage" || there, "{words:?}");
        }
    }

    /// Runs the whole script of a job as a runner would: what it said, and what its folder holds.
    /// Some runners work as a user without a home, here for one of the components.
    fn run(
        component: &str,
        inputs: &Value,
        fake: &Fake,
        site: &Site,
    ) -> (bool, String, Vec<String>) {
        let Job { job, .. } = filled(component, inputs);
        let homeless = component == "trigger";
        let place = tempfile::tempdir().unwrap();
        let work = place.path().join("work");
        fs::create_dir(&work).unwrap();
        let here = fake.here();
        let Output { status, stdout, stderr } = Command::new("/bin/sh")
            .arg("-ec")
            .arg(script(&job, &["before_script", "script"]))
            .current_dir(&work)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", if homeless { Path::new("/nonexistent") } else { place.path() })
            .env("TMPDIR", place.path())
            .env("DOWNRIVER_BASE_URL", format!("{}/tools/downriver/-/releases", site.address))
            .env("CI_API_V4_URL", fake.api_url())
            .env("CI_PROJECT_ID", here["project"].to_string())
            .env("CI_PIPELINE_ID", here["pipeline"].to_string())
            .env("CI_JOB_TOKEN", fake.token("job").0)
            .output()
            .unwrap();
        let said = String::from_utf8([stdout, stderr].concat()).unwrap();
        let files = crate::folder::items(&work).into_iter().map(|item| item.path).collect();
        (status.success(), said, files)
    }

    /// The release holds a script that calls the very program that was built for the tests.
    fn release() -> Site {
        released(&format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_downriver")))
    }

    #[test]
    fn fetch_installs_the_program_and_fetches() {
        if !can_pack() {
            return;
        }
        let (fake, site) = (Fake::start(World::named("two-repos")), release());
        let (went_well, said, files) = run("fetch", &least("fetch"), &fake, &site);
        assert!(went_well, "{said}");
        assert!(files.iter().any(|f| f.starts_with("fetched/")), "{files:?}");
        assert!(files.iter().any(|f| f == "downriver.env"), "{files:?}");
        let version = format!("/.local/lib/downriver/{}/downriver", env!("CARGO_PKG_VERSION"));
        assert!(
            said.lines().any(|l| l.starts_with("installed /") && l.ends_with(&version)),
            "{said}"
        );
        assert!(!said.contains("not on your PATH"), "{said}");
        assert!(site.asked().iter().any(|a| a.ends_with("install.sh")));
        // Without the default of waiting for it.
        let misspelt = json!({"jobs": "biuld-repo", "options": ""});
        let (went_well, said, _) = run("fetch", &misspelt, &fake, &site);
        assert!(!went_well && said.contains("build-repo"), "{said}");
    }

    /// From another project, and from the pipelines that the bridge's pipeline triggered in turn.
    #[test]
    fn child_artifacts_come_across_projects_and_from_nested_pipelines() {
        if !can_pack() {
            return;
        }
        let nested = World::from_json(json!({
            "here": {"project": 1, "pipeline": 10, "token": "job"},
            "tokens": {"job": {"job": "glcbt-64_childArtifacts", "project": 1, "build": 99}},
            "projects": [
                {"id": 1, "path": "shop/up", "pipelines": [{"id": 10,
                    "jobs": [{"id": 99, "name": "fetch", "status": "running"}],
                    "bridges": [
                        {"id": 90, "name": "down", "downstream": 20},
                        {"id": 91, "name": "other", "downstream": 40},
                    ]},
                    {"id": 40, "jobs": [crate::scenes::job(401, "unwanted")]},
                ]},
                {"id": 2, "path": "shop/down", "job_token_allowlist": [1], "pipelines": [
                    {"id": 20, "jobs": [{"id": 201, "name": "child", "archive": {"files": {"child": "1"}}}],
                        "bridges": [{"id": 92, "name": "deeper", "downstream": 30}]},
                    {"id": 30, "jobs": [{"id": 301, "name": "grandchild",
                        "archive": {"files": {"grandchild": "2"}}}]},
                ]},
            ],
        }));
        let (fake, site) = (Fake::start(nested), release());
        for (more, expect) in [
            (json!({}), &["fetched/child"] as &[&str]),
            (json!({"depth": 2}), &["fetched/child", "fetched/grandchild"]),
            (json!({"depth": 2, "job_names": "grandchild"}), &["fetched/grandchild"]),
        ] {
            let mut inputs = json!({"bridge_job_name": "down"});
            inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let (went_well, said, files) = run("child-artifacts", &inputs, &fake, &site);
            assert!(went_well, "{inputs}: {said}");
            let fetched: Vec<&String> =
                files.iter().filter(|f| f.starts_with("fetched/") && !f.ends_with('/')).collect();
            assert_eq!(fetched, expect, "{inputs}: {said}");
        }
    }

    #[test]
    fn trigger_installs_the_program_and_triggers() {
        if !can_pack() {
            return;
        }
        let (fake, site) = (Fake::start(World::named("two-repos")), release());
        let inputs = json!({"project": "93", "ref": "master", "options": "--detach"});
        let (went_well, said, files) = run("trigger", &inputs, &fake, &site);
        assert!(went_well, "{said}");
        assert_eq!(files, ["downriver.env"], "{said}");
        assert!(fake.log().iter().any(|l| l.short == "POST projects/93/trigger/pipeline"));
    }

    #[test]
    fn a_release_that_is_not_there_ends_the_job() {
        if !can_pack() {
            return;
        }
        let (fake, site) = (Fake::start(World::named("two-repos")), Site::start());
        let (went_well, said, files) = run("fetch", &least("fetch"), &fake, &site);
        assert!(!went_well && files.is_empty(), "{said}");
        // It ends there, before it calls a program that an earlier job may have left.
        assert!(said.contains("404") && !said.contains("not found"), "{said}");
        assert_eq!(fake.log().len(), 0);
    }
}
