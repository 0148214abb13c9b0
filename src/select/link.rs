//! Where links lead, followed through the other links of the same archive.

use std::collections::HashMap;

use super::name::System;
use crate::refusal::ArchiveRefusal;

/// What to do with the links of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Symlinks {
    /// Make them; one that leaves the destination refuses the archive.
    #[default]
    KeepInside,
    /// Make them wherever they point.
    All,
    /// Leave them out.
    Skip,
    /// A copy of the file that the link points to inside the archive takes its place.
    Copy,
}

/// How many links one way may lead through, as Linux has it.
const MOST_HOPS: usize = 40;

/// All links that will be there, by where they will be.
#[derive(Debug)]
pub struct Links {
    system: System,
    targets: HashMap<Vec<String>, String>,
}

/// Why a way cannot be followed to its end.
enum Astray {
    Leaves,
    Circles,
}

impl Links {
    pub fn new(system: System) -> Links {
        Links { system, targets: HashMap::new() }
    }

    /// A link at the path of these components.
    pub fn add<'c>(&mut self, at: impl IntoIterator<Item = &'c str>, target: &str) {
        let key = self.keys(at);
        self.targets.insert(key, target.to_owned());
    }

    /// Where a link in the end leads to, as components below the destination, spelled as
    /// [`System::key`] has it. That nothing is there is no fault.
    ///
    /// `name` is what a refusal calls the link.
    pub fn follow<'c>(
        &self,
        at: impl IntoIterator<Item = &'c str>,
        name: &str,
    ) -> Result<Vec<String>, ArchiveRefusal> {
        let at = self.keys(at);
        let target = self.targets.get(&at).map_or("", String::as_str);
        let entry = || name.to_owned();
        self.walk(at, target).map_err(|astray| match astray {
            Astray::Leaves => {
                ArchiveRefusal::LinkLeaves { entry: entry(), target: target.to_owned() }
            }
            Astray::Circles => {
                ArchiveRefusal::LinkTarget { entry: entry(), why: "goes round in circles" }
            }
        })
    }

    /// As the system itself will do it: `..` behind a link means the folder above the place the
    /// link leads to, and not the folder above the link.
    fn walk(&self, mut here: Vec<String>, target: &str) -> Result<Vec<String>, Astray> {
        here.pop();
        let mut hops = 0;
        let mut ahead = Vec::new();
        self.turn(target, &mut ahead)?;
        while let Some(component) = ahead.pop() {
            match component {
                "" | "." => {}
                ".." => {
                    here.pop().ok_or(Astray::Leaves)?;
                }
                component => {
                    here.push(self.system.key(component));
                    if let Some(target) = self.targets.get(&here) {
                        hops += 1;
                        if hops > MOST_HOPS {
                            return Err(Astray::Circles);
                        }
                        here.pop();
                        self.turn(target, &mut ahead)?;
                    }
                }
            }
        }
        Ok(here)
    }

    fn turn<'t>(&self, target: &'t str, ahead: &mut Vec<&'t str>) -> Result<(), Astray> {
        // On Windows a backslash separates and a colon names a drive; elsewhere both are letters.
        let windows = self.system == System::Windows;
        if target.starts_with('/') || windows && target.contains(['\\', ':']) {
            return Err(Astray::Leaves);
        }
        ahead.extend(target.split('/').rev());
        Ok(())
    }

    fn keys<'c>(&self, at: impl IntoIterator<Item = &'c str>) -> Vec<String> {
        at.into_iter().map(|component| self.system.key(component)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows the last of the links; each is a path and a target.
    fn follow(system: System, links: &[(&str, &str)]) -> Result<String, String> {
        let mut all = Links::new(system);
        for (at, target) in links {
            all.add(at.split('/'), target);
        }
        let (last, _) = links.last().unwrap();
        let led = all.follow(last.split('/'), last).map(|led| led.join("/"));
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
    fn a_way_leads_through_forty_links_and_no_more() {
        let names: Vec<String> = (0..=42).map(|number| format!("l{number}")).collect();
        let mut links: Vec<(&str, &str)> =
            names.iter().zip(&names[1..]).map(|(at, target)| (&**at, &**target)).collect();
        links.reverse();
        assert_eq!(follow(System::Unix, &links[..41]).as_deref(), Ok("l42"));
        assert!(follow(System::Unix, &links).unwrap_err().contains("goes round in circles"));
    }

    #[test]
    fn what_a_target_means_depends_on_the_system() {
        let case: &[(&str, &str)] = &[("D/x", ".."), ("l", "d/X/../f")];
        assert_eq!(follow(System::Unix, case).as_deref(), Ok("d/f"));
        assert!(follow(System::Mac, case).is_err());
        for target in ["..\\x", "C:\\x", "c:x"] {
            assert!(follow(System::Unix, &[("l", target)]).is_ok());
            assert!(follow(System::Windows, &[("l", target)]).is_err());
        }
    }
}
