//! README, book and changelog, compared with the program: command lines, measurements.
//! `reference` writes `docs/reference.md`.

use clap::Parser;

use crate::book;
use crate::harness::words;
use crate::tidy::root;

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
#[cfg(not(windows))]
fn the_tables_of_measurements_are_those_of_the_newest_run() {
    let page = crate::album::with_tables(&text("docs/speed.md"));
    expect_test::expect_file![root().join("docs/speed.md")].assert_eq(&page);
}

/// The most words of the README, and before its first command.
const MAX_WORDS: usize = 2000;
const MAX_WORDS_BEFORE_USAGE: usize = 150;

#[test]
fn the_readme_is_one_page_and_begins_with_a_command() {
    let readme = text("README.md");
    let page = readme.as_str();
    let headings = page.lines().filter(|line| line.starts_with("## "));
    let mut once = std::collections::BTreeSet::new();
    let twice: Vec<&str> = headings.filter(|heading| !once.insert(*heading)).collect();
    assert!(twice.is_empty(), "README.md has these twice: {twice:?}");
    let words = |text: &str| text.split_whitespace().count();
    assert!(words(page) <= MAX_WORDS, "README.md has {} words", words(page));
    let (before, _) = page.split_once("\ndownriver fetch ").unwrap();
    assert!(words(before) <= MAX_WORDS_BEFORE_USAGE, "usage comes after {} words", words(before));
}

/// Returns every line that begins with `downriver` in blocks of code and, as `` `downriver …` ``, in
/// tables.
fn recipes() -> Vec<(String, String)> {
    let mut recipes = Vec::new();
    for (page, block) in ["sh", "yaml"].into_iter().flat_map(book::blocks) {
        for line in block.lines().map(|line| line.trim().trim_start_matches("- ")) {
            let line = match line.strip_prefix('"') {
                Some(line) => line.trim_end_matches('"').to_owned(),
                // A colon and a space would make a mapping of it.
                None => line.replace(": ", " <a colon that YAML would take for its own> "),
            };
            recipes.push((page.clone(), line));
        }
    }
    for (page, text) in book::pages() {
        let rows = text.lines().filter(|line| line.starts_with("| "));
        let code = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
        recipes.extend(code.map(|code| (page.clone(), code.to_owned())));
    }
    // Help in a row of a table names a command alone, without its arguments.
    recipes.retain(|(_, line)| line.starts_with("downriver ") && line.split(' ').count() > 2);
    recipes
}

#[test]
fn every_recipe_is_a_command_line_that_the_program_takes() {
    let recipes = recipes();
    assert!(recipes.len() > 50, "{recipes:?}");
    for (page, recipe) in recipes {
        let line = recipe.split(" | ").next().unwrap_or_default();
        let line = line.split(" > ").next().unwrap_or_default();
        let line = line.split("; ").next().unwrap_or_default();
        // Tables write `ID` for any number.
        let line = line.replace("-id ID", "-id 1").replace("pipeline ID", "pipeline 1");
        let parsed = downriver::commands::Cli::try_parse_from(words(&line));
        assert!(!line.contains("<a colon"), "the line must be quoted in YAML: {recipe}");
        if let Err(error) = parsed {
            panic!("{page}: {recipe}\n{error}");
        }
    }
}

/// Checks that no line of a script becomes a mapping because of a colon, which GitLab refuses.
#[test]
fn every_script_of_a_job_is_a_list_of_lines() {
    fn check(value: &serde_json::Value, lines: bool) {
        match value {
            serde_json::Value::Array(list) if lines => {
                list.iter().for_each(|line| assert!(line.is_string(), "{line}"));
            }
            serde_json::Value::Object(table) => table.iter().for_each(|(key, value)| {
                check(value, ["script", "before_script"].contains(&key.as_str()));
            }),
            _ => {}
        }
    }
    let blocks = book::blocks("yaml");
    assert!(blocks.len() > 20);
    for (_, block) in blocks {
        for document in crate::yaml::documents(&block) {
            check(&document, document.is_array());
        }
    }
}

#[test]
#[cfg(unix)]
fn a_shell_can_read_what_is_to_be_typed() {
    let blocks = book::blocks("sh");
    assert!(blocks.len() > 15);
    for (_, block) in blocks {
        let read = std::process::Command::new("sh").args(["-nc", &block]).status().unwrap();
        assert!(read.success(), "{block}");
    }
}

#[test]
fn the_changelog_has_this_version() {
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    let changelog = text("CHANGELOG.md");
    assert!(changelog.lines().any(|line| line.starts_with(&heading)), "no heading {heading:?}");
}
