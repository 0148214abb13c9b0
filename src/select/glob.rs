//! Globs of files and of job names, with the meaning that doublestar gives them, which GitLab's
//! `artifacts:paths` uses.
//!
//! The crates that were tried match bytes (globset, fast-glob, glob-match), so that `?` misses `ü`,
//! or refuse patterns that GitLab takes (wax).

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::str::Chars;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The maximum number of patterns that the braces of one pattern may stand for.
const MAX_ALTERNATIVES: usize = 1024;

/// A compiled glob.
#[derive(Debug, Clone)]
pub struct Glob {
    alternatives: Vec<Alternative>,
}

/// A pattern without braces.
#[derive(Debug, Clone)]
struct Alternative {
    parts: Vec<Part>,
    /// The pattern ends in a slash, which only a folder has.
    folder: bool,
}

/// A component of a pattern.
#[derive(Debug, Clone)]
enum Part {
    /// `**`: any number of components.
    Any,
    One(Vec<Token>),
}

#[derive(Debug, Clone)]
enum Token {
    Char(char),
    /// `?`: one character.
    AnyChar,
    /// `*`: any number of characters.
    AnyRun,
    /// `[a-z]`: one character of these ranges, or of none of them.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// A pattern that is not a valid glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobError {
    pattern: String,
    why: &'static str,
}

impl Glob {
    /// Compiles a pattern of paths: `*`, `?` and classes stay within a component, and `**` as a
    /// whole component stands for any number of them. Repeated slashes, `.` and `..` are resolved.
    ///
    /// # Errors
    /// If the pattern is malformed: an unclosed bracket or brace, an empty class, or a backslash at
    /// its end.
    pub fn of_paths(pattern: &str) -> Result<Glob, GlobError> {
        Glob::compile(pattern, |tokens| {
            let folder = matches!(tokens.last(), Some(Token::Char('/')));
            let mut parts: Vec<Part> = Vec::new();
            for component in tokens.split(|token| matches!(token, Token::Char('/'))) {
                match component {
                    [] | [Token::Char('.')] => {}
                    [Token::AnyRun, Token::AnyRun] => parts.push(Part::Any),
                    [Token::Char('.'), Token::Char('.')]
                        if matches!(parts.last(), Some(Part::One(_))) =>
                    {
                        parts.pop();
                    }
                    tokens => parts.push(Part::One(tokens.to_vec())),
                }
            }
            Alternative { parts, folder }
        })
    }

    /// Compiles a pattern of names, in which a slash is an ordinary character.
    ///
    /// # Errors
    /// As [`Glob::of_paths`].
    pub fn of_names(pattern: &str) -> Result<Glob, GlobError> {
        let one = |tokens| Alternative { parts: vec![Part::One(tokens)], folder: false };
        Glob::compile(pattern, one)
    }

    fn compile(
        pattern: &str,
        alternative: impl Fn(Vec<Token>) -> Alternative,
    ) -> Result<Glob, GlobError> {
        let invalid = |why| GlobError { pattern: pattern.to_owned(), why };
        let mut flat = Vec::new();
        expand(&normalized(pattern), &mut flat).map_err(invalid)?;
        let alternatives = flat.iter().map(|flat| Ok(alternative(tokens(flat)?)));
        Ok(Glob { alternatives: alternatives.collect::<Result<_, _>>().map_err(invalid)? })
    }

    /// Returns a glob that also matches everything below the folders that the pattern names: by a
    /// slash at its end, or by a last component without wildcards.
    pub fn with_contents(mut self) -> Glob {
        for Alternative { parts, folder } in &mut self.alternatives {
            let named = match parts.last() {
                None => true,
                Some(Part::Any) => false,
                Some(Part::One(tokens)) => tokens.iter().all(|t| matches!(t, Token::Char(_))),
            };
            if *folder || named {
                parts.push(Part::Any);
            }
        }
        self
    }

    /// Returns true if a path matches, given as components that [`normalized`] has returned.
    pub fn matches<S: AsRef<str>>(&self, components: &[S]) -> bool {
        self.alternatives.iter().any(|alternative| match_parts(&alternative.parts, components))
    }
}

/// Returns a text in the Unicode normal form that patterns have: both forms of one name match.
pub fn normalized(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Replaces a pattern by those that its braces stand for.
fn expand(pattern: &str, into: &mut Vec<String>) -> Result<(), &'static str> {
    let Some(open) = opening_brace(pattern) else {
        if into.len() == MAX_ALTERNATIVES {
            return Err("its braces stand for more than 1024 patterns");
        }
        into.push(pattern.to_owned());
        return Ok(());
    };
    let (before, inside) = (&pattern[..open], &pattern[open + 1..]);
    let (mut depth, mut start, mut choices, mut end) = (1, 0, Vec::new(), None);
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '{' => depth += 1,
            ',' if depth == 1 => {
                choices.push(&inside[start..at]);
                start = at + 1;
            }
            '}' if depth == 1 => {
                choices.push(&inside[start..at]);
                end = Some(at + 1);
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    let after = &inside[end.ok_or("its `{` is never closed")?..];
    choices.into_iter().try_for_each(|choice| expand(&format!("{before}{choice}{after}"), into))
}

/// Returns the position of the first brace that is neither escaped nor part of a class.
fn opening_brace(pattern: &str) -> Option<usize> {
    let mut chars = pattern.char_indices();
    let mut in_class = false;
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '{' if !in_class => return Some(at),
            _ => {}
        }
    }
    None
}

/// Parses a pattern without braces.
fn tokens(pattern: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '*' => Token::AnyRun,
            '?' => Token::AnyChar,
            '[' => class(&mut chars)?,
            '\\' => Token::Char(chars.next().ok_or("it ends with a backslash")?),
            c => Token::Char(c),
        });
    }
    Ok(tokens)
}

/// Parses a class behind its opening bracket.
fn class(chars: &mut Chars<'_>) -> Result<Token, &'static str> {
    const UNCLOSED: &str = "its `[` is never closed";
    let negated = chars.as_str().starts_with(['!', '^']);
    if negated {
        chars.next();
    }
    if chars.as_str().starts_with(']') {
        return Err("it has a class `[]` without characters");
    }
    let mut ranges = Vec::new();
    loop {
        let first = match chars.next().ok_or(UNCLOSED)? {
            ']' => return Ok(Token::Class { negated, ranges }),
            '\\' => chars.next().ok_or(UNCLOSED)?,
            first => first,
        };
        let mut ahead = chars.clone();
        let last = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) if last != ']' => {
                *chars = ahead;
                if last == '\\' { chars.next().ok_or(UNCLOSED)? } else { last }
            }
            _ => first,
        };
        ranges.push((first, last));
    }
}

/// Matches components against parts. On a mismatch, the last `**` takes one component more.
fn match_parts<S: AsRef<str>>(parts: &[Part], components: &[S]) -> bool {
    let (mut part, mut at) = (0, 0);
    let mut last_any = None;
    loop {
        match (parts.get(part), components.get(at)) {
            (Some(Part::Any), _) => {
                part += 1;
                last_any = Some((part, at));
                continue;
            }
            (Some(Part::One(tokens)), Some(component))
                if match_tokens(tokens, component.as_ref()) =>
            {
                (part, at) = (part + 1, at + 1);
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        match &mut last_any {
            Some((after, from)) if *from < components.len() => {
                *from += 1;
                (part, at) = (*after, *from);
            }
            _ => return false,
        }
    }
}

/// Matches a text against tokens. On a mismatch, the last `*` takes one character more.
fn match_tokens(tokens: &[Token], text: &str) -> bool {
    let (mut token, mut rest) = (0, text.chars());
    let mut last_run: Option<(usize, Chars<'_>)> = None;
    loop {
        match tokens.get(token) {
            Some(Token::AnyRun) => {
                token += 1;
                last_run = Some((token, rest.clone()));
                continue;
            }
            Some(one) => {
                let mut ahead = rest.clone();
                if ahead.next().is_some_and(|c| one.matches(c)) {
                    (token, rest) = (token + 1, ahead);
                    continue;
                }
            }
            None if rest.as_str().is_empty() => return true,
            None => {}
        }
        let Some((after, from)) = &mut last_run else { return false };
        if from.next().is_none() {
            return false;
        }
        (token, rest) = (*after, from.clone());
    }
}

impl Token {
    /// Returns true if the token stands for this character.
    fn matches(&self, c: char) -> bool {
        match self {
            Token::Char(wanted) => *wanted == c,
            Token::AnyChar | Token::AnyRun => true,
            Token::Class { negated, ranges } => {
                ranges.iter().any(|(first, last)| (first..=last).contains(&&c)) != *negated
            }
        }
    }
}

impl Display for GlobError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let GlobError { pattern, why } = self;
        write!(f, "`{}` is not a valid pattern: {why}", crate::sanitize::sanitize(pattern))
    }
}

impl std::error::Error for GlobError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_path(glob: &Glob, path: &str) -> bool {
        let path = normalized(path).into_owned();
        glob.matches(&path.split('/').collect::<Vec<_>>())
    }

    /// Rows of pattern, path and result; a result of null means that the pattern is malformed.
    #[test]
    fn patterns_mean_what_doublestar_takes_them_for() {
        let rows = include_str!("../../fixtures/patterns/doublestar.json");
        let rows: Vec<(String, String, Option<bool>)> = serde_json::from_str(rows).unwrap();
        for (pattern, path, expect) in rows {
            let found = Glob::of_paths(&pattern).ok().map(|glob| of_path(&glob, &path));
            assert_eq!(found, expect, "{pattern} for {path}");
        }
    }

    #[test]
    fn malformed_patterns_are_named_with_the_reason() {
        for (pattern, why) in [
            ("a[", "its `[` is never closed"),
            ("{a,b", "its `{` is never closed"),
            ("a\\", "it ends with a backslash"),
            ("[]", "it has a class `[]` without characters"),
            (&"{a,b}".repeat(11), "its braces stand for more than 1024 patterns"),
        ] {
            let error = Glob::of_paths(pattern).unwrap_err().to_string();
            assert_eq!(error, format!("`{pattern}` is not a valid pattern: {why}"));
        }
    }

    #[test]
    fn both_unicode_forms_of_a_name_match() {
        for pattern in ["?ber", "über", "u\u{308}ber", "[ü]ber", "[u\u{308}]ber", "[à-ÿ]*"] {
            let glob = Glob::of_names(pattern).unwrap();
            for name in ["über", "u\u{308}ber"] {
                assert!(glob.matches(&[normalized(name)]), "{pattern} for {name:?}");
            }
        }
    }

    #[test]
    fn hard_patterns_take_no_longer_than_the_product_of_both_lengths() {
        let glob = Glob::of_paths(&format!("{}b", "a*".repeat(200))).unwrap();
        assert!(!of_path(&glob, &"a".repeat(2000)));
        let glob = Glob::of_paths(&format!("{}b", "**/a/".repeat(100))).unwrap();
        assert!(!of_path(&glob, &"a/".repeat(500)));
    }
}
