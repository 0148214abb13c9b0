//! `--delete`: the entries on disk that stay.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::file_pattern::Patterns;
use super::name::System;
use crate::plan::{HeldPaths, Retention};

/// The paths that `--delete` leaves: those of the archives, and those that `--exclude` names.
pub struct RetentionRules<'a> {
    /// The keys of the paths of all archives and of the folders above them.
    held: HashSet<Vec<u8>>,
    patterns: &'a Patterns,
    /// The folder of each job, with the leading folders that were removed from its paths.
    origins: BTreeSet<(&'a Path, &'a Path)>,
    system: System,
}

impl<'a> RetentionRules<'a> {
    /// Collects the paths of all archives.
    pub fn new(
        archives: impl IntoIterator<Item = &'a HeldPaths>,
        patterns: &'a Patterns,
        system: System,
    ) -> RetentionRules<'a> {
        let (mut held, mut origins) = (HashSet::new(), BTreeSet::new());
        for archive in archives {
            for path in &archive.paths {
                for path in path.ancestors() {
                    // The folders above a known path are known, too.
                    if !held.insert(key(path, system)) {
                        break;
                    }
                }
            }
            origins.extend(archive.stripped.iter().map(|it| (&*archive.folder, &**it)));
        }
        RetentionRules { held, patterns, origins, system }
    }

    /// Returns why a path, relative to the destination, stays. `--exclude` is matched with the path
    /// as it is, and with the path that it would have in each of the archives.
    pub fn retention(&self, path: &Path) -> Retention {
        let excluded = |path: &Path| self.patterns.excludes(&slashes(path));
        let in_archive = |(folder, stripped): &(&Path, &Path)| {
            path.strip_prefix(folder).is_ok_and(|inner| excluded(&stripped.join(inner)))
        };
        if excluded(path) || self.origins.iter().any(in_archive) {
            Retention::Excluded
        } else if self.held.contains(&key(path, self.system)) {
            Retention::Held
        } else {
            Retention::None
        }
    }
}

fn slashes(path: &Path) -> Vec<u8> {
    let parts: Vec<&[u8]> = path.iter().map(|part| part.as_encoded_bytes()).collect();
    parts.join(&b'/')
}

/// Returns the key of a path.
fn key(path: &Path, system: System) -> Vec<u8> {
    let parts = path.iter().map(|part| system.key(part.as_encoded_bytes()));
    parts.collect::<Vec<_>>().join(&b'/')
}

/// Returns the path of an entry relative to the folder of a job, with `..` where it is elsewhere.
pub fn relative_to(path: &Path, folder: &Path) -> PathBuf {
    match path.strip_prefix(folder) {
        Ok(inner) => inner.to_owned(),
        Err(_) => folder.iter().map(|_| "..").collect::<PathBuf>().join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(folder: &str, stripped: &[&str], paths: &[&str]) -> HeldPaths {
        HeldPaths {
            paths: paths.iter().map(|path| Path::new(folder).join(path).as_path().into()).collect(),
            folder: folder.into(),
            stripped: stripped.iter().map(|path| (*path).into()).collect(),
        }
    }

    fn patterns(exclude: &[&str]) -> Patterns {
        let exclude: Vec<String> = exclude.iter().map(|it| it.to_string()).collect();
        Patterns::new(&[], &exclude).unwrap()
    }

    #[test]
    fn what_archives_hold_and_what_exclude_names_stays() {
        use Retention::{Excluded, Held, None};
        let one = [held("", &[""], &["bin/run", "docs"])];
        let two = [held("a", &["top"], &["bin/run"]), held("b/c", &["", "x"], &["f"])];
        let cases: [(&[HeldPaths], &[&str], &str, Retention); 18] = [
            (&one, &[], "bin/run", Held),
            (&one, &[], "bin", Held),
            (&one, &[], "docs", Held),
            (&one, &[], "docs/a", None),
            (&one, &[], "bin/run.old", None),
            (&one, &[], "Bin/run", None),
            (&one, &["*.log"], "a.log", Excluded),
            (&one, &["*.log"], "bin/a.log", None),
            (&one, &["cache"], "cache", Excluded),
            (&one, &["cache"], "cache/x/y", Excluded),
            (&one, &["bin"], "bin/run", Excluded),
            (&two, &[], "a/bin/run", Held),
            (&two, &[], "b", Held),
            (&two, &[], "bin/run", None),
            // Below the folder of a job, and with the leading folder that was removed.
            (&two, &["cache"], "b/c/cache", Excluded),
            (&two, &["top/cache"], "a/cache/x", Excluded),
            (&two, &["top/cache"], "b/c/cache", None),
            (&two, &["a/keep"], "a/keep", Excluded),
        ];
        for (archives, exclude, path, expect) in cases {
            let patterns = patterns(exclude);
            let rules = RetentionRules::new(archives, &patterns, System::Unix);
            assert_eq!(rules.retention(Path::new(path)), expect, "{path} {exclude:?}");
        }
    }

    #[test]
    fn names_that_are_one_name_on_the_system_are_held_alike() {
        let (archives, patterns) = ([held("", &[""], &["Größe/Straße"])], patterns(&[]));
        for (system, expect) in [
            (System::Unix, Retention::None),
            (System::Mac, Retention::Held),
            (System::Windows, Retention::Held),
        ] {
            let rules = RetentionRules::new(&archives, &patterns, system);
            // Another case, and another Unicode form.
            assert_eq!(rules.retention(Path::new("gro\u{308}ße/STRAßE")), expect, "{system:?}");
        }
    }

    #[test]
    fn paths_outside_the_folder_of_a_job_lead_there_by_dots() {
        for (path, folder, expect) in [
            ("a/b", "", "a/b"),
            ("a/b", "a", "b"),
            ("old/x", "a", "../old/x"),
            ("x", "a/b", "../../x"),
        ] {
            assert_eq!(relative_to(Path::new(path), Path::new(folder)), Path::new(expect));
        }
    }
}
