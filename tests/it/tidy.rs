//! Rules of the source tree: the arrows between rooms, circles, and the look of files and text.

mod circles;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Rooms of plain types that every room may use.
const GROUND: &str =
    "model plan token usage exit sanitize shell clock interrupt descriptors temp_name";

/// The rooms that a room may use besides the ground; `*` means all of them.
const ARROWS: [(&str, &str); 31] = [
    ("model", ""),
    ("plan", ""),
    ("token", ""),
    ("exit", ""),
    ("usage", ""),
    ("sanitize", ""),
    ("shell", ""),
    ("clock", ""),
    ("interrupt", ""),
    ("descriptors", ""),
    ("temp_name", ""),
    ("refusal", "shell"),
    ("step", "refusal"),
    ("select", "refusal"),
    ("ranged", ""),
    ("gitlab", "step parallel"),
    ("archive", ""),
    ("disk", "parallel"),
    ("error", "refusal select gitlab archive disk"),
    ("extract", "archive disk error"),
    ("parallel", ""),
    ("lookup", "refusal step select gitlab parallel error"),
    ("transfer", "refusal step select ranged gitlab archive disk extract lookup parallel error"),
    ("trigger", "refusal step select gitlab lookup error"),
    ("env", ""),
    ("args", ""),
    ("settings", "args env lookup gitlab error"),
    ("report", "refusal archive disk error"),
    ("ui", "refusal step args env report"),
    (
        "commands",
        "refusal step select gitlab disk lookup transfer trigger env args settings report ui error",
    ),
    ("lib", "*"),
];

const CATCH_ALLS: [&str; 6] = ["util", "utils", "common", "helpers", "misc", "prelude"];

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns every `*.rs` below these folders: its path from the root, with `/`, and its text.
pub fn sources(folders: &[&str]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut left: Vec<PathBuf> =
        folders.iter().map(|f| root().join(f)).filter(|f| f.is_dir()).collect();
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                all.insert(name.replace('\\', "/"), std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(!all.is_empty());
    all
}

/// Returns the room that a file of `src/` belongs to.
fn room(path: &str) -> &str {
    let inside = path.trim_start_matches("src/");
    let room = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    if room == "main" { "lib" } else { room }
}

/// Returns a text without its comments and without its tests, which may use any room.
fn code(text: &str) -> String {
    let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = product.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the rooms that code names: by `crate::room`, in groups too, and in the first file of a
/// room by `super::room`; in the other files `super::` names a file of the same room.
fn uses(path: &str, code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let known = |name: &str| ARROWS.iter().any(|(room, _)| *room == name);
    let depth = path.trim_end_matches("/mod.rs").matches('/').count();
    let prefixes = [("crate::", false), ("super::", true)];
    for (from, group_only) in
        prefixes.into_iter().filter(|(_, from_super)| !from_super || depth < 2)
    {
        for (at, _) in code.match_indices(from) {
            let heads = heads(&code[at + from.len()..]);
            found.extend(heads.into_iter().filter(|head| !group_only || known(head)));
        }
    }
    found
}

/// Returns the first names after a `::`: one, or those of a group at its outermost level.
fn heads(rest: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = rest.trim_start().strip_prefix('{') else { return vec![name(rest)] };
    let mut heads = vec![name(group)];
    let mut depth = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(name(&group[at + 1..])),
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

/// Returns the uses of a file that the table does not allow.
fn breaches(path: &str, text: &str) -> Vec<String> {
    let room = room(path);
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("{path}: the table does not know the room `{room}`")];
    };
    let mut may: BTreeSet<&str> = GROUND.split(' ').chain(allowed.split(' ')).collect();
    may.insert(room);
    uses(path, &code(text))
        .iter()
        .filter(|used| *allowed != "*" && !may.contains(used.as_str()))
        .map(|used| format!("{path}: `{room}` must not use `{used}`"))
        .collect()
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    let sources = sources(&["src"]);
    let product = sources.iter().filter(|(path, _)| !path.ends_with("tests.rs"));
    let found: Vec<String> = product.flat_map(|(path, text)| breaches(path, text)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_planted_breach_is_found() {
    for (path, text, expect) in [
        ("src/select/job.rs", "use crate::gitlab::Client;", "`select` must not use `gitlab`"),
        ("src/select/job.rs", "use crate::{model::{self, Job},\n    ui::Ui};", "must not use `ui`"),
        ("src/ranged.rs", "fn a() { crate::archive::open() }", "must not use `archive`"),
        ("src/disk.rs", "use super::archive::Archive;", "must not use `archive`"),
        ("src/cupboard.rs", "", "does not know the room"),
    ] {
        let found = breaches(path, text);
        assert!(found.len() == 1 && found[0].contains(expect), "{text}: {found:?}");
    }
    for (path, text) in [
        ("src/select/job.rs", "use crate::{model::{self, Job}, refusal::Refusal, select::Wanted};"),
        (
            "src/ranged.rs",
            "// not crate::archive\n#[cfg(test)]\nmod tests { use crate::archive::A; }",
        ),
        ("src/lib.rs", "use crate::transfer::extract;"),
    ] {
        assert_eq!(breaches(path, text), [] as [&str; 0], "{text}");
    }
}

#[test]
fn every_file_says_what_it_is_for_and_is_short_enough() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&["src", "tests", "examples", "benches", "fuzz"]) {
        let lines = text.lines().count();
        if !text.starts_with("//! ") {
            wrong.push(format!("{path} does not open with `//!`"));
        }
        if lines > 400 {
            wrong.push(format!("{path} has {lines} lines, more than 400"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn globs_of_super_are_for_tests_and_catch_all_modules_for_nobody() {
    let mut wrong = Vec::new();
    for (path, text) in sources(&["src"]) {
        if !path.ends_with("tests.rs") && code(&text).contains("use super::*") {
            wrong.push(format!("{path} has `use super::*` outside tests"));
        }
        let parts = path.trim_end_matches(".rs").split('/');
        wrong.extend(
            parts.filter(|part| CATCH_ALLS.contains(part)).map(|part| format!("{path}: {part}")),
        );
        let modules = code(&text);
        let named = CATCH_ALLS.iter().filter(|name| modules.contains(&format!("mod {name}")));
        wrong.extend(named.map(|name| format!("{path} has a module {name}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `src/select/job.rs` is named by any of `job.rs`, `select/job.rs`, `src/select/job.rs`.
#[test]
fn documents_name_no_file_that_does_not_exist() {
    let all: Vec<String> =
        sources(&["src", "tests", "examples", "benches", "fuzz"]).into_keys().collect();
    let ends = |path: &str, word: &str| {
        path == word || path.strip_suffix(word).is_some_and(|before| before.ends_with('/'))
    };
    let mut wrong = Vec::new();
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "THREATS.md", "docs/design.md"] {
        let text = std::fs::read_to_string(root().join(document)).expect(document);
        let part = |c: char| c.is_alphanumeric() || "_-./".contains(c);
        let words = text.split(|c| !part(c)).map(|word| word.trim_end_matches('.'));
        for word in words.filter(|word| word.ends_with(".rs") && word.len() > 3) {
            if !all.iter().any(|path| ends(path, word)) {
                wrong.push(format!("{word} in {document} does not exist"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
