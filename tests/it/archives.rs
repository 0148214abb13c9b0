//! Hostile and unusual archives: each is either extracted to exactly these files, or refused with
//! these words, both when it is downloaded first and when it is streamed.
//!
//! `archives_names`, `archives_links`, `archives_headers`, `archives_ends` and `archives_data`
//! hold the cases; this file builds and runs them.

use std::sync::OnceLock;

use serde_json::json;

use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::one_archive;
use crate::zip_builder::{ZipBuilder, ZipItem, file};
use crate::{archives_data, archives_ends, archives_headers, archives_links, archives_names};

type Change<T> = Box<dyn Fn(&mut T)>;

/// An archive, and the expected outcome.
pub struct Case {
    what: String,
    items: Vec<ZipItem>,
    whole: Option<Change<ZipBuilder>>,
    bytes: Option<Change<Vec<u8>>>,
    outcome: Outcome,
}

enum Outcome {
    /// Refused, with these words in the message.
    Refused(&'static str),
    /// `path` with its content, `path -> target`, or `folder/` where nothing is in it.
    Taken(Vec<(String, Vec<u8>)>),
    /// Extracted to nothing, without the valid file too.
    Empty,
}

/// Returns an archive of one valid file and these entries, expected to be extracted.
pub fn case(what: &str, items: &[ZipItem]) -> Case {
    let (items, outcome) = (items.to_vec(), Outcome::Taken(Vec::new()));
    Case { what: what.to_owned(), items, whole: None, bytes: None, outcome }
}

/// Returns bytes that are not an archive.
pub fn no_archive(what: &str, bytes: &[u8], says: &'static str) -> Case {
    let bytes = bytes.to_vec();
    case(what, &[]).bytes(move |all| *all = bytes.clone()).refused(says)
}

impl Case {
    /// Changes the end records, or adds bytes around the archive.
    pub fn whole(mut self, change: impl Fn(&mut ZipBuilder) + 'static) -> Case {
        self.whole = Some(Box::new(change));
        self
    }

    /// Changes the bytes of the archive.
    pub fn bytes(mut self, change: impl Fn(&mut Vec<u8>) + 'static) -> Case {
        self.bytes = Some(Box::new(change));
        self
    }

    pub fn refused(mut self, says: &'static str) -> Case {
        self.outcome = Outcome::Refused(says);
        self
    }

    /// Expects a refusal where `holds` is true, which mostly depends on the system.
    pub fn refused_if(self, holds: bool, says: &'static str) -> Case {
        if holds { self.refused(says) } else { self }
    }

    /// Expects these files, links and empty folders besides the valid file.
    pub fn taken(mut self, files: &[(&str, &str)]) -> Case {
        let files = files.iter().map(|(line, text)| ((*line).to_owned(), text.as_bytes().to_vec()));
        self.outcome = Outcome::Taken(files.collect());
        self
    }

    /// Expects the files that its entries describe.
    pub fn taken_as_it_is(mut self) -> Case {
        let name = |item: &ZipItem| String::from_utf8(item.name.clone()).unwrap();
        let files = self.items.iter().map(|item| (name(item), item.data.clone()));
        self.outcome = Outcome::Taken(files.collect());
        self
    }

    /// Expects nothing, without the valid file too.
    pub fn empty(mut self) -> Case {
        self.outcome = Outcome::Empty;
        self
    }

    fn archive(&self, first: &[ZipItem]) -> Vec<u8> {
        let mut whole = ZipBuilder::new(&[first, &self.items].concat());
        if let Some(change) = &self.whole {
            change(&mut whole);
        }
        let mut bytes = whole.bytes();
        if let Some(change) = &self.bytes {
            change(&mut bytes);
        }
        bytes
    }

    /// Fetches it with these entries before it, and describes the differences to the expectation.
    fn wrong(&self, first: &[ZipItem]) -> Option<String> {
        let world = one_archive(self.archive(first)).server(json!({"archives": "redirect"}));
        let run = Run::new(world).file("out/mine", "stays");
        let ran = run.args("fetch build -D out").runs();
        let expect = match &self.outcome {
            Outcome::Refused(says) => {
                let error =
                    ran.stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or("");
                let doing = error.starts_with("error: unpacking the artifacts of build (201): ");
                let right =
                    !says.is_empty() && ran.exit == Some(6) && doing && error.contains(says);
                let right = right && ran.stdout.is_empty() && ran.is_unchanged();
                return (!right)
                    .then(|| format!("{}: not refused for {says:?}, but {error}", self.what));
            }
            Outcome::Empty => Vec::new(),
            Outcome::Taken(files) => {
                let name = |item: &ZipItem| String::from_utf8(item.name.clone()).unwrap();
                let first = first.iter().map(|item| (name(item), item.data.clone()));
                files.iter().cloned().chain(first).collect()
            }
        };
        let mut expect: Vec<(String, Vec<u8>)> = expect;
        expect.push(("mine".to_owned(), b"stays".to_vec()));
        expect.sort();
        expect.dedup();
        let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
            files.iter().map(|(name, _)| name.clone()).collect()
        };
        let landed = landed(&ran);
        (landed != expect).then(|| {
            let (landed, expect) = (names(&landed), names(&expect));
            format!("{}: {landed:?} and not {expect:?}\n{}", self.what, ran.stderr)
        })
    }
}

/// Returns the files of the destination in the form of [`Outcome::Taken`].
fn landed(ran: &Ran) -> Vec<(String, Vec<u8>)> {
    let items = ran.items();
    let below =
        |path: &str| items.iter().any(|it| it.path.len() > path.len() && it.path.starts_with(path));
    let mut landed = Vec::new();
    for item in items.iter().filter(|item| !(item.path.ends_with('/') && below(&item.path))) {
        let Some(path) = item.path.strip_prefix("out/") else { continue };
        let line = match &item.target {
            Some(target) => format!("{path} -> {}", target.display()),
            None => path.to_owned(),
        };
        landed.push((line, item.content.clone()));
    }
    landed.sort();
    landed
}

/// Runs each of these archives twice: small, downloaded first, and large, streamed.
pub fn each(cases: Vec<Case>) {
    static LARGE: OnceLock<ZipItem> = OnceLock::new();
    let large = LARGE.get_or_init(|| file("large.bin", vec![7; (2 << 20) + 1]));
    let good = file("good.txt", "good");
    let all = [good, large.clone()];
    let tries = cases.iter().flat_map(|case| [case.wrong(&all[..1]), case.wrong(&all)]);
    let wrong: Vec<String> = tries.flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_more_than_a_hundred_and_no_two_are_the_same() {
    let cases: Vec<Case> = [
        archives_names::cases(),
        archives_links::cases(),
        archives_headers::cases(),
        archives_ends::cases(),
        archives_data::cases(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let archives: std::collections::HashSet<Vec<u8>> =
        cases.iter().map(|case| case.archive(&[file("good.txt", "good")])).collect();
    assert_eq!(archives.len(), cases.len(), "two cases are one");
    let titles: std::collections::HashSet<&String> = cases.iter().map(|case| &case.what).collect();
    assert_eq!(titles.len(), cases.len(), "two cases have one title");
    assert!(cases.len() >= 100, "{}", cases.len());
}
