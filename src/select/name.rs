//! Which names of entries are safe on which system. Nothing is ever made safe by rewriting it.

use unicode_normalization::UnicodeNormalization;

use crate::model::EntryKind;
use crate::refusal::ArchiveRefusal;

/// What decides over names is the system that the files land on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    Unix,
    Mac,
    Windows,
}

/// The longest whole name in bytes; no system opens a longer one.
const LONGEST: usize = 4096;

impl System {
    /// The one that this program was built for.
    pub const fn here() -> System {
        if cfg!(windows) {
            System::Windows
        } else if cfg!(target_vendor = "apple") {
            System::Mac
        } else {
            System::Unix
        }
    }

    /// Names with one key are one name here: on a Mac and on Windows, case does not count, nor
    /// which of its forms a Unicode text has.
    pub fn key(self, name: &str) -> String {
        match self {
            System::Unix => name.to_owned(),
            System::Mac | System::Windows if name.is_ascii() => name.to_ascii_lowercase(),
            // By way of upper case, because some letters have two lower ones; and changing case
            // can leave the normal form.
            System::Mac | System::Windows => name
                .nfc()
                .flat_map(char::to_uppercase)
                .flat_map(char::to_lowercase)
                .collect::<String>()
                .nfc()
                .collect(),
        }
    }
}

/// Splits the name of an entry into the components of its path. None at all are left of a folder
/// `./`, which is the destination itself.
pub fn components(
    name: &str,
    kind: EntryKind,
    system: System,
) -> Result<Vec<&str>, ArchiveRefusal> {
    let refused = |why| Err(ArchiveRefusal::Name { entry: name.to_owned(), why });
    let leaves = || Err(ArchiveRefusal::Leaves { entry: name.to_owned() });
    if name.is_empty() {
        return refused("has no name");
    }
    if name.contains('\0') {
        return refused("has a NUL in its name");
    }
    if name.starts_with('/') || drive(name) {
        return leaves();
    }
    if name.contains('\\') {
        return refused("has a backslash in its name");
    }
    if name.len() > LONGEST {
        return refused("has a name of more than 4096 bytes");
    }
    let mut components = Vec::with_capacity(name.split('/').count());
    for component in name.split('/') {
        match component {
            "" | "." => continue,
            ".." => return leaves(),
            component => match wrong(component, system) {
                Some(why) => return refused(why),
                None => components.push(component),
            },
        }
    }
    let last = name.rsplit('/').next().unwrap_or_default();
    match kind {
        EntryKind::Folder => {}
        _ if last.is_empty() => return refused("is no folder and is called like one"),
        _ if last == "." => return refused("is no folder and is called `.`"),
        _ => {}
    }
    Ok(components)
}

/// The name of a folder for the files of a job: what no file name may hold anywhere is `_`.
pub fn folder_name(job: &str) -> String {
    let mut name: String =
        job.chars().map(|c| if separates(c) || forbidden(c) { '_' } else { c }).collect();
    // A name that is cut keeps room for the `_` before that of a device.
    let longest = if reserved(&name) { 254 } else { 255 };
    while name.len() > longest {
        name.pop();
    }
    let kept = name.trim_end_matches(['.', ' ']).len();
    let dropped = name[kept..].chars().count();
    name.truncate(kept);
    name.extend(std::iter::repeat_n('_', dropped));
    if name.is_empty() || reserved(&name) {
        name.insert(0, '_');
    }
    name
}

fn wrong(component: &str, system: System) -> Option<&'static str> {
    let length = match system {
        System::Unix => component.len(),
        System::Mac | System::Windows => component.encode_utf16().count(),
    };
    if length > 255 {
        return Some("has too long a part in its name");
    }
    if system != System::Windows {
        return None;
    }
    if component.ends_with(['.', ' ']) {
        Some("has a name that ends with a dot or a space, which Windows drops")
    } else if component.contains(forbidden) {
        Some("has a character in its name that Windows does not allow")
    } else if reserved(component) {
        Some("has the name of a device on Windows")
    } else {
        None
    }
}

/// `C:` and `C:/a`; a file called `x:y` is one, except on Windows.
fn drive(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':'] | [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

fn separates(c: char) -> bool {
    matches!(c, '/' | '\\')
}

fn forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

/// A device keeps its name whatever its extension and case.
fn reserved(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let stem = stem.to_ascii_uppercase();
    let numbered = ["COM", "LPT"].iter().any(|device| {
        stem.strip_prefix(device).is_some_and(|number| {
            matches!(
                number,
                "1" | "2"
                    | "3"
                    | "4"
                    | "5"
                    | "6"
                    | "7"
                    | "8"
                    | "9"
                    | "\u{b9}"
                    | "\u{b2}"
                    | "\u{b3}"
            )
        })
    });
    numbered || ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&stem.as_str())
}

#[cfg(test)]
mod tests;
