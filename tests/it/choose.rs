//! The list of jobs that `fetch`, `ls`, `cat` and `explain` offer where no job is named.

use console::Key;
use serde_json::{Value, json};

use crate::fake::World;
use crate::harness::Run;
use crate::scenes::{job, job_with};

const ENTER: [Key; 1] = [Key::Enter];

/// Returns pipeline 10 of project 1 with the jobs `own` (11) and `bare` (12, without an archive),
/// whose bridge triggered pipeline 20 of project 2 with these jobs.
fn world(jobs: &[Value]) -> World {
    World::from_json(json!({
        "server": {"archives": "direct"},
        "projects": [
            {"id": 1, "path": "shop/up", "pipelines": [
                {"id": 10, "jobs": [job(11, "own"), {"id": 12, "name": "bare"}],
                 "bridges": [{"id": 90, "name": "down", "downstream": 20}]},
            ]},
            {"id": 2, "path": "shop/down", "job_token_allowlist": [1], "pipelines": [
                {"id": 20, "jobs": jobs},
            ]},
        ],
    }))
}

fn jobs() -> [Value; 3] {
    [job(21, "build"), job(22, "docs"), job_with(23, "late", json!({"status": "failed"}))]
}

fn keys(text: &str) -> Vec<Key> {
    text.chars().map(Key::Char).collect()
}

#[test]
fn enter_takes_the_line_under_the_cursor_or_what_is_marked() {
    for (typed, expect) in [
        (vec![], "21"),
        (vec![Key::ArrowDown], "22"),
        (keys("own"), "11"),
        (keys("late"), "23"),
        (vec![Key::Char(' '), Key::End, Key::Char(' ')], "11 21"),
    ] {
        let typed: Vec<Key> = typed.into_iter().chain(ENTER).collect();
        let ran = Run::new(world(&jobs())).args("fetch --separate").keys(typed).succeeds();
        let mut from: Vec<String> = ran.files().iter().map(|path| ran.read(path)).collect();
        from.sort();
        assert_eq!(from.join(" "), expect);
    }
}

/// The list itself costs the requests of a lookup, and the choice none.
#[test]
fn what_was_chosen_is_not_looked_up_again() {
    let ran = Run::new(world(&jobs())).args("fetch").keys(ENTER).succeeds();
    ran.asks(&[
        "GET projects/1/pipelines/10/bridges?per_page=100&page=1",
        "GET projects/2/pipelines/20/jobs?per_page=100&page=1",
        "GET projects/1/pipelines/10",
        "GET projects/1/pipelines/10/jobs?per_page=100&page=1",
        "GET projects/2/jobs/21/artifacts",
    ]);
    ran.says("build").says("shop/down").says("4 of 4").never_says("bare");
}

#[test]
fn flags_narrow_the_list() {
    for (line, expect) in [
        ("fetch --from pipeline", "11"),
        ("fetch --bridge down", "21"),
        ("fetch --from downstream --downstream shop/down", "21"),
    ] {
        let ran = Run::new(world(&jobs())).args(line).keys(ENTER).succeeds();
        assert_eq!(ran.read("from"), expect, "{line}");
    }
    let ran = Run::new(world(&[])).args("ls --from downstream").keys(ENTER).fails(2);
    ran.says("no job is named, and none has an archive");
}

#[test]
fn the_other_commands_offer_one_job() {
    Run::new(world(&jobs())).args("ls").keys(ENTER).succeeds().prints("0644 2 from\n");
    let ran = Run::new(world(&jobs())).args("cat from").keys([Key::ArrowDown, Key::Enter]);
    ran.succeeds().prints("22");
    let ran = Run::new(world(&jobs())).args("explain").keys(ENTER).succeeds();
    assert!(ran.stdout.contains("  job build (21), pipeline 20"), "{}", ran.stdout);
    // One file holds one archive, so space belongs to the filter.
    let typed = [Key::Char(' '), Key::Enter];
    Run::new(world(&jobs())).args("fetch -o a.zip").keys(typed).fails(130);
}

#[test]
fn escape_and_ctrl_c_end_with_130_and_leave_nothing() {
    for key in [Key::Escape, Key::CtrlC] {
        let ran = Run::new(world(&jobs())).args("fetch -D new").keys([Key::Char(' '), key]);
        ran.fails(130).says("no job was chosen; nothing was written");
    }
}

#[test]
fn without_a_terminal_the_names_are_listed() {
    let hint = "name one or more of `build`, `docs`, `late`, `own`; '*' takes every job";
    for line in ["fetch", "ls", "cat from", "explain"] {
        let ran = Run::new(world(&jobs())).args(line).fails(2);
        ran.says("error: no job is named\n").says(hint);
    }
    Run::new(world(&jobs())).args("fetch").terminal().fails(2).says(hint);
    for (line, vars) in [
        ("fetch --no-input", [("A", "b")]),
        ("fetch --json", [("A", "b")]),
        ("fetch -q", [("A", "b")]),
        ("fetch", [("CI", "true")]),
        ("fetch", [("DOWNRIVER_NO_INPUT", "1")]),
        ("fetch", [("TERM", "dumb")]),
    ] {
        Run::new(world(&jobs())).args(line).vars(vars).keys(ENTER).fails(2).says(hint);
    }
}

/// The names are a courtesy: a lookup that fails changes neither the message nor the exit code.
#[test]
fn a_lookup_that_fails_leaves_the_usage_error() {
    let vars = [("CI_PIPELINE_ID", "404")];
    let ran = Run::new(world(&jobs())).args("fetch").vars(vars).fails(2);
    ran.says("error: no job is named\n").says("hint: name one or more; '*' takes");
    Run::new(world(&jobs())).args("fetch").vars(vars).keys(ENTER).fails(3);
}

#[test]
fn hostile_names_are_escaped() {
    let name = "a\u{1b}[2J\u{202e}\nsection_start:1:x\r";
    let ran = Run::new(world(&[job(21, name)])).args("fetch").keys([Key::Escape]).fails(130);
    ran.says("> [ ] a\\u{1b}[2J\\u{202e}\\u{a}section…");
    assert!(!String::from_utf8_lossy(&ran.raw_stderr).contains("\x1b[2J"));
}
