//! The patterns of `--path` and `--exclude`.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// Compiled patterns. They match the paths in the archive, before `--strip-components`.
#[derive(Debug, Clone)]
pub struct Patterns {
    include: GlobSet,
    exclude: GlobSet,
    typed: Vec<String>,
    any_include: bool,
}

impl Default for Patterns {
    /// Returns patterns that match everything.
    fn default() -> Patterns {
        let (include, exclude) = (GlobSet::empty(), GlobSet::empty());
        Patterns { include, exclude, typed: Vec::new(), any_include: false }
    }
}

impl Patterns {
    /// Compiles patterns. `*` does not match `/`, `**` does, and a pattern that names a folder
    /// matches everything below it. No `include` means everything.
    ///
    /// # Errors
    /// If one of them is not a valid glob; the error names it.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Patterns, globset::Error> {
        let typed = match include {
            [] => exclude.iter().map(|pattern| format!("--exclude {pattern}")).collect(),
            include => include.to_vec(),
        };
        let any_include = !include.is_empty();
        Ok(Patterns { include: set(include)?, exclude: set(exclude)?, typed, any_include })
    }

    /// Returns true if the entry at a path is wanted.
    pub fn choose(&self, path: &str) -> bool {
        (!self.any_include || self.include.is_match(path)) && !self.exclude.is_match(path)
    }

    /// Returns true if `--exclude` names a path.
    pub fn excludes(&self, path: &str) -> bool {
        self.exclude.is_match(path)
    }

    /// Returns true if `--path` was given.
    pub fn are_narrow(&self) -> bool {
        self.any_include
    }

    /// Returns the patterns as they were typed, for messages.
    pub fn typed(&self) -> &[String] {
        &self.typed
    }
}

fn set(patterns: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let mut pattern = pattern.as_str();
        while let Some(rest) = pattern.strip_prefix("./") {
            pattern = rest;
        }
        let named = pattern.trim_end_matches('/');
        set.add(glob(named)?);
        // `docs/*` matches folders in `docs`, but does not mean everything below those.
        let last = named.rsplit('/').next().unwrap_or(named);
        if named.len() < pattern.len() || !last.contains(['*', '?', '[', '{']) {
            set.add(glob(&format!("{named}/**"))?);
        }
        if matches!(pattern, "." | "") {
            set.add(glob("**")?);
        }
    }
    set.build()
}

fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_what_a_person_would_expect() {
        for (pattern, taken, left) in [
            ("docs", &["docs", "docs/a", "docs/b/c"] as &[&str], &["docsy", "x/docs"] as &[&str]),
            ("docs/", &["docs", "docs/a", "docs/b/c"], &["docsy/a"]),
            ("./docs/", &["docs/a"], &["a"]),
            ("docs/*", &["docs/a", "docs/b"], &["docs/b/c", "docs"]),
            ("docs/*/", &["docs/b/c"], &["other/b"]),
            ("docs/**", &["docs/a", "docs/b/c"], &["docs"]),
            ("*.txt", &["a.txt"], &["docs/a.txt", "a.md"]),
            ("**/*.txt", &["a.txt", "d/e/a.txt"], &["a.md"]),
            ("*/lib", &["a/lib", "a/lib/x/y"], &["lib", "a/b/lib"]),
            ("a?.{dll,pdb}", &["ab.dll", "ab.pdb"], &["abc.dll", "ab.exe"]),
            ("\\[x\\]", &["[x]"], &["x"]),
            (".", &["a", "a/b"], &[]),
        ] {
            let patterns = Patterns::new(&[pattern.to_owned()], &[]).unwrap();
            for path in taken {
                assert!(patterns.choose(path), "{pattern} takes {path}");
            }
            for path in left {
                assert!(!patterns.choose(path), "{pattern} leaves {path}");
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
        assert!(some.choose("docs/a"));
        assert!(!some.choose("docs/private/a") && !some.choose("docs/x.tmp") && !some.choose("b"));
        let most = patterns(&[], &["docs"]).unwrap();
        assert!(most.choose("b") && !most.choose("docs/a"));
        assert_eq!(most.typed(), ["--exclude docs"]);
        assert!(patterns(&["a["], &[]).unwrap_err().to_string().contains("a["));
        assert!(Patterns::default().choose("anything"));
    }
}
