//! Patterns of files, jobs and bridges: characters, alternatives, and every form of a folder.

use serde_json::json;

use crate::fake::World;
use crate::harness::Run;
use crate::scenes::downstream;

fn world() -> World {
    let files = json!({
        "über.txt": "a", "u\u{308}bel.txt": "b", "uber.txt": "c",
        "build/lib/x": "x", "build/lib/deep/y": "y", "build-docs/z": "z",
        "app": "app", "app.map": "map", "[x]/in": "in", "README.md": "readme",
    });
    downstream(&[
        json!({"id": 201, "name": "build", "archive": {"files": files}}),
        json!({"id": 202, "name": "prüfen", "archive": {"files": {"p": "p"}}}),
    ])
}

#[test]
fn characters_count_and_folders_mean_their_content_in_every_form() {
    for (line, expect) in [
        ("--path '?ber.txt'", "uber.txt über.txt"),
        ("--path '?bel.txt'", "u\u{308}bel.txt"),
        ("--path 'u\u{308}ber.txt'", "über.txt"),
        ("--path '[ü]be[rl].txt'", "u\u{308}bel.txt über.txt"),
        ("--path '*.txt' --exclude '?ber.txt' --exclude 'übel*'", ""),
        ("--path 'build{,-docs}'", "build-docs/z build/lib/deep/y build/lib/x"),
        ("--path 'app{,.map}'", "app app.map"),
        ("--path '{build,README.md}'", "README.md build/lib/deep/y build/lib/x"),
        ("--path '\\[x\\]'", "[x]/in"),
        ("--path build//lib", "build/lib/deep/y build/lib/x"),
        ("--path build/./lib/", "build/lib/deep/y build/lib/x"),
        ("--path '{build/lib,app}'", "app build/lib/deep/y build/lib/x"),
        ("--exclude '{build{,-docs},\\[x\\]}' --exclude '*.*'", "app"),
    ] {
        let run = Run::new(world()).args("fetch build").args(line);
        if expect.is_empty() {
            run.fails(3);
        } else {
            assert_eq!(run.succeeds().files().join(" "), expect, "{line}");
        }
    }
}

#[test]
fn a_path_that_matches_nothing_is_told_and_ends_with_3_only_where_none_matches() {
    let run = |line: &str| Run::new(world()).args("fetch build").args(line);
    let ran = run("--path app --path '*.exe' --path lib/").succeeds();
    ran.says("--path `*.exe` matches nothing").says("--path `lib/` matches nothing");
    ran.never_says("--path `app`");
    run("--path '*.exe' --path lib/").fails(3).never_says("matches nothing\n");
    // It is enough that one of several archives has it.
    let ran = Run::new(world()).args("fetch build prüfen --path p --path app --path q").runs();
    ran.never_says("--path `p`").never_says("--path `app`");
    run("--path 'app['").fails(2).says("`app[` is not a valid pattern: its `[` is never closed");
}

#[test]
fn names_of_jobs_are_matched_by_characters() {
    for job in ["'pr?fen'", "'pru\u{308}fen'", "'pr[ü]fen'", "'{,prü}fen'"] {
        let ran = Run::new(world()).args(&format!("fetch {job}")).succeeds();
        assert_eq!(ran.files(), ["p"], "{job}");
    }
}

/// The table of `docs/patterns.md` about patterns that were copied from `.gitlab-ci.yml`.
#[test]
fn patterns_of_artifacts_paths_that_mean_something_else_do_what_the_page_says() {
    let page = include_str!("../../docs/patterns.md");
    let page = page.split("## Differences").nth(1).unwrap();
    let files = json!({"docs/a": "a", "docs/deep/b": "b", "docs/deep/er/c": "c", "x": "x"});
    let world = downstream(&[json!({"id": 201, "name": "build", "archive": {"files": files}})]);
    let fake = crate::fake::Fake::start(world);
    let all = "docs/a docs/deep/b docs/deep/er/c";
    for (row, line, expect) in [
        ("`paths: [docs/*]`", "--path 'docs/*'", "docs/a"),
        ("`--path docs`", "--path docs", all),
        ("`--path 'docs/*/'`", "--path 'docs/*/'", all),
        ("`exclude: [docs]`", "--exclude docs", "x"),
        ("`docs/**/*`", "--exclude 'docs/**/*'", "x"),
        ("paths with variables", "--path docs/a", "docs/a"),
    ] {
        assert!(page.contains(row), "{row} is not on the page");
        let ran = Run::new(&fake).args("fetch build").args(line).succeeds();
        assert_eq!(ran.files().join(" "), expect, "{line}");
    }
    let ran = Run::new(&fake).args("fetch build --path '$CI_PROJECT_DIR/docs'");
    ran.vars([("CI_PROJECT_DIR", "/builds/shop")]).fails(3).says("$CI_PROJECT_DIR/docs");
}
