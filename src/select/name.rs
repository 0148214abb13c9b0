//! Checks of entry names for each operating system. Unsafe names are refused, never rewritten.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::model::EntryKind;
use crate::refusal::ArchiveRefusal;
use crate::sanitize::escape_bytes;
use crate::temp_name::is_temp_dir;

/// The operating system whose rules for file names apply: the one that extracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    Unix,
    Mac,
    Windows,
}

/// The maximum length of a path in bytes (`PATH_MAX` of Linux).
const MAX_PATH_BYTES: usize = 4096;
/// The maximum number of components of a path.
const MAX_LEVELS: usize = 512;

impl System {
    /// Returns the system that this program was built for.
    pub const fn here() -> System {
        if cfg!(windows) {
            System::Windows
        } else if cfg!(target_vendor = "apple") {
            System::Mac
        } else {
            System::Unix
        }
    }

    /// Returns the key of a name; names of one key are one name on this system. macOS and Windows
    /// ignore case and Unicode normalization forms.
    pub fn key(self, name: &[u8]) -> Cow<'_, [u8]> {
        if self == System::Unix {
            return Cow::Borrowed(name);
        }
        // A name that is not UTF-8 is refused on the other systems.
        let Ok(text) = std::str::from_utf8(name) else { return Cow::Borrowed(name) };
        if text.is_ascii() {
            return Cow::Owned(name.to_ascii_lowercase());
        }
        // Through upper case, because some letters have two lower-case forms (σ and ς). The second
        // NFC is needed because a change of case can leave the normal form.
        let folded: String =
            text.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
        Cow::Owned(folded.nfc().collect::<String>().into_bytes())
    }
}

/// Splits the name of an entry into the components of its path. The folder `./`, which is the
/// destination itself, has none.
///
/// # Errors
/// [`ArchiveRefusal::Leaves`] or [`ArchiveRefusal::Name`].
pub fn components(
    name: &[u8],
    kind: EntryKind,
    system: System,
) -> Result<Vec<&[u8]>, ArchiveRefusal> {
    let entry = || escape_bytes(name).into_owned();
    let refused = |why| Err(ArchiveRefusal::Name { entry: entry(), why });
    let leaves = || Err(ArchiveRefusal::Leaves { entry: entry() });
    if name.is_empty() {
        return refused("has no name");
    }
    if name.contains(&0) {
        return refused("has a NUL in its name");
    }
    if name.starts_with(b"/") || is_drive(name) {
        return leaves();
    }
    if name.contains(&b'\\') {
        return refused("has a backslash in its name");
    }
    if name.len() > MAX_PATH_BYTES {
        return refused("has a name of more than 4096 bytes");
    }
    let parts = || name.split(|byte| *byte == b'/');
    let mut components = Vec::with_capacity(parts().count());
    for component in parts() {
        match component {
            b"" | b"." => continue,
            b".." => return leaves(),
            component => match component_error(component, system) {
                Some(why) => return refused(why),
                None => components.push(component),
            },
        }
    }
    if components.len() > MAX_LEVELS {
        return refused("has more than 512 levels in its name");
    }
    let last = parts().next_back().unwrap_or_default();
    match kind {
        EntryKind::Folder => {}
        _ if last.is_empty() => return refused("is no folder and is called like one"),
        _ if last == b"." => return refused("is no folder and is called `.`"),
        _ => {}
    }
    Ok(components)
}

/// Returns the components of a name that [`components`] has accepted.
pub fn split(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    name.split(|byte| *byte == b'/').filter(|component| !matches!(*component, b"" | b"."))
}

/// Returns a folder name for the files of a job that is valid on every system: each character that
/// is not allowed becomes `_`.
pub fn folder_name(job: &str) -> String {
    let mut name: String =
        job.chars().map(|c| if is_separator(c) || is_forbidden(c) { '_' } else { c }).collect();
    // A truncated name leaves room for the `_` in front of a device name.
    let max_bytes = if is_device(&name) { 254 } else { 255 };
    while name.len() > max_bytes {
        name.pop();
    }
    let kept = name.trim_end_matches(['.', ' ']).len();
    let dropped = name[kept..].chars().count();
    name.truncate(kept);
    name.extend(std::iter::repeat_n('_', dropped));
    if is_temp_dir(name.as_bytes()) {
        name.replace_range(..1, "_");
    }
    if name.is_empty() || is_device(&name) {
        name.insert(0, '_');
    }
    name
}

fn component_error(component: &[u8], system: System) -> Option<&'static str> {
    const TOO_LONG: Option<&str> = Some("has too long a part in its name");
    if system == System::Unix {
        return if component.len() > 255 { TOO_LONG } else { None };
    }
    let Ok(component) = std::str::from_utf8(component) else {
        return Some("has a name that is not UTF-8, which this system cannot keep");
    };
    if component.encode_utf16().count() > 255 {
        return TOO_LONG;
    }
    if system != System::Windows {
        return None;
    }
    if component.ends_with(['.', ' ']) {
        Some("has a name that ends with a dot or a space, which Windows drops")
    } else if component.contains(is_forbidden) {
        Some("has a character in its name that Windows does not allow")
    } else if is_device(component) {
        Some("has the name of a device on Windows")
    } else {
        None
    }
}

/// Returns true for `C:` and `C:/a`, but not for a file called `x:y`.
fn is_drive(name: &[u8]) -> bool {
    matches!(name, [letter, b':'] | [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

fn is_separator(c: char) -> bool {
    matches!(c, '/' | '\\')
}

fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

/// Returns true for names of Windows devices, whatever their case and extension.
fn is_device(component: &str) -> bool {
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
