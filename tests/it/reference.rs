//! The help, and `docs/reference.md`, which is made of it.

use clap::{CommandFactory, Parser};
use downriver::commands::Cli;
use downriver::commands::help::{FILES, VARIABLES, examples};
use downriver::exit::Exit;

use crate::fake::World;
use crate::harness::{Run, words};
use crate::tidy::root;

/// The heading of the part of a page that is the same for all commands.
const COMMON: &str = "\nExit codes:\n";

/// Returns the names of the commands, and first the empty one of the program itself.
fn commands() -> Vec<String> {
    let cli = Cli::command();
    let names = cli.get_subcommands().map(|command| command.get_name().to_owned());
    [String::new()].into_iter().chain(names).collect()
}

/// Returns the help of a command without blanks at the ends of lines.
fn help(command: &str, flag: &str) -> String {
    let world = World::from_json(serde_json::json!({"projects": [{"id": 1}]}));
    let ran = Run::new(world).bare().args(command).arg(flag).succeeds();
    ran.stdout.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn table(head: [&str; 2], rows: impl Iterator<Item = (String, String)>) -> String {
    let rows = rows.map(|(name, about)| format!("| {name} | {} |\n", about.replace('|', "\\|")));
    format!("| {} | {} |\n| --- | --- |\n{}", head[0], head[1], rows.collect::<String>())
}

/// Splits a help page into its parts, which begin with a title such as `Network:`.
fn parts(page: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let titles = page.match_indices("\n\n").filter(|(at, _)| {
        let line = page[at + 2..].lines().next().unwrap_or_default();
        line.ends_with(':') && line.starts_with(char::is_uppercase)
    });
    cuts.extend(titles.map(|(at, _)| at));
    let ends = cuts.iter().skip(1).copied().chain([page.len()]);
    cuts.iter().zip(ends).map(|(&from, to)| page[from..to].trim()).collect()
}

/// Returns the page of a command, where the parts that `fetch` has as well are only named.
fn own_page(command: &str, fetch: &str) -> String {
    let page = help(command, "--help");
    let page = page.split(COMMON).next().unwrap().trim_end();
    let shared: Vec<&str> = match command {
        "" | "fetch" => Vec::new(),
        _ => parts(fetch).into_iter().filter(|part| !part.starts_with("Examples:")).collect(),
    };
    let (same, own): (Vec<&str>, Vec<&str>) =
        parts(page).into_iter().partition(|part| shared.contains(part));
    let mut text = format!("```text\n{}\n```\n", own.join("\n\n"));
    let titles: Vec<&str> =
        same.iter().filter_map(|part| part.split_once(':')).map(|(t, _)| t).collect();
    if !titles.is_empty() {
        text += &format!("\nAs in [`fetch`](#downriver-fetch): {}.\n", titles.join(", "));
    }
    text
}

fn reference() -> String {
    let mut text = "# Reference\n\nThis page is what `--help` prints. Flags that a command shares \
                    with `fetch` are shown there, and the exit codes, variables and files of all \
                    commands at the end.\n"
        .to_owned();
    let fetch = help("fetch", "--help");
    for command in commands() {
        let title = format!("downriver {command}");
        text += &format!("\n## {}\n\n{}", title.trim_end(), own_page(&command, &fetch));
    }
    let codes = Exit::ALL.iter().map(|exit| (exit.code().to_string(), exit.about().to_owned()));
    let owned = |(name, about): &(&str, &str)| ((*name).to_owned(), (*about).to_owned());
    for (title, head, rows) in [
        ("Exit codes", ["code", "when"], codes.collect::<Vec<_>>()),
        ("Variables", ["variable", "meaning"], VARIABLES.iter().map(owned).collect()),
        ("Files", ["file", "meaning"], FILES.iter().map(owned).collect()),
    ] {
        text += &format!("\n## {title}\n\n{}", table(head, rows.into_iter()));
    }
    text
}

#[test]
fn the_reference_is_what_the_program_prints() {
    let path = root().join("docs/reference.md");
    let printed = reference();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, printed).unwrap();
        return;
    }
    let shown = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let stale = shown != printed;
    let advice = "UPDATE_EXPECT=1 cargo test --test it reference:: writes it anew";
    assert!(!stale, "docs/reference.md shows other texts than the program; {advice}");
}

#[test]
fn the_short_page_fits_on_a_screen_and_leads_to_the_long_one() {
    for command in commands() {
        let (short, long) = (help(&command, "-h"), help(&command, "--help"));
        assert!(short.lines().count() < 50, "{short}");
        assert!(short.lines().all(|line| line.len() <= 100), "{short}");
        let path = format!("downriver {command}");
        let more =
            format!("\nAll flags, exit codes, variables and files: {} --help\n", path.trim_end());
        assert!(short.ends_with(&more), "{short}");
        for heading in ["\nExamples:\n", COMMON, "\nVariables:\n", "\nFiles:\n"] {
            assert!(long.contains(heading), "{command}: {heading}");
        }
        let flags = |page: &str| page.split("\nExamples").next().unwrap().matches("  --").count();
        assert!(flags(&short) <= 12, "{short}");
    }
    let fetch = help("fetch", "-h");
    assert!(fetch.contains("--dir") && !fetch.contains("--connect-timeout"), "{fetch}");
    let world = World::from_json(serde_json::json!({"projects": [{"id": 1}]}));
    let asked = Run::new(world).bare().args("help fetch").succeeds().stdout;
    assert!(asked.contains("--connect-timeout") && asked.contains(COMMON), "{asked}");
}

#[test]
fn every_command_has_three_examples_that_the_program_takes() {
    for command in commands() {
        assert_eq!(examples(&command).len(), 3, "{command:?}");
        for (line, _) in examples(&command) {
            let own = line.split([' ']).nth(1) == Some(&command) || command.is_empty();
            assert!(own, "{line}");
            let line = line.split(" | ").next().unwrap().split(" > ").next().unwrap();
            if let Err(error) = Cli::try_parse_from(words(line)) {
                panic!("{line}\n{error}");
            }
        }
    }
}

#[test]
fn man_pages_have_the_sections_of_the_help() {
    for command in commands() {
        let world = World::from_json(serde_json::json!({"projects": [{"id": 1}]}));
        let page = Run::new(world).bare().args("man").args(&command).succeeds().stdout;
        for section in ["EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES"] {
            assert!(page.contains(&format!("\n.SH \"{section}\"\n.TP\n")), "{command}: {section}");
        }
        for (line, _) in examples(&command) {
            let line = line.replace('-', "\\-").replace('\'', "\\(aq");
            assert!(page.contains(&line), "{command}: {line}");
        }
    }
}

/// Every code is documented in its source by the words that the help has.
#[test]
fn exit_codes_are_described_alike_in_source_and_help() {
    let source = std::fs::read_to_string(root().join("src/exit.rs")).unwrap();
    for exit in Exit::ALL {
        let line = format!("    /// {}\n    {exit:?} = {},", exit.about(), exit.code());
        assert!(source.replace("\r\n", "\n").contains(&line), "{line}");
    }
}

/// Returns the names of variables that the code reads: quoted words in capitals with a prefix of
/// GitLab's or of this program.
fn read_variables() -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["src/settings", "src/commands", "src/gitlab", "src"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            // This file holds names of variables that are written.
            if !path.is_file() || path.ends_with("dotenv.rs") {
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let quoted = text.split('"').skip(1).step_by(2);
            let is_variable = |word: &&str| {
                let prefixes = [
                    "CI_",
                    "CURL_",
                    "GITLAB_",
                    "GL_",
                    "DOWNRIVER_",
                    "OAUTH_",
                    "PARENT_",
                    "PRIVATE_",
                ];
                prefixes.iter().any(|prefix| word.starts_with(prefix))
                    && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
                    && !word.ends_with('_')
            };
            names.extend(quoted.filter(is_variable).map(str::to_owned));
        }
    }
    assert!(names.len() > 10, "{names:?}");
    names
}

#[test]
fn every_variable_that_is_read_is_described() {
    let told: String = VARIABLES.iter().flat_map(|(names, about)| [*names, *about]).collect();
    let missing: Vec<String> =
        read_variables().into_iter().filter(|name| !told.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
