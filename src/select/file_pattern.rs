//! The patterns of `--path` and `--exclude`.

use super::glob::{Glob, GlobError, normalized};

/// Compiled patterns. They match the paths in the archive, before `--strip-components`.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    /// Empty: everything.
    include: Vec<Glob>,
    exclude: Vec<Glob>,
    typed: Vec<String>,
}

/// The patterns of `--path` that have matched a path, to tell the others.
#[derive(Debug, Clone, Default)]
pub struct Matched(Vec<bool>);

impl Patterns {
    /// Compiles patterns. `*` does not match `/`, `**` does, and a pattern that names a folder
    /// matches everything below it. No `include` means everything.
    ///
    /// # Errors
    /// If one of them is not a valid glob; the error names it.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Patterns, GlobError> {
        let compile = |patterns: &[String]| {
            let globs = patterns.iter().map(|pattern| Glob::of_paths(pattern));
            globs.map(|glob| Ok(glob?.with_contents())).collect::<Result<_, GlobError>>()
        };
        let typed = match include {
            [] => exclude.iter().map(|pattern| format!("--exclude {pattern}")).collect(),
            include => include.to_vec(),
        };
        Ok(Patterns { include: compile(include)?, exclude: compile(exclude)?, typed })
    }

    /// Returns true if the entry at the path of these components is wanted.
    pub fn choose(&self, path: &[&[u8]]) -> bool {
        self.choose_and_mark(path, &mut Matched::default())
    }

    /// Returns true if an entry is wanted, and marks the patterns of `--path` that match it.
    pub fn choose_and_mark(&self, path: &[&[u8]], matched: &mut Matched) -> bool {
        if self.include.is_empty() && self.exclude.is_empty() {
            return true;
        }
        // Each invalid byte sequence counts as one character, as in doublestar.
        let path: Vec<_> =
            path.iter().map(|component| String::from_utf8_lossy(component)).collect();
        let path: Vec<_> = path.iter().map(|component| normalized(component)).collect();
        matched.0.resize(self.include.len(), false);
        let mut included = self.include.is_empty();
        for (glob, matched) in self.include.iter().zip(&mut matched.0) {
            // A pattern that has matched before needs no second look, once another one matches.
            if (!included || !*matched) && glob.matches(&path) {
                (included, *matched) = (true, true);
            }
        }
        included && !self.exclude.iter().any(|glob| glob.matches(&path))
    }

    /// Returns the patterns of `--path`, as they were typed, that have matched nothing.
    pub fn unmatched(&self, matched: &Matched) -> Vec<String> {
        let include = if self.are_narrow() { self.typed.as_slice() } else { &[] };
        let matched = matched.0.iter().copied().chain(std::iter::repeat(false));
        let all = include.iter().zip(matched);
        all.filter(|(_, matched)| !matched).map(|(typed, _)| typed.clone()).collect()
    }

    /// Returns true if `--exclude` names a path.
    pub fn excludes(&self, path: &[u8]) -> bool {
        let components = path.split(|byte| *byte == b'/');
        let path: Vec<_> = components.map(String::from_utf8_lossy).collect();
        let path: Vec<_> = path.iter().map(|component| normalized(component)).collect();
        self.exclude.iter().any(|glob| glob.matches(&path))
    }

    /// Returns true if `--path` was given.
    pub fn are_narrow(&self) -> bool {
        !self.include.is_empty()
    }

    /// Returns the patterns as they were typed, for messages.
    pub fn typed(&self) -> &[String] {
        &self.typed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(patterns: &Patterns, path: &str) -> bool {
        patterns.choose(&path.split('/').map(str::as_bytes).collect::<Vec<_>>())
    }

    #[test]
    fn a_pattern_takes_what_a_person_would_expect() {
        for (pattern, taken, left) in [
            ("docs", &["docs", "docs/a", "docs/b/c"] as &[&str], &["docsy", "x/docs"] as &[&str]),
            ("docs/", &["docs", "docs/a", "docs/b/c"], &["docsy/a"]),
            ("./docs/", &["docs/a"], &["a"]),
            ("docs/*", &["docs/a", "docs/b"], &["docs/b/c", "docs"]),
            ("docs/*/", &["docs/b/c"], &["other/b"]),
            ("docs/**", &["docs", "docs/a", "docs/b/c"], &["docsy"]),
            ("*.txt", &["a.txt"], &["docs/a.txt", "a.md"]),
            ("**/*.txt", &["a.txt", "d/e/a.txt"], &["a.md"]),
            ("*/lib", &["a/lib", "a/lib/x/y"], &["lib", "a/b/lib"]),
            ("a?.{dll,pdb}", &["ab.dll", "ab.pdb"], &["abc.dll", "ab.exe"]),
            ("\\[x\\]", &["[x]"], &["x"]),
            (".", &["a", "a/b"], &[]),
            ("build{,-docs}", &["build", "build/a", "build-docs/a/b"], &["build-", "x/build"]),
            ("app{,.map}", &["app", "app.map"], &["app.ma"]),
            ("{build,README.md}", &["build/a/b", "README.md"], &["b", "README"]),
            ("{docs,src/}/*", &["docs/a", "src/a"], &["docs/a/b", "a"]),
            ("{a/b,c}", &["a/b/x", "c/x"], &["a/x"]),
            ("\\[x\\]", &["[x]/a"], &["x/a"]),
            ("build//lib", &["build/lib/a", "build/lib"], &["build/a"]),
            ("build/./lib", &["build/lib/a"], &["build/a"]),
            ("build/../lib/", &["lib/a"], &["build/lib/a"]),
            ("build/lib//", &["build/lib/a"], &["build/a"]),
            ("**/lib", &["lib/a", "x/lib/a/b"], &["x/libs/a"]),
            ("?ber.txt", &["über.txt", "u\u{308}ber.txt"], &["ber.txt", "xxber.txt"]),
            ("[äöü]x", &["üx", "u\u{308}x"], &["ux"]),
        ] {
            let patterns = Patterns::new(&[pattern.to_owned()], &[]).unwrap();
            for path in taken {
                assert!(choose(&patterns, path), "{pattern} takes {path}");
            }
            for path in left {
                assert!(!choose(&patterns, path), "{pattern} leaves {path}");
            }
        }
    }

    #[test]
    fn exclude_takes_away_from_include_or_from_all() {
        let patterns = |include: &[&str], exclude: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|p| p.to_string()).collect::<Vec<_>>();
            Patterns::new(&owned(include), &owned(exclude))
        };
        let some = patterns(&["docs"], &["docs/private", "**/*.tmp"]).unwrap();
        assert!(choose(&some, "docs/a"));
        for left in ["docs/private/a", "docs/x.tmp", "b"] {
            assert!(!choose(&some, left), "{left}");
        }
        let most = patterns(&[], &["docs"]).unwrap();
        assert!(choose(&most, "b") && !choose(&most, "docs/a"));
        assert_eq!(most.typed(), ["--exclude docs"]);
        assert!(patterns(&["a["], &[]).unwrap_err().to_string().contains("a["));
        assert!(choose(&Patterns::default(), "anything"));
        let umlaut = patterns(&[], &["?ber.txt"]).unwrap();
        assert!(!choose(&umlaut, "über.txt") && !choose(&umlaut, "u\u{308}ber.txt"));
    }

    #[test]
    fn patterns_that_match_nothing_are_told() {
        let patterns = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(|p| p.to_string()).collect();
            Patterns::new(&list, &["c".to_owned()]).unwrap()
        };
        for (list, unmatched) in [
            (&["a", "b", "x"][..], &["x"][..]),
            (&["*", "a"], &[]),
            (&["x", "y/", "c"], &["x", "y/"]),
            (&[], &[]),
        ] {
            let (patterns, mut matched) = (patterns(list), Matched::default());
            for path in [b"a", b"b", b"c"] {
                patterns.choose_and_mark(&[path], &mut matched);
            }
            assert_eq!(patterns.unmatched(&matched), unmatched, "{list:?}");
        }
    }
}
