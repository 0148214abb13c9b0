//! The text of doc comments and documents: how they open, how long they are, and their links.

use super::{root, sources};

/// Openings of a question or a riddle. A doc comment begins with a verb or a noun phrase.
const OPENINGS: [&str; 7] = ["What", "Where", "Who", "Whom", "Whose", "Whether", "The same"];

/// The most words of ARCHITECTURE.md, its drawing included.
const MAX_WORDS: usize = 900;

/// Returns the first line of each block of doc comments that opens with one of [`OPENINGS`].
///
/// A block before `#[arg` is the help text of an option and not a comment.
fn openings(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim_start).enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let Some(first) = doc(line) else { continue };
        while lines.next_if(|(_, line)| doc(line).is_some()).is_some() {}
        let is_help = lines.peek().is_some_and(|(_, line)| line.starts_with("#[arg"));
        let opens = |word: &&str| {
            let rest = first.strip_prefix(*word);
            rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        if !is_help && OPENINGS.iter().any(opens) {
            found.push(format!("{path}:{}: {first}", number + 1));
        }
    }
    found
}

/// Returns the text of a line of a doc comment.
fn doc(line: &str) -> Option<&str> {
    let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
    (!text.starts_with('/')).then(|| text.trim_start())
}

#[test]
fn doc_comments_open_with_a_verb_or_a_noun_phrase() {
    let sources = sources(&["src", "tests", "examples", "benches", "fuzz"]);
    let found: Vec<String> = sources.iter().flat_map(|(path, text)| openings(path, text)).collect();
    assert!(found.is_empty(), "{} doc comments open with a riddle: {found:#?}", found.len());
}

#[test]
fn a_planted_opening_is_found() {
    for (text, expect) in [
        ("//! What a file holds.", 1),
        ("    /// Whether it holds.\n    held: bool,", 1),
        ("/// The same with a list.\n#[derive(Debug)]", 1),
        ("/// Reads a list.\n///\n/// Where there is none, it fails.\n/// Whoever asks.", 0),
        ("/// Whatever comes.\n\n/// Wholes.\n\n// What is no doc comment.\n//// Who", 0),
        ("/// What to do about links\n#[arg(long)]", 0),
    ] {
        assert_eq!(openings("a.rs", text).len(), expect, "{text}");
    }
}

#[test]
fn the_page_about_the_architecture_is_short() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let words = text.split_whitespace().count();
    assert!(words <= MAX_WORDS, "ARCHITECTURE.md has {words} words, more than {MAX_WORDS}");
}

/// Returns the links of a document in Markdown.
fn links(text: &str) -> Vec<&str> {
    let behind = text.match_indices("](").map(|(at, _)| &text[at + 2..]);
    behind.filter_map(|rest| rest.split([')', ' ', '\n']).next()).collect()
}

/// Returns the anchors of the headings of a document, as GitLab makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let plain = |c: char| c.is_alphanumeric() || "-_ ".contains(c);
    let anchor = |line: &str| {
        let title: String =
            line.trim_start_matches('#').trim().chars().filter(|c| plain(*c)).collect();
        title.to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn links_of_documents_lead_somewhere() {
    let mut dead = Vec::new();
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "THREATS.md"] {
        let path = root().join(document);
        let text = std::fs::read_to_string(&path).expect(document);
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            let lives = match std::fs::read_to_string(&target) {
                Ok(text) => anchor.is_empty() || anchors(&text).iter().any(|it| it == anchor),
                Err(_) => target.exists() && anchor.is_empty(),
            };
            if !lives {
                dead.push(format!("{document}: {link}"));
            }
        }
    }
    assert!(dead.is_empty(), "dead links: {dead:#?}");
}
