//! `--separate` where names clash: nothing is downloaded, and the ways out that the hint names work.

use serde_json::{Value, json};

use crate::fake::World;
use crate::harness::Run;
use crate::scenes::job;

/// `shop/up` (1) with jobs of its own, and these bridges to projects with these jobs.
fn world(bridges: &[(&str, &[Value])], own: &[Value]) -> World {
    let below = (0_u64..).zip(bridges);
    let list: Vec<Value> = below
        .clone()
        .map(|(n, (name, _))| json!({"id": 90 + n, "name": name, "downstream": 20 + n}))
        .collect();
    let mut projects = vec![
        json!({"id": 1, "path": "shop/up", "pipelines": [{"id": 10, "bridges": list, "jobs": own}]}),
    ];
    projects.extend(below.map(|(n, (_, jobs))| {
        json!({"id": 2 + n, "path": format!("shop/down-{n}"), "job_token_allowlist": [1],
               "pipelines": [{"id": 20 + n, "jobs": jobs}]})
    }));
    World::from_json(json!({"server": {"archives": "direct"}, "projects": projects}))
}

/// The situations: the world, what is fetched, the form of `--separate` that clashes, the jobs.
fn clashes() -> Vec<(World, &'static str, &'static str, [u64; 2])> {
    let build = |id: u64| vec![job(id, "build")];
    vec![
        (world(&[("a", &build(201)), ("b", &build(301))], &[]), "build", "--separate", [201, 301]),
        (
            world(&[("a", &[job(201, "build: [x/y]"), job(202, "build: [x_y]")])], &[]),
            "build",
            "--separate=job",
            [201, 202],
        ),
        (
            world(&[("a/b", &build(201)), ("a_b", &build(301))], &[]),
            "build",
            "--separate=bridge",
            [201, 301],
        ),
        // The folder of a bridge, and that of a job of the pipeline itself.
        (
            world(&[("a", &build(201))], &[job(101, "a")]),
            "build a --from any",
            "--separate=bridge",
            [201, 101],
        ),
    ]
}

#[test]
fn jobs_that_would_share_a_folder_are_refused_before_anything_is_downloaded() {
    for (world, line, separate, ids) in clashes() {
        let ran = Run::new(world).args("fetch").args(line).args(separate).fails(3);
        for id in ids {
            ran.says(&id.to_string());
        }
        ran.says("--separate=id");
        let archives = ran.requests.iter().filter(|it| it.contains("artifacts")).count();
        ran.check(archives == 0, "nothing is downloaded");
    }
}

#[test]
fn the_other_forms_give_each_job_its_own_folder_and_dotenv_names_both() {
    for (world, line, _, ids) in clashes() {
        let run = Run::new(world).args("fetch").args(line).args("--separate=id --dotenv e.env");
        let ran = run.succeeds();
        for id in ids {
            assert_eq!(ran.read(&format!("{id}/from")), id.to_string());
        }
        let told = ran.read("e.env");
        let value = |name: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
            line.unwrap_or_else(|| panic!("{name}: {told}")).to_owned()
        };
        let all = value("DOWNRIVER_JOB_IDS");
        assert!(all.starts_with(&format!("{},", value("DOWNRIVER_JOB_ID"))), "{told}");
        let mut all: Vec<&str> = all.split(',').collect();
        let mut expect = ids.map(|id| id.to_string());
        all.sort_unstable();
        expect.sort();
        assert_eq!(all, expect);
    }
    let both = || world(&[("a", &[job(201, "build")]), ("b", &[job(301, "build")])], &[]);
    let ran = Run::new(both()).args("fetch build --separate=bridge").succeeds();
    assert_eq!(ran.files(), ["a/build/from", "b/build/from"]);
    // Chosen by bridge or project, one is left, and the short form is enough.
    for narrow in ["--bridge b", "--downstream shop/down-1"] {
        let ran = Run::new(both()).args("fetch build --separate").args(narrow).succeeds();
        assert_eq!(ran.read("build/from"), "301");
    }
}
