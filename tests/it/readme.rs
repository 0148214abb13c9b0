//! Do the documents for users say what the program does?

use crate::fake::World;
use crate::harness::Run;
use crate::tidy::root;

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The codes of `exit.rs`, each with its doc line.
fn exit_codes() -> Vec<(String, String)> {
    let source = text("src/exit.rs");
    let mut about = String::new();
    let mut codes = Vec::new();
    for line in source.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("/// ") {
            about = doc.to_owned();
        } else if let Some((_, number)) = line.trim_end_matches(',').split_once(" = ")
            && number.parse::<u8>().is_ok()
        {
            codes.push((number.to_owned(), std::mem::take(&mut about)));
        }
    }
    assert!(codes.len() > 10, "{codes:?}");
    codes
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_source() {
    let readme = text("README.md");
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| ")).collect();
    let expect = exit_codes().into_iter().map(|(number, about)| format!("| {number} | {about} |"));
    let missing: Vec<String> = expect.filter(|row| !rows.contains(&row.as_str())).collect();
    assert!(missing.is_empty(), "not in README.md: {missing:#?}");
}

/// The help blocks: a line `<!-- help: downriver fetch -->`, then a fenced block of text.
fn help_blocks(readme: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    for (at, _) in readme.match_indices("<!-- help: downriver") {
        let (command, rest) = readme[at..].split_once(" -->").unwrap();
        let command = command.trim_start_matches("<!-- help: downriver").trim();
        let rest = rest.trim_start().strip_prefix("```text\n");
        let block = rest.and_then(|rest| rest.split_once("```")).map(|(block, _)| block);
        let block =
            block.unwrap_or_else(|| panic!("no block of text follows the mark of {command:?}"));
        blocks.push((command.to_owned(), block.to_owned()));
    }
    blocks
}

#[test]
fn help_blocks_are_what_the_program_prints() {
    let readme = text("README.md");
    let blocks = help_blocks(&readme);
    assert!(!blocks.is_empty(), "README.md has no `<!-- help: downriver … -->`");
    for (command, block) in blocks {
        let world = World::from_json(serde_json::json!({"projects": [{"id": 1}]}));
        let ran = Run::new(world).bare().args(&command).arg("--help").succeeds();
        let printed: Vec<&str> = ran.stdout.lines().map(str::trim_end).collect();
        let shown: Vec<&str> = block.lines().map(str::trim_end).collect();
        assert_eq!(printed, shown, "README.md shows another help of `downriver {command}`");
    }
}

#[test]
fn the_changelog_has_this_version() {
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    let changelog = text("CHANGELOG.md");
    assert!(changelog.lines().any(|line| line.starts_with(&heading)), "no heading {heading:?}");
}
