//! Patterns for the names of jobs and bridges: an exact name, the base name of a parallel or matrix
//! job, or a glob.

use super::glob::{Glob, normalized};

/// A pattern for the names of jobs or bridges.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    glob: Option<Glob>,
}

/// The way in which a name matches a pattern, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameMatch {
    Exact,
    /// By the base name: `build` matches `build 1/3` and `build: [linux, x64]`.
    Base,
    Glob,
}

impl Pattern {
    /// Compiles a pattern. Any text is one: text that is not a valid glob is only a name.
    pub fn new(text: &str) -> Pattern {
        let is_glob = text.contains(['*', '?', '[', '{']);
        let glob = if is_glob { Glob::of_names(&literal_matrix(text)).ok() } else { None };
        Pattern { text: text.to_owned(), glob }
    }

    /// Returns the pattern as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns true if it has a valid glob, which can match names of different base names.
    pub fn is_glob(&self) -> bool {
        self.glob.is_some()
    }

    /// Returns how a name matches, or none if it does not.
    pub fn match_name(&self, name: &str) -> Option<NameMatch> {
        let name = normalized(name);
        let text = normalized(&self.text);
        if name == text {
            return Some(NameMatch::Exact);
        }
        if base_name(&name) == Some(&text) {
            return Some(NameMatch::Base);
        }
        self.glob.as_ref().is_some_and(|glob| glob.matches(&[name])).then_some(NameMatch::Glob)
    }

    /// Returns the items whose names match best: an exact name wins over a base name, and a base
    /// name over a glob.
    pub fn best<'a, T>(
        &self,
        items: &'a [T],
        name: impl Fn(&T) -> &str,
    ) -> Option<(NameMatch, Vec<&'a T>)> {
        let matches = || items.iter().filter_map(|item| Some((self.match_name(name(item))?, item)));
        let best = matches().map(|(matched, _)| matched).min()?;
        Some((
            best,
            matches().filter(|(matched, _)| *matched == best).map(|(_, item)| item).collect(),
        ))
    }
}

/// Escapes the brackets of a matrix job, which are part of its name: in `pack: [linux, *]`, only the
/// star is special.
fn literal_matrix(text: &str) -> String {
    match text.strip_suffix(']').and_then(|start| start.split_once(": [")) {
        Some((base, values)) => format!("{base}: \\[{values}\\]"),
        None => text.to_owned(),
    }
}

/// Returns the name in the YAML of a parallel (`build 1/3`) or matrix (`build: [linux, x64]`) job.
fn base_name(name: &str) -> Option<&str> {
    if let Some((base, _)) = name.strip_suffix(']').and_then(|start| start.split_once(": [")) {
        return Some(base);
    }
    let (base, part) = name.rsplit_once(' ')?;
    let (number, total) = part.split_once('/')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(number) && is_number(total)).then_some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_meant_exactly_or_as_a_base_name_or_as_a_glob() {
        for (pattern, name, fit) in [
            ("build", "build", Some(NameMatch::Exact)),
            ("build", "build 1/3", Some(NameMatch::Base)),
            ("build", "build: [linux, x64]", Some(NameMatch::Base)),
            ("build", "build-repo", None),
            ("build", "rebuild", None),
            ("build", "build 1/x", None),
            ("build*", "build-repo", Some(NameMatch::Glob)),
            ("*", "pages build [α, 1/2]", Some(NameMatch::Glob)),
            ("*", "a/b", Some(NameMatch::Glob)),
            ("{lint,test}", "test", Some(NameMatch::Glob)),
            ("pack: [linux, x64]", "pack: [linux, x64]", Some(NameMatch::Exact)),
            ("pack: [linux, *]", "pack: [linux, x64]", Some(NameMatch::Glob)),
            ("pack: [linux, *]", "pack: [mac, x64]", None),
            ("pack: l", "pack: l", Some(NameMatch::Exact)),
            ("odd [name", "odd [name", Some(NameMatch::Exact)),
            ("odd [name", "odd n", None),
            ("prüfen", "pru\u{308}fen", Some(NameMatch::Exact)),
            ("pru\u{308}fen", "prüfen 1/2", Some(NameMatch::Base)),
            ("pr?fen", "prüfen", Some(NameMatch::Glob)),
            ("pr?fen", "pru\u{308}fen", Some(NameMatch::Glob)),
            ("pr[üu]fen", "prüfen", Some(NameMatch::Glob)),
            ("build{,-docs}", "build", Some(NameMatch::Glob)),
            ("build{,-docs}", "build-docs", Some(NameMatch::Glob)),
            ("build{,-docs}", "build-x", None),
            ("a/*", "a/b/c", Some(NameMatch::Glob)),
            ("a\\*", "a*", Some(NameMatch::Glob)),
        ] {
            assert_eq!(Pattern::new(pattern).match_name(name), fit, "{pattern} for {name}");
        }
        assert!(Pattern::new("b*").is_glob() && Pattern::new("{a,b}").is_glob());
        assert!(!Pattern::new("build").is_glob() && !Pattern::new("odd [name").is_glob());
    }

    #[test]
    fn only_the_best_match_counts() {
        let best = |pattern: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            let found = Pattern::new(pattern).best(&names, |name| name).map(|(fit, found)| {
                (fit, found.into_iter().cloned().collect::<Vec<_>>().join("; "))
            });
            found.map(|(fit, names)| format!("{fit:?} {names}"))
        };
        assert_eq!(
            best("build", &["build 1/2", "build", "build 2/2"]).as_deref(),
            Some("Exact build")
        );
        assert_eq!(
            best("build", &["build 1/2", "lint", "build 2/2"]).as_deref(),
            Some("Base build 1/2; build 2/2")
        );
        assert_eq!(best("b*", &["lint", "b1", "b2"]).as_deref(), Some("Glob b1; b2"));
        assert_eq!(best("x", &["lint"]), None);
    }
}
