//! How the name of a job or a bridge is meant: exactly, as the base name of a parallel or matrix
//! job, or as a glob.

use globset::{GlobBuilder, GlobMatcher};

/// A name as the user wrote it.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    glob: Option<GlobMatcher>,
}

/// How a name fits a pattern, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    Exact,
    /// `build` for `build 1/3` and `build: [linux, x64]`.
    Base,
    Glob,
}

impl Pattern {
    /// Any text is a pattern; one that is no valid glob can still be a name.
    pub fn new(text: &str) -> Pattern {
        // In job names a slash is a character like any other; a backslash escapes on every system.
        let compiled = || {
            let text = literal_matrix(text);
            let glob =
                GlobBuilder::new(&text).literal_separator(false).backslash_escape(true).build();
            glob.ok().map(|glob| glob.compile_matcher())
        };
        let glob = if text.contains(['*', '?', '[', '{']) { compiled() } else { None };
        Pattern { text: text.to_owned(), glob }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it names more than a name or a base name can.
    pub fn is_glob(&self) -> bool {
        self.glob.is_some()
    }

    /// How this name fits, if it does.
    pub fn fit(&self, name: &str) -> Option<Fit> {
        if name == self.text {
            return Some(Fit::Exact);
        }
        if base_name(name) == Some(&self.text) {
            return Some(Fit::Base);
        }
        self.glob.as_ref().is_some_and(|glob| glob.is_match(name)).then_some(Fit::Glob)
    }

    /// Those of the items that fit best: an exact name wins over a base name, that over a glob.
    pub fn best<'a, T>(
        &self,
        items: &'a [T],
        name: impl Fn(&T) -> &str,
    ) -> Option<(Fit, Vec<&'a T>)> {
        let fits = || items.iter().filter_map(|item| Some((self.fit(name(item))?, item)));
        let best = fits().map(|(fit, _)| fit).min()?;
        Some((best, fits().filter(|(fit, _)| *fit == best).map(|(_, item)| item).collect()))
    }
}

/// The brackets of a matrix job are part of its name: in `pack: [linux, *]` only the star is special.
fn literal_matrix(text: &str) -> String {
    match text.strip_suffix(']').and_then(|start| start.split_once(": [")) {
        Some((base, values)) => format!("{base}: \\[{values}\\]"),
        None => text.to_owned(),
    }
}

/// What a parallel (`build 1/3`) or matrix (`build: [linux, x64]`) job is called in the YAML.
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
            ("build", "build", Some(Fit::Exact)),
            ("build", "build 1/3", Some(Fit::Base)),
            ("build", "build: [linux, x64]", Some(Fit::Base)),
            ("build", "build-repo", None),
            ("build", "rebuild", None),
            ("build", "build 1/x", None),
            ("build*", "build-repo", Some(Fit::Glob)),
            ("*", "pages build [α, 1/2]", Some(Fit::Glob)),
            ("*", "a/b", Some(Fit::Glob)),
            ("{lint,test}", "test", Some(Fit::Glob)),
            ("pack: [linux, x64]", "pack: [linux, x64]", Some(Fit::Exact)),
            ("pack: [linux, *]", "pack: [linux, x64]", Some(Fit::Glob)),
            ("pack: [linux, *]", "pack: [mac, x64]", None),
            ("pack: l", "pack: l", Some(Fit::Exact)),
            ("odd [name", "odd [name", Some(Fit::Exact)),
            ("odd [name", "odd n", None),
        ] {
            assert_eq!(Pattern::new(pattern).fit(name), fit, "{pattern} for {name}");
        }
        assert!(Pattern::new("b*").is_glob() && Pattern::new("{a,b}").is_glob());
        assert!(!Pattern::new("build").is_glob() && !Pattern::new("odd [name").is_glob());
    }

    #[test]
    fn only_the_best_fit_counts() {
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
