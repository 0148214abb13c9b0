//! The names of temporary directories, by which later runs recognise those that killed runs left.
//! No entry of an archive and no folder of a job may have such a name, because the next run would
//! remove it.

use std::ffi::OsString;

/// Prefix of every temporary directory, which is visible next to the user's files.
pub const PREFIX: &str = ".downriver-";

/// Number of random hexadecimal digits after the prefix.
const DIGITS: usize = 12;

/// Returns a random name for a temporary directory.
pub fn new_name() -> OsString {
    format!("{PREFIX}{:0DIGITS$x}", fastrand::u64(..) >> (64 - 4 * DIGITS)).into()
}

/// Returns true for names that [`new_name`] makes, given as their encoded bytes.
pub fn is_temp_dir(name: &[u8]) -> bool {
    let digits = name.strip_prefix(PREFIX.as_bytes());
    digits.is_some_and(|digits| {
        digits.len() == DIGITS && digits.iter().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_temporary_directories_are_recognised() {
        assert!((0..100).all(|_| is_temp_dir(new_name().as_encoded_bytes())));
        for name in [
            ".downriver-",
            ".downriver-0123",
            ".downriver-0123456789aB",
            ".downriver-0123456789abc",
            ".downriver-kept",
            "downriver-0123456789ab",
        ] {
            assert!(!is_temp_dir(name.as_bytes()), "{name}");
        }
    }
}
