//! Resolution of paths through symlinks, as an operating system does it.

use std::convert::Infallible;

use super::name::System;

/// The number of links that one path may lead through, as on Linux.
const MAX_HOPS: usize = 40;

/// The reason why a path cannot be resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolveError<E> {
    /// It leads out of the root folder.
    Escapes,
    /// It leads through more than 40 links, so that it is probably a loop.
    Loop,
    /// The target of a link could not be read.
    Target(E),
}

/// Resolves a path relative to a folder, and returns its components below the root folder.
///
/// `find` returns the link at a path, or none if there is no link; `read` returns the target of a
/// link, and is called only for links that the path leads through. Components are spelled as
/// [`System::key`] returns them. The result may name nothing.
///
/// `..` behind a link means the parent of the folder that the link points to, and not the parent
/// of the link.
///
/// # Errors
/// If the path leaves the root folder at any point, leads through too many links, or if `read`
/// fails.
pub fn resolve<L, T: AsRef<[u8]>, E>(
    system: System,
    folder: Vec<Vec<u8>>,
    path: &[u8],
    find: impl Fn(&[Vec<u8>]) -> Option<L>,
    mut read: impl FnMut(L) -> Result<T, E>,
) -> Result<Vec<Vec<u8>>, ResolveError<E>> {
    let (mut here, mut ahead, mut hops) = (folder, Vec::new(), 0);
    prepend(&mut ahead, path, system)?;
    while let Some(component) = ahead.pop() {
        match component.as_slice() {
            b"" | b"." => {}
            b".." => {
                here.pop().ok_or(ResolveError::Escapes)?;
            }
            component => {
                here.push(system.key(component).into_owned());
                let Some(link) = find(&here) else { continue };
                hops += 1;
                if hops > MAX_HOPS {
                    return Err(ResolveError::Loop);
                }
                let path = read(link).map_err(ResolveError::Target)?;
                here.pop();
                prepend(&mut ahead, path.as_ref(), system)?;
            }
        }
    }
    Ok(here)
}

/// Returns a relative path that leads to the same place from a folder, and in which `..` stands only
/// at the beginning: `a/../b` becomes `b`. Links before a `..` are replaced by their targets. A path
/// without such a `..` is returned as it is.
///
/// `find` returns the target of the link at a path, or none if there is no link. Returns `None` if a
/// `..` does not follow a folder, or if the path leads through too many links.
pub fn without_inner_parents(
    system: System,
    folder: &[Vec<u8>],
    path: &[u8],
    find: impl Fn(&[Vec<u8>]) -> Option<Vec<u8>>,
    is_folder: impl Fn(&[Vec<u8>]) -> bool,
) -> Option<Vec<u8>> {
    if !has_inner_parents(path) {
        return Some(path.to_owned());
    }
    let (mut ahead, mut hops) = (Vec::new(), 0);
    let (mut parents, mut names): (usize, Vec<Vec<u8>>) = (0, Vec::new());
    let at = |parents: usize, names: &[Vec<u8>]| -> Option<Vec<Vec<u8>>> {
        let mut at = folder[..folder.len().checked_sub(parents)?].to_vec();
        at.extend(names.iter().map(|name| system.key(name).into_owned()));
        Some(at)
    };
    prepend::<Infallible>(&mut ahead, path, system).ok()?;
    while let Some(component) = ahead.pop() {
        match component.as_slice() {
            b"" | b"." => {}
            b".." if names.is_empty() => parents += 1,
            b".." => {
                if !is_folder(&at(parents, &names)?) {
                    return None;
                }
                names.pop();
            }
            _ => {
                names.push(component);
                // What follows the last `..` stays as it is.
                if !ahead.iter().any(|component| component == b"..") {
                    continue;
                }
                let Some(target) = find(&at(parents, &names)?) else { continue };
                hops += 1;
                if hops > MAX_HOPS {
                    return None;
                }
                names.pop();
                prepend::<Infallible>(&mut ahead, &target, system).ok()?;
            }
        }
    }
    let parents = std::iter::repeat_n(b"..".to_vec(), parents);
    let path = parents.chain(names).collect::<Vec<_>>().join(&b'/');
    Some(if path.is_empty() { b".".to_vec() } else { path })
}

/// Returns true if a `..` of a path follows a name.
fn has_inner_parents(path: &[u8]) -> bool {
    let mut components = path.split(|byte| *byte == b'/');
    components.any(|component| !matches!(component, b"" | b"." | b".."))
        && components.any(|component| component == b"..")
}

/// Puts the components of a relative path before those that are still to be resolved.
fn prepend<E>(
    ahead: &mut Vec<Vec<u8>>,
    path: &[u8],
    system: System,
) -> Result<(), ResolveError<E>> {
    // On Windows, a backslash separates components and a colon follows a drive letter; elsewhere
    // both are ordinary characters.
    let windows = system == System::Windows;
    if path.starts_with(b"/") || windows && path.iter().any(|byte| b"\\:".contains(byte)) {
        return Err(ResolveError::Escapes);
    }
    ahead.extend(path.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    type LinkTable<'a> = &'a [(&'a str, &'a str)];

    fn check(system: System, links: LinkTable<'_>, path: &str) -> Result<String, ResolveError<()>> {
        let joined = |at: &[Vec<u8>]| String::from_utf8(at.join(&b'/')).unwrap();
        let find = |at: &[Vec<u8>]| links.iter().position(|(link, _)| *link == joined(at));
        let read = |link: usize| match links[link].1 {
            "unreadable" => Err(()),
            target => Ok(target),
        };
        resolve(system, Vec::new(), path.as_bytes(), find, read).map(|end| joined(&end))
    }

    #[test]
    fn a_path_leads_through_the_links_on_its_way() {
        let links = [
            ("current", "releases/2"),
            ("releases/2/lib", "../../shared/lib"),
            ("up", "releases/2/lib/.."),
            ("out", "../x"),
            ("root", "/etc"),
            ("drive", "c:x"),
            ("self", "self"),
            ("ping", "pong/x"),
            ("pong", "ping/y"),
            ("broken", "unreadable"),
        ];
        for (path, expect) in [
            ("plain/file", Ok("plain/file")),
            ("current", Ok("releases/2")),
            ("current/readme", Ok("releases/2/readme")),
            ("current/lib/a.so", Ok("shared/lib/a.so")),
            ("up/b", Ok("shared/b")),
            ("drive", Ok("c:x")),
            ("./a//b/../c", Ok("a/c")),
            ("out", Err(ResolveError::Escapes)),
            ("a/../..", Err(ResolveError::Escapes)),
            ("root/passwd", Err(ResolveError::Escapes)),
            ("self", Err(ResolveError::Loop)),
            ("ping", Err(ResolveError::Loop)),
            ("broken/a", Err(ResolveError::Target(()))),
        ] {
            let result = check(System::Unix, &links, path);
            assert_eq!(result.as_deref().map_err(|error| *error), expect, "{path}");
        }
        assert_eq!(check(System::Windows, &links, "drive"), Err(ResolveError::Escapes));
        assert_eq!(check(System::Mac, &links, "CURRENT").as_deref(), Ok("releases/2"));
    }

    #[test]
    fn targets_are_read_only_up_to_the_limit() {
        let mut read = 0;
        let end = resolve(
            System::Unix,
            Vec::new(),
            b"a",
            |_| Some(()),
            |()| {
                read += 1;
                Ok::<_, ()>("a")
            },
        );
        assert_eq!((end, read), (Err(ResolveError::Loop), MAX_HOPS));
    }
}
