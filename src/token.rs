//! Tokens: secrets that cannot be printed by accident.

use std::fmt;

/// The prefix of job tokens (GitLab 16.0 and newer); older ones have none.
const JOB_TOKEN_PREFIX: &str = "glcbt-";

/// A token. It has no `Display`, and its `Debug` hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    kind: Kind,
    secret: String,
}

/// The kind of a token, which determines how it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A personal, project or group access token.
    Private,
    /// The token of a running CI job.
    Job,
    /// A pipeline trigger token, which can only start pipelines.
    Trigger,
}

impl Kind {
    /// Returns the name of the header; for a trigger token, which is never sent in a header, the
    /// name of the form field.
    pub const fn header(self) -> &'static str {
        match self {
            Kind::Private => "PRIVATE-TOKEN",
            Kind::Job => "JOB-TOKEN",
            Kind::Trigger => "token",
        }
    }

    /// Returns the environment variable for tokens of this kind.
    pub const fn variable(self) -> &'static str {
        match self {
            Kind::Private => "GITLAB_TOKEN",
            Kind::Job => "CI_JOB_TOKEN",
            Kind::Trigger => "DOWNRIVER_PIPELINE_TOKEN",
        }
    }
}

/// The reason for refusing a text as a token. It never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    Empty,
    LineBreak,
    /// A blank, a quote or a character outside of printable ASCII.
    Character,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unusable::Empty => "is empty",
            Unusable::LineBreak => "contains a line break",
            Unusable::Character => {
                "contains a character that no token has (a blank or a quote, perhaps)"
            }
        })
    }
}

impl Token {
    /// Creates a token of the given kind. One trailing line break is dropped, because files and
    /// masked variables end with one; any other character that a header cannot contain is refused.
    /// A job token that is given as a private token is recognised by its prefix.
    pub fn new(kind: Kind, text: &str) -> Result<Token, Unusable> {
        let secret =
            text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if secret.is_empty() {
            return Err(Unusable::Empty);
        }
        if secret.contains(['\r', '\n']) {
            return Err(Unusable::LineBreak);
        }
        if !secret.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\'') {
            return Err(Unusable::Character);
        }
        let kind = if secret.starts_with(JOB_TOKEN_PREFIX) { Kind::Job } else { kind };
        Ok(Token { kind, secret: secret.to_owned() })
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns true for the name of a variable in place of its value: `$NAME`, `${NAME}` or
    /// `%NAME%`. GitLab leaves it so if the job may not read the variable.
    pub fn is_variable_name(&self) -> bool {
        let braced = |text: &'_ str| {
            let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            is_identifier(inner.unwrap_or(text))
        };
        let percent = self.secret.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'));
        self.secret.strip_prefix('$').is_some_and(braced) || percent.is_some_and(is_identifier)
    }

    /// Returns the secret, for building requests only.
    pub fn reveal(&self) -> &str {
        &self.secret
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, [hidden])", self.kind.header())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_names_the_kind_and_hides_the_secret() {
        let token = Token::new(Kind::Private, "glpat-abc").unwrap();
        assert_eq!(format!("{token:?}"), "Token(PRIVATE-TOKEN, [hidden])");
    }

    #[test]
    fn a_job_token_is_recognised_where_a_private_token_belongs() {
        assert_eq!(Token::new(Kind::Private, "glcbt-64_x").unwrap().kind(), Kind::Job);
        assert_eq!(Token::new(Kind::Private, "glpat-x").unwrap().kind(), Kind::Private);
        assert_eq!(Token::new(Kind::Job, "eyJhbGciOi.J9.x-_").unwrap().kind(), Kind::Job);
    }

    #[test]
    fn the_name_of_a_variable_is_no_token() {
        for (text, expect) in [
            ("$API_TOKEN", true),
            ("${API_TOKEN}", true),
            ("%API_TOKEN%", true),
            ("$", false),
            ("$API-TOKEN", false),
            ("glpat-x", false),
            ("%", false),
        ] {
            let token = Token::new(Kind::Private, text).unwrap();
            assert_eq!(token.is_variable_name(), expect, "{text}");
        }
    }

    #[test]
    fn one_line_break_at_the_end_is_dropped_and_nothing_else() {
        for ends in ["abc", "abc\n", "abc\r\n"] {
            assert_eq!(Token::new(Kind::Private, ends).unwrap().reveal(), "abc");
        }
        for (text, why) in [
            ("", Unusable::Empty),
            ("\n", Unusable::Empty),
            ("abc\n\n", Unusable::LineBreak),
            ("a\nb", Unusable::LineBreak),
            ("abc ", Unusable::Character),
            ("\"abc\"", Unusable::Character),
            ("äbc", Unusable::Character),
        ] {
            assert_eq!(Token::new(Kind::Private, text), Err(why), "{text:?}");
        }
    }
}
