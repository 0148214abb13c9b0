//! Quoting of words in lines that a user can paste into a shell.

use std::borrow::Cow;

use crate::sanitize::sanitize_whole;

/// Quotes a word for POSIX shells, if it needs that. Control characters are escaped for display.
pub fn quoted(word: &str) -> String {
    let word = sanitize_whole(word).to_string();
    // Only a NUL cannot be quoted, and none is left.
    shlex::try_quote(&word).map(Cow::into_owned).unwrap_or_default()
}

/// Quotes a word even if it does not need that, as people are used to see addresses.
pub fn in_quotes(word: &str) -> String {
    let quoted = quoted(word);
    if quoted.starts_with(['\'', '"']) { quoted } else { format!("'{quoted}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word() {
        for (word, expect) in [
            ("https://gitlab.test/api/v4", "https://gitlab.test/api/v4"),
            ("a b", "'a b'"),
            ("$(reboot)", "'$(reboot)'"),
            ("it's", "\"it's\""),
            ("`reboot`", "'`reboot`'"),
            ("a\nb", "\"a\\\\u{a}b\""),
            ("", "''"),
        ] {
            let quoted = quoted(word);
            assert_eq!(quoted, expect);
            let always = in_quotes(word);
            assert_eq!(shlex::split(&always), shlex::split(&quoted), "{always}");
            assert_eq!(shlex::split(&quoted).map(|words| words.len()), Some(1), "{quoted}");
        }
    }
}
