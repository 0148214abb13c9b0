//! The command lines of README and book, each run as it is printed, in a world that has what they
//! name.

use serde_json::json;

use crate::book;
use crate::fake::{Fake, World};
use crate::harness::Run;

/// Parts of lines that are not run: they name another server or a ref of another project, change
/// the world, or need a variable of a shell.
const NOT_RUN: [&str; 5] =
    ["https://", "--ref v1.2", "downriver trigger ", "downriver delete ", "$"];

/// Beginnings of what only a shell understands; the line is run up to there.
const SHELL: [&str; 3] = [" > ", " | ", "; "];

/// The number of lines that are run, at least.
const LEAST: usize = 50;

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

/// Returns the lines that begin with `downriver` in blocks of YAML and of a shell, with their pages.
fn lines() -> Vec<(String, String)> {
    let blocks = ["yaml", "sh"].into_iter().flat_map(book::blocks);
    let lines = blocks.flat_map(|(page, block)| {
        let lines = block.lines().map(|line| {
            let line = line.trim().trim_start_matches("- ");
            line.strip_prefix('"').map_or(line, |line| line.trim_end_matches('"')).to_owned()
        });
        lines.map(|line| (page.clone(), line)).collect::<Vec<_>>()
    });
    let lines = lines.filter(|(_, line)| line.starts_with("downriver "));
    let cut = |line: &str| {
        SHELL.iter().fold(line.to_owned(), |line, mark| {
            line.split(mark).next().unwrap_or_default().to_owned()
        })
    };
    lines.map(|(page, line)| (page, cut(&line))).collect()
}

#[test]
fn every_command_line_does_what_it_says() {
    let fake = Fake::start(world());
    let mut lines = lines();
    lines.retain(|(_, line)| !NOT_RUN.iter().any(|part| line.contains(part)));
    assert!(lines.len() >= LEAST, "{lines:?}");
    for (page, line) in lines {
        println!("{page}: {line}");
        let args = line.strip_prefix("downriver ").unwrap();
        let run = Run::new(&fake)
            .args(args)
            .vars([("CI_UPSTREAM_PROJECT_ID", "70"), ("CI_UPSTREAM_PIPELINE_ID", "9001")]);
        run.succeeds();
    }
}
