//! The book in `docs/`: its summary lists every chapter, and its links lead to pages of the book.
//! `pages` gives README and book to the other tests of documents.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::tidy::root;

fn docs() -> PathBuf {
    root().join("docs")
}

/// The chapters: every Markdown file below `docs/` but the summary, by its path from there.
fn chapters(folder: &Path) -> BTreeSet<String> {
    let mut chapters = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            chapters.extend(self::chapters(&path));
        } else if path.extension().is_some_and(|e| e == "md") && !path.ends_with("SUMMARY.md") {
            chapters.insert(name(&path));
        }
    }
    chapters
}

/// Returns README and every chapter: name and text.
pub fn pages() -> Vec<(String, String)> {
    let chapters = chapters(&docs()).into_iter().map(|chapter| format!("docs/{chapter}"));
    let names = std::iter::once("README.md".to_owned()).chain(chapters);
    names.map(|name| (name.clone(), std::fs::read_to_string(root().join(name)).unwrap())).collect()
}

/// Returns the blocks of code in a language: the page of each, and its text.
pub fn blocks(language: &str) -> Vec<(String, String)> {
    let mark = format!("```{language}\n");
    let mut blocks = Vec::new();
    for (page, text) in pages() {
        let texts = text.split(&mark).skip(1).filter_map(|rest| rest.split("```").next());
        blocks.extend(texts.map(|block| (page.clone(), block.to_owned())));
    }
    blocks
}

fn name(path: &Path) -> String {
    path.strip_prefix(docs()).unwrap().display().to_string().replace('\\', "/")
}

/// The targets of the links of a text, outside blocks of code.
fn links(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2).collect::<String>();
    let after = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    after.map(str::to_owned).collect()
}

/// The anchors of the headings, as mdBook and GitLab make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose = text.split("```").step_by(2).collect::<String>();
    let headings =
        prose.lines().filter_map(|line| Some(line.strip_prefix('#')?.trim_start_matches('#')));
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    headings
        .map(|h| h.trim().to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn the_summary_lists_every_chapter_once() {
    let summary = std::fs::read_to_string(docs().join("SUMMARY.md")).unwrap();
    let mut listed = links(&summary);
    listed.sort();
    assert_eq!(listed, chapters(&docs()).into_iter().collect::<Vec<_>>());
    let book = std::fs::read_to_string(root().join("book.toml")).unwrap();
    assert!(book.contains("\nsrc = \"docs\"\n"), "{book}");
}

/// The built book holds nothing that is outside of `docs/`, so a chapter links to no such file.
#[test]
fn every_link_leads_to_a_file_and_heading_and_no_chapter_links_out_of_the_book() {
    let mut dead = Vec::new();
    for (page, text) in pages() {
        let path = root().join(&page);
        let is_chapter = page.starts_with("docs/");
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let linked = std::fs::read_to_string(&target);
            let has = |linked: &String| anchor.is_empty() || anchors(linked).contains(anchor);
            let leaves = is_chapter && file.starts_with("..");
            if leaves || !target.exists() || linked.is_ok_and(|linked| !has(&linked)) {
                dead.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}
