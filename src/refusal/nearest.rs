//! Names sorted by their similarity to a wanted name.

use std::cmp::Reverse;
use std::collections::HashSet;

/// Sorts names by their similarity to the nearest of the wanted ones, without duplicates. Names of
/// equal similarity keep their order.
pub fn nearest<S: AsRef<str>>(wanted: &[S], seen: &[String]) -> Vec<String> {
    let wanted: Vec<String> = wanted.iter().map(|name| name.as_ref().to_lowercase()).collect();
    let mut known = HashSet::new();
    let mut names: Vec<(u32, &String)> = Vec::new();
    for name in seen.iter().filter(|name| known.insert(*name)) {
        names.push((similarity(&wanted, &name.to_lowercase()), name));
    }
    names.sort_by_key(|(similarity, _)| Reverse(*similarity));
    names.into_iter().map(|(_, name)| name.clone()).collect()
}

/// Returns the similarity of a name to the wanted ones: 0 for nothing in common, above 1000 where
/// one name contains the other, at most 2000.
fn similarity(wanted: &[String], name: &str) -> u32 {
    let similarity = |wanted: &String| {
        // A substring ("build" in "build-repo") counts for more than any number of common letters,
        // except for substrings of one or two letters.
        let holds = |whole: &str, part: &str| part.len() > 2 && whole.contains(part);
        let part = holds(name, wanted) || holds(wanted, name);
        let letters = (strsim::jaro_winkler(wanted, name) * 1000.0) as u32;
        if part { 1000 + letters } else { letters }
    };
    wanted.iter().map(similarity).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_comes_first_and_none_twice() {
        let check = |wanted: &str, seen: &[&str], expect: &[&str]| {
            let seen: Vec<String> = seen.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(nearest(&[wanted], &seen), expect, "{wanted}");
        };
        check("biuld-repo", &["lint", "build-repo"], &["build-repo", "lint"]);
        check("Build", &["rebuilt", "lint", "build-repo"], &["build-repo", "rebuilt", "lint"]);
        check("a", &["b", "b", "a1"], &["a1", "b"]);
        check("biuld", &["b", "build"], &["build", "b"]);
        // A substring counts at any position and in either direction, but not one of two letters.
        check("repo", &["rope", "linux-linux-linux-repo"], &["linux-linux-linux-repo", "rope"]);
        check("linux-linux-linux-repo", &["linux-rope", "repo"], &["repo", "linux-rope"]);
        check("go", &["linux-linux-go", "gp"], &["gp", "linux-linux-go"]);
    }
}
