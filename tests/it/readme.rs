//! The README and the changelog, compared with the program. `reference` writes `docs/reference.md`.

#[cfg(not(windows))]
use std::ops::Range;

use clap::Parser;

use crate::harness::words;
use crate::tidy::root;

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
#[cfg(not(windows))]
fn the_table_of_measurements_is_that_of_the_runs() {
    let mut readme = text("README.md");
    let range = speed_table(&readme);
    let measured = crate::album::table();
    if readme[range.clone()] == measured {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_EXPECT").is_some(),
        "README.md shows other numbers than benches/runs; UPDATE_EXPECT=1 writes them anew"
    );
    readme.replace_range(range, &measured);
    std::fs::write(root().join("README.md"), readme).unwrap();
}

/// Returns the position of the table of measurements.
#[cfg(not(windows))]
fn speed_table(readme: &str) -> Range<usize> {
    let [begin, end] = ["<!-- speed -->\n", "<!-- /speed -->"]
        .map(|mark| readme.find(mark).unwrap_or_else(|| panic!("README.md has no {mark}")));
    begin + "<!-- speed -->\n".len()..end
}

/// Returns every line of the README that begins with `downriver`, also inside YAML.
fn recipes(readme: &str) -> Vec<String> {
    let lines = readme.lines().map(|line| line.trim().trim_start_matches("- "));
    let unquoted = lines.map(|line| match line.strip_prefix('"') {
        Some(line) => line.trim_end_matches('"').to_owned(),
        // A colon and a space would make a mapping of it.
        None => line.replace(": ", " <a colon that YAML would take for its own> "),
    });
    unquoted.filter(|line| line.starts_with("downriver ")).collect()
}

#[test]
fn every_recipe_is_a_command_line_that_the_program_takes() {
    let recipes = recipes(&text("README.md"));
    assert!(recipes.len() > 10, "{recipes:?}");
    for recipe in recipes {
        let line = recipe.split(" | ").next().unwrap_or_default();
        let line = line.split(" > ").next().unwrap_or_default();
        let line = line.split("; ").next().unwrap_or_default();
        let parsed = downriver::commands::Cli::try_parse_from(words(line));
        assert!(!line.contains("<a colon"), "the line must be quoted in YAML: {recipe}");
        if let Err(error) = parsed {
            panic!("{recipe}\n{error}");
        }
    }
}

/// Returns the code blocks in a language.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let mark = format!("```{language}\n");
    let blocks = readme.split(&mark).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(str::to_owned).collect()
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
    let blocks = blocks(&text("README.md"), "yaml");
    assert!(blocks.len() > 10);
    for block in blocks {
        for document in crate::yaml::documents(&block) {
            check(&document, document.is_array());
        }
    }
}

#[test]
#[cfg(unix)]
fn a_shell_can_read_what_is_to_be_typed() {
    let blocks = blocks(&text("README.md"), "sh");
    assert!(blocks.len() > 5);
    for block in blocks {
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
