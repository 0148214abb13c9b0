//! The recipes of the book, each run as it is printed, in a world that has what they name.

use serde_json::json;

use crate::book;
use crate::fake::{Fake, World};
use crate::harness::Run;

/// Parts of lines that are not run: they need a shell, name another server or a ref of another
/// project, or change the world.
const NOT_RUN: [&str; 6] =
    [" > ", "https://", "--ref v1.2", "downriver trigger ", "downriver delete ", "$"];

/// The page and its number of lines that are run, at least.
const PAGES: [(&str, usize); 3] =
    [("docs/recipes.md", 30), ("docs/artifacts-api.md", 4), ("docs/getting-started.md", 1)];

fn world() -> World {
    let archive = json!({"files": {
        "bin/tool": "tool\n", "bin/tool.pdb": "symbols\n", "sharecode/version.json": "{}\n",
    }});
    let job = |id: u64, name: &str| json!({"id": id, "name": name, "archive": archive.clone()});
    let sha = "0badcafe9876543210fedcba9876543210fedcba";
    World::from_json(json!({
        "tokens": {"private": {"private": "glpat-ReadsRecipes70and93", "scopes": ["api"], "projects": [70, 93]}},
        "here": {"project": 70, "pipeline": 9001, "token": "private"},
        "projects": [
            {"id": 70, "path": "shop/linebot", "pipelines": [
                {"id": 9001, "jobs": [job(55500, "build-linebot")],
                 "bridges": [{"id": 55501, "name": "build-sharecode", "downstream": 9002}]},
            ]},
            {"id": 93, "path": "shop/radar-sharecode", "merge_requests": {"7": [9004]}, "pipelines": [
                {"id": 9002, "sha": sha, "jobs": [
                    job(70108, "build-repo"), job(70109, "build-docs"),
                    job(70110, "pack: [linux, x64]"), job(70111, "pack: [linux, arm64]"),
                    {"id": 70112, "name": "test", "reports": ["junit"]},
                ]},
                {"id": 9004, "ref": "refs/merge-requests/7/head", "source": "merge_request_event",
                 "jobs": [job(70120, "build-repo")]},
            ]},
        ],
    }))
}

/// Returns the lines of a page that begin with `downriver`, in blocks of YAML and of a shell.
fn lines(page: &str) -> Vec<String> {
    let blocks = ["yaml", "sh"].into_iter().flat_map(book::blocks);
    let blocks = blocks.filter(|(name, _)| name == page).map(|(_, block)| block);
    let lines = blocks.flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>());
    let plain = lines.map(|line| {
        let line = line.trim().trim_start_matches("- ");
        line.strip_prefix('"').map_or(line, |line| line.trim_end_matches('"')).to_owned()
    });
    plain.filter(|line| line.starts_with("downriver ")).collect()
}

#[test]
fn every_recipe_does_what_it_says() {
    let fake = Fake::start(world());
    for (page, least) in PAGES {
        let lines = lines(page);
        let run: Vec<&String> =
            lines.iter().filter(|line| !NOT_RUN.iter().any(|part| line.contains(part))).collect();
        assert!(run.len() >= least, "{page}: {run:?}");
        for line in run {
            let args = line.strip_prefix("downriver ").unwrap();
            let run = Run::new(&fake)
                .args(args)
                .vars([("CI_UPSTREAM_PROJECT_ID", "70"), ("CI_UPSTREAM_PIPELINE_ID", "9001")]);
            run.succeeds();
        }
    }
}
