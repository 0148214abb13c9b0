//! Names that are near a wanted name: a few letters differ, or they hold what was typed.

use std::collections::HashSet;

/// Sorts the names that are near one of the wanted ones to the front, nearest first, and leaves the
/// others in their order. Each name is returned once.
pub fn nearest<S: AsRef<str>>(wanted: &[S], seen: &[String]) -> Vec<String> {
    let mut known = HashSet::new();
    let mut names: Vec<(u32, &String)> = seen
        .iter()
        .filter(|name| known.insert(*name))
        .map(|name| (distance(wanted, name), name))
        .collect();
    names.sort_by_key(|(distance, _)| *distance);
    names.into_iter().map(|(_, name)| name.clone()).collect()
}

/// Returns true if a name is near one of the wanted ones.
pub fn is_near<S: AsRef<str>>(wanted: &[S], name: &str) -> bool {
    distance(wanted, name) != u32::MAX
}

/// Returns the distance of a name to the nearest of the wanted ones, `u32::MAX` for those that are
/// not near.
fn distance<S: AsRef<str>>(wanted: &[S], name: &str) -> u32 {
    let name = name.to_lowercase();
    let distance = |wanted: &S| {
        let wanted = wanted.as_ref().to_lowercase();
        let letters = strsim::osa_distance(&wanted, &name);
        // Of a short name, one wrong letter is much.
        let few = (wanted.chars().count() / 3).min(3);
        if letters <= few {
            u32::try_from(letters).unwrap_or(u32::MAX)
        } else if holds(&name, &wanted) {
            // The less there is beside what was typed, the nearer.
            u32::try_from(3 + letters).unwrap_or(u32::MAX)
        } else {
            u32::MAX
        }
    };
    wanted.iter().map(distance).min().unwrap_or(u32::MAX)
}

/// Returns true if a name holds what was typed; one or two letters must be a word of it.
fn holds(name: &str, typed: &str) -> bool {
    match typed.chars().count() {
        0 => false,
        1 | 2 => name.split(|c: char| !c.is_alphanumeric()).any(|word| word == typed),
        _ => name.contains(typed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn near_names_come_first_and_the_others_keep_their_order() {
        for (wanted, seen, expect) in [
            ("biuld-repo", &["lint", "build-repo"][..], &["build-repo", "lint"][..]),
            (
                "Build",
                &["rebuilt", "lint", "build-repo", "build"],
                &["build", "build-repo", "rebuilt", "lint"],
            ),
            ("build", &["nightly", "lint", "deploy", "lint"], &["nightly", "lint", "deploy"]),
            ("repo", &["zip", "linux-linux-linux-repo"], &["linux-linux-linux-repo", "zip"]),
            ("go", &["gp", "linux-go", "cargo"], &["linux-go", "gp", "cargo"]),
        ] {
            assert_eq!(nearest(&[wanted], &names(seen)), expect, "{wanted}");
        }
    }

    #[test]
    fn a_name_is_near_if_a_few_letters_differ_or_it_holds_the_word() {
        for (wanted, name, near) in [
            ("build", "biuld", true),
            ("build", "BUILD", true),
            ("build", "build-repo", true),
            ("build", "nightly", false),
            ("build", "lint", false),
            ("test", "lint", false),
            ("lint", "link", true),
            ("a", "b", false),
            ("ab", "ac", false),
            ("build-release-repo", "buidl-relaese-repo", true),
            ("build: [linux, x64]", "build: [linux, x86]", true),
            ("linux-linux-repo", "repo", false),
            ("", "build", false),
        ] {
            assert_eq!(is_near(&[wanted], name), near, "{wanted} {name}");
        }
    }
}
