//! Circles of files: within a room of `src`, the files that a file imports lead nowhere back to it.
//!
//! An edge is any path in the code that leads to another file of the room: in a `use`, with
//! groups, or inside a function. A child that imports through its parent's re-export therefore has
//! an edge to the parent; `mod child;` alone is not an edge.

use std::collections::{BTreeMap, BTreeSet};

use super::{code, room, sources};

/// A path in the code or the path of a module, by its segments.
type Segments = Vec<String>;

/// Each module of `src` by its segments, with the paths that its code names.
type Modules = BTreeMap<Segments, Vec<Segments>>;

/// Returns the module that a file is: `src/select/job/mod.rs` is `select`, `job`.
fn module(path: &str) -> Segments {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    inside.split('/').map(str::to_owned).collect()
}

/// Returns every path in a text, those of groups written out.
fn paths(code: &str) -> Vec<Segments> {
    let mut all = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            rest = rest.trim_start_matches(is_name);
        } else if is_name(first) {
            rest = path(rest, &[], &mut all);
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    all
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Adds the path at the start of `code` to `all`, below `above`; returns the text behind it.
fn path<'a>(code: &'a str, above: &[String], all: &mut Vec<Segments>) -> &'a str {
    let length = code.find(|c| !is_name(c)).unwrap_or(code.len());
    let here = [above, &[code[..length].to_owned()]].concat();
    let rest = &code[length..];
    let Some(below) = rest.strip_prefix("::").map(str::trim_start) else {
        all.push(here);
        return rest;
    };
    let Some(mut group) = below.strip_prefix('{') else {
        if below.starts_with(is_name) {
            return path(below, &here, all);
        }
        all.push(here);
        return below;
    };
    loop {
        group = group.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        if let Some(renamed) = group.strip_prefix("as ") {
            group = renamed.trim_start_matches(is_name);
        } else if group.starts_with(is_name) {
            group = path(group, &here, all);
        } else {
            return group.strip_prefix('}').unwrap_or(group);
        }
    }
}

/// Returns the modules of the same room that this one names.
fn edges(from: &[String], paths: &[Segments], all: &Modules) -> BTreeSet<Segments> {
    let mut edges = BTreeSet::new();
    for path in paths {
        let ups = path.iter().take_while(|part| *part == "super").count();
        let child = |name: &String| all.contains_key(&[from, std::slice::from_ref(name)].concat());
        let mut target = match path.first().map(String::as_str) {
            Some("crate") => path[1..].to_vec(),
            Some("self") => [from, &path[1..]].concat(),
            // `pub(super)` names no module.
            Some("super") if ups < path.len() && ups <= from.len() => {
                [&from[..from.len() - ups], &path[ups..]].concat()
            }
            Some(_) if path.len() > 1 && child(&path[0]) => [from, path].concat(),
            _ => continue,
        };
        while !target.is_empty() && !all.contains_key(&target) {
            target.pop();
        }
        if target.first() == from.first() && target != from {
            edges.insert(target);
        }
    }
    edges
}

/// Returns the files that can be reached from themselves, each with its edges.
fn circles(files: &[(&str, &str)]) -> Vec<String> {
    let product = files.iter().filter(|(path, _)| {
        room(path) != "lib" && !path.ends_with("tests.rs") && !path.contains("/tests/")
    });
    let all: Modules = product.map(|(path, text)| (module(path), paths(&code(text)))).collect();
    let edges: BTreeMap<&Segments, BTreeSet<Segments>> =
        all.iter().map(|(from, paths)| (from, edges(from, paths, &all))).collect();
    let mut found = Vec::new();
    for (from, next) in &edges {
        let mut reached = BTreeSet::new();
        let mut left: Vec<&Segments> = next.iter().collect();
        while let Some(module) = left.pop() {
            if reached.insert(module) {
                left.extend(&edges[module]);
            }
        }
        if reached.contains(from) {
            let next: Vec<String> = next.iter().map(|module| module.join("::")).collect();
            found.push(format!("{} -> {}", from.join("::"), next.join(", ")));
        }
    }
    found
}

#[test]
fn no_circle_of_files_is_inside_a_room() {
    let sources = sources(&["src"]);
    let files: Vec<_> = sources.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = circles(&files);
    assert!(found.is_empty(), "these files import each other in a circle: {found:#?}");
}

#[test]
fn a_planted_circle_is_found() {
    let parent = ("src/room/mod.rs", "mod a;\nmod b;\npub use a::A;");
    for (a, b, expect) in [
        ("use super::b::B;", "use super::a::A;", &["room::a -> room::b", "room::b -> room::a"][..]),
        ("use super::b::{self, B};", "fn f() { crate::room::a::g() }", &["room::a", "room::b"]),
        (
            "use crate::{env::Env, room::{b::B as C, b}};",
            "use super::{a::A};",
            &["room::a", "room::b"],
        ),
        // The child imports a name that the parent re-exports.
        ("", "use super::A;", &[]),
        ("use super::b::B;", "use super::A;", &["room -> room::a", "room::a", "room::b -> room"]),
        ("use super::A;", "", &["room -> room::a", "room::a -> room"]),
        ("use super::b::B;\npub(super) fn f() {}", "// super::a::A", &[]),
        ("use crate::other::b;", "#[cfg(test)]\nmod tests { use super::super::a::A; }", &[]),
    ] {
        let found = circles(&[parent, ("src/room/a.rs", a), ("src/room/b.rs", b)]);
        assert_eq!(found.len(), expect.len(), "{a} {b}: {found:?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(found.starts_with(expect), "{a} {b}: {found}");
        }
    }
}
