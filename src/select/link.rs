//! Symlinks of archives: how they are extracted, and where they lead.

use std::collections::HashMap;
use std::convert::Infallible;

use super::link_target::{ResolveError, resolve};
use super::name::System;
use crate::refusal::ArchiveRefusal;
use crate::sanitize::escape_bytes;

/// The treatment of the symlinks of an archive (`--symlinks`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Symlinks {
    /// Creates them; one that leads out of the destination refuses the archive.
    #[default]
    KeepInside,
    /// Creates them wherever they point.
    All,
    /// Leaves them out.
    Skip,
    /// Replaces each by a copy of the file in the archive that it points to.
    Copy,
}

/// The links that will exist, by their paths below the destination.
#[derive(Debug)]
pub struct Links {
    system: System,
    targets: HashMap<Vec<Vec<u8>>, Vec<u8>>,
}

impl Links {
    /// Returns an empty collection.
    pub fn new(system: System) -> Links {
        Links { system, targets: HashMap::new() }
    }

    /// Adds a link at the path of these components.
    pub fn add<'c>(&mut self, at: impl IntoIterator<Item = &'c [u8]>, target: &[u8]) {
        let key = self.keys(at);
        self.targets.insert(key, target.to_owned());
    }

    /// Returns the path that a link leads to in the end, as components below the destination,
    /// spelled as [`System::key`] returns them. There may be nothing at that path.
    ///
    /// # Errors
    /// If the link leads out of the destination or in a circle; `name` is its name in the message.
    pub fn follow<'c>(
        &self,
        at: impl IntoIterator<Item = &'c [u8]>,
        name: &str,
    ) -> Result<Vec<Vec<u8>>, ArchiveRefusal> {
        let mut folder = self.keys(at);
        let target = self.targets.get(&folder).map_or(b"".as_slice(), Vec::as_slice);
        folder.pop();
        let entry = || name.to_owned();
        let find = |at: &[Vec<u8>]| self.targets.get(at);
        resolve(self.system, folder, target, find, Ok::<_, Infallible>).map_err(|error| match error
        {
            ResolveError::Escapes => {
                let target = escape_bytes(target).into_owned();
                ArchiveRefusal::LinkLeaves { entry: entry(), target }
            }
            ResolveError::Loop => {
                ArchiveRefusal::LinkTarget { entry: entry(), why: "goes round in circles" }
            }
            ResolveError::Target(never) => match never {},
        })
    }

    fn keys<'c>(&self, at: impl IntoIterator<Item = &'c [u8]>) -> Vec<Vec<u8>> {
        at.into_iter().map(|component| self.system.key(component).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str) -> impl Iterator<Item = &[u8]> {
        path.split('/').map(str::as_bytes)
    }

    /// Follows the last of these links, given as paths and targets.
    fn follow(system: System, links: &[(&str, &str)]) -> Result<String, String> {
        let mut all = Links::new(system);
        for (at, target) in links {
            all.add(parts(at), target.as_bytes());
        }
        let (last, _) = links.last().unwrap();
        let led = all.follow(parts(last), last);
        let led = led.map(|led| String::from_utf8(led.join(&b'/')).unwrap());
        led.map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn a_link_that_stays_inside_is_followed_through_the_others() {
        let links: [(&[(&str, &str)], &str); 9] = [
            (&[("sharecode/run", "bin/run.sh")], "sharecode/bin/run.sh"),
            (&[("current", "sharecode")], "sharecode"),
            (&[("a", ".")], ""),
            (&[("d/x", "..")], ""),
            (&[("d/x", "../e/./f//g")], "e/f/g"),
            (&[("l", "gone")], "gone"),
            (&[("x", "d/e"), ("l", "x/../f")], "d/f"),
            (&[("a", "b"), ("b", "c"), ("l", "a/x")], "c/x"),
            (&[("a/b/up", "../.."), ("l", "a/b/up/a/b/up/c")], "c"),
        ];
        for (links, led) in links {
            assert_eq!(follow(System::Unix, links).as_deref(), Ok(led), "{links:?}");
        }
    }

    #[test]
    fn a_link_that_leaves_or_never_ends_is_refused() {
        let links: [(&[(&str, &str)], &str); 8] = [
            (&[("l", "/etc/passwd")], "points out"),
            (&[("l", "..")], "points out"),
            (&[("d/l", "../../x")], "points out"),
            (&[("d/l", "../../d/x")], "points out"),
            (&[("d/e/x", "../.."), ("l", "d/e/x/../foo")], "points out"),
            (&[("a", "/tmp"), ("l", "a/x")], "points out"),
            (&[("l", "l")], "goes round in circles"),
            (&[("a", "b/x"), ("b", "a/y"), ("l", "a")], "goes round in circles"),
        ];
        for (links, why) in links {
            let refusal = follow(System::Unix, links).unwrap_err();
            assert!(refusal.contains(why), "{links:?}: {refusal}");
        }
    }

    #[test]
    fn a_path_leads_through_at_most_forty_links() {
        let names: Vec<String> = (0..=42).map(|number| format!("l{number}")).collect();
        let mut links: Vec<(&str, &str)> =
            names.iter().zip(&names[1..]).map(|(at, target)| (&**at, &**target)).collect();
        links.reverse();
        assert_eq!(follow(System::Unix, &links[..41]).as_deref(), Ok("l42"));
        assert!(follow(System::Unix, &links).unwrap_err().contains("goes round in circles"));
    }

    #[test]
    fn the_meaning_of_a_target_depends_on_the_system() {
        let case: &[(&str, &str)] = &[("D/x", ".."), ("l", "d/X/../f")];
        assert_eq!(follow(System::Unix, case).as_deref(), Ok("d/f"));
        assert!(follow(System::Mac, case).is_err());
        for target in ["..\\x", "C:\\x", "c:x"] {
            assert!(follow(System::Unix, &[("l", target)]).is_ok());
            assert!(follow(System::Windows, &[("l", target)]).is_err());
        }
    }
}
