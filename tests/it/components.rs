//! The CI/CD components in `templates/`: are they what GitLab takes, and do their scripts work?

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::tidy::root;
use crate::yaml;

const COMPONENTS: [&str; 2] = ["fetch", "trigger"];

fn text(component: &str) -> String {
    fs::read_to_string(root().join(format!("templates/{component}.yml"))).unwrap()
}

/// The inputs, and the job with these values in it; for the others, their defaults.
fn filled(component: &str, values: &[(&str, &str)]) -> (Value, String, Value) {
    let documents = yaml::documents(&text(component));
    let [header, body] = documents.as_slice() else { panic!("{component}: not two documents") };
    let inputs = header["spec"]["inputs"].clone();
    let mut job = body.clone();
    for (name, input) in inputs.as_object().unwrap() {
        let given =
            values.iter().find(|(key, _)| key == name).map(|(_, value)| Value::from(*value));
        let value = given.unwrap_or_else(|| input["default"].clone());
        assert!(!value.is_null(), "{component} wants a value for {name}");
        fill(&mut job, &format!("$[[ inputs.{name} ]]"), &value);
    }
    assert!(!job.to_string().contains("$[["), "{component} uses an input it has not: {job}");
    let jobs = job.as_object().unwrap();
    assert_eq!(jobs.len(), 1, "{component}: one job");
    let (name, job) = jobs.iter().next().unwrap();
    (inputs, name.clone(), job.clone())
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
fn least(component: &str) -> &'static [(&'static str, &'static str)] {
    match component {
        "fetch" => &[("jobs", "build-repo")],
        _ => &[("project", "93")],
    }
}

#[test]
fn the_header_is_what_gitlab_takes() {
    for component in COMPONENTS {
        let (inputs, ..) = filled(component, least(component));
        for (name, input) in inputs.as_object().unwrap() {
            for key in input.as_object().unwrap().keys() {
                let known = ["type", "default", "description", "options", "regex"];
                assert!(known.contains(&key.as_str()), "{component}: {name}: {key}");
            }
            assert!(input["description"].is_string(), "{component}: {name} has no description");
            let fits = match input["type"].as_str().unwrap_or("string") {
                "string" => input["default"].is_string(),
                "array" => input["default"].is_array(),
                other => panic!("{component}: {name}: {other}"),
            };
            assert!(fits || input["default"].is_null(), "{component}: {name}");
            let options = input["options"].as_array();
            assert!(options.is_none_or(|all| all.contains(&input["default"])), "{name}");
            let used = text(component).matches(&format!("$[[ inputs.{name} ]]")).count();
            assert!(used > 0, "{component} does not use {name}");
        }
        assert_eq!(inputs["version"]["default"], env!("CARGO_PKG_VERSION"));
    }
}

#[test]
fn the_job_is_what_gitlab_takes() {
    const KEYWORDS: [&str; 6] = ["stage", "image", "tags", "before_script", "script", "artifacts"];
    for component in COMPONENTS {
        let (_, name, job) =
            filled(component, &[least(component), &[("job-name", "mine")]].concat());
        assert_eq!(name, "mine");
        let keys: BTreeSet<&str> = job.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(KEYWORDS), "{component}");
        for (key, kind) in [("stage", "string"), ("image", "string"), ("tags", "array")] {
            let fits = if kind == "array" { job[key].is_array() } else { job[key].is_string() };
            assert!(fits, "{component}: {key}");
        }
        let artifacts: Vec<&String> = job["artifacts"].as_object().unwrap().keys().collect();
        assert_eq!(artifacts, ["expire_in", "paths", "reports"], "{component}");
        assert_eq!(job["artifacts"]["paths"], serde_json::json!(["fetched"]));
        let dotenv = job["artifacts"]["reports"]["dotenv"].as_str().unwrap();
        assert!(script(&job, &["script"]).contains(&format!("--dotenv {dotenv} ")));
    }
}

#[cfg(unix)]
mod scripts {
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
        ];
        let plain = COMPONENTS.map(|component| (component, "stage", "build"));
        for (component, name, value) in plain.into_iter().chain(all) {
            let (.., job) = filled(component, &[least(component), &[(name, value)]].concat());
            let print = "downriver() { printf '%s\\0' downriver \"$@\"; }\n";
            let text = print.to_owned() + &script(&job, &["script"]);
            let output = Command::new("/bin/sh").args(["-euc", &text]).output().unwrap();
            let words = String::from_utf8(output.stdout).unwrap();
            let words: Vec<&str> = words.trim_end_matches('\0').split('\0').collect();
            let parsed = <downriver::commands::Cli as clap::Parser>::try_parse_from(&words);
            assert!(parsed.is_ok(), "{words:?}: {:?}", parsed.err());
            let expected = crate::harness::words(value);
            let there = expected.iter().all(|word| words.contains(&word.as_str()));
            assert!(name == "stage" || there, "{words:?}");
        }
    }

    /// Runs the whole script of a job as a runner would: what it said, and what its folder holds.
    fn run(
        component: &str,
        inputs: &[(&str, &str)],
        fake: &Fake,
        site: &Site,
    ) -> (bool, String, Vec<String>) {
        let (.., job) = filled(component, inputs);
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
            .env("HOME", place.path())
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
        let (went_well, said, files) = run("fetch", &[("jobs", "build-repo")], &fake, &site);
        assert!(went_well, "{said}");
        assert!(files.iter().any(|f| f.starts_with("fetched/")), "{files:?}");
        assert!(files.iter().any(|f| f == "downriver.env"), "{files:?}");
        assert!(
            said.contains("installed ") && site.asked().iter().any(|a| a.ends_with("install.sh"))
        );
        // Without the default of waiting for it.
        let misspelt = [("jobs", "biuld-repo"), ("options", "")];
        let (went_well, said, _) = run("fetch", &misspelt, &fake, &site);
        assert!(!went_well && said.contains("build-repo"), "{said}");
    }

    #[test]
    fn trigger_installs_the_program_and_triggers() {
        if !can_pack() {
            return;
        }
        let (fake, site) = (Fake::start(World::named("two-repos")), release());
        let inputs = [("project", "93"), ("ref", "master"), ("options", "--detach")];
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
        let (went_well, said, files) = run("fetch", &[("jobs", "build-repo")], &fake, &site);
        assert!(!went_well && files.is_empty(), "{said}");
        assert_eq!(fake.log().len(), 0);
    }
}
