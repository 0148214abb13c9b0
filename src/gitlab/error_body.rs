//! Bodies of error responses: GitLab's JSON in every shape it uses, the plain text and HTML of
//! proxies in front of it, the XML of object storage.
//!
//! GitLab has no error codes, so its messages are recognised by their text. That happens here
//! and nowhere else.

use serde_json::Value;

use crate::sanitize::sanitize;

/// The longest message that is shown, in characters.
const MAX_MESSAGE: usize = 300;

/// The body of an error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorBody {
    /// The server's message, sanitised to one line; empty if there is none.
    pub message: String,
    pub form: Form,
    pub meaning: Meaning,
}

/// Messages of GitLab that exit codes or hints depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The token lacks a scope (OAuth's `insufficient_scope`).
    InsufficientScope,
    /// The job token lacks a fine-grained permission.
    JobTokenPermission,
    /// The request used the old path of a project, and is not a GET.
    ProjectMoved,
    /// The API has no such route (Grape's fallback, in the field `error`).
    UnknownRoute,
    /// The project exists and is readable, but has no such record. The lower-case "found" is what
    /// distinguishes this message (`lib/api/helpers.rb`).
    NoRecord,
    /// Any other message.
    Other,
}

impl Meaning {
    fn of(message: &str, form: Form) -> Meaning {
        match message {
            "404 Not Found" if form == Form::Error => Meaning::UnknownRoute,
            "404 Not found" | "404 Commit Not Found" => Meaning::NoRecord,
            _ if message.contains("insufficient") && message.contains("scope") => {
                Meaning::InsufficientScope
            }
            _ if message.contains("token permission is required") => Meaning::JobTokenPermission,
            _ if message.contains("moved projects") => Meaning::ProjectMoved,
            _ => Meaning::Other,
        }
    }
}

impl ErrorBody {
    fn new(text: &str, form: Form) -> ErrorBody {
        let message = line(text);
        ErrorBody { meaning: Meaning::of(&message, form), message, form }
    }
}

/// The format of an error body, which shows its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// GitLab's `{"message": …}`.
    Message,
    /// GitLab's `{"error": …}`: about the route, its parameters or, as in OAuth, the token.
    Error,
    /// A web page: a sign-in form, a proxy, a load balancer.
    Page,
    /// Object storage.
    Xml,
    Text,
}

/// Parses the body of an error response.
pub fn parse(body: &[u8]) -> ErrorBody {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('{')
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        return from_json(&value);
    }
    if is_page(text) {
        let title = between(text, "<title", "</title>").unwrap_or_default();
        return ErrorBody::new(&title, Form::Page);
    }
    if text.starts_with("<?xml") || text.starts_with("<Error") {
        let element = |name: &str| between(text, &format!("<{name}"), &format!("</{name}>"));
        let texts: Vec<String> =
            [element("Code"), element("Message")].into_iter().flatten().collect();
        return ErrorBody::new(&texts.join(": "), Form::Xml);
    }
    ErrorBody::new(text.lines().next().unwrap_or_default(), Form::Text)
}

/// Returns true if a text starts like an HTML document, whatever its content type.
pub fn is_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(14).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head")
}

fn from_json(value: &Value) -> ErrorBody {
    if let Some(message) = value.get("message") {
        return ErrorBody::new(&flatten(message), Form::Message);
    }
    let error = value.get("error").map(flatten).unwrap_or_default();
    let description = value.get("error_description").map(flatten);
    let text = description.map(|more| format!("{error}: {more}")).unwrap_or(error);
    ErrorBody::new(&text, Form::Error)
}

/// Joins the texts of `"text"`, `["a", "b"]`, `{"base": ["a"]}` and `{"error": "a"}`.
fn flatten(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(flatten).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| match name.as_str() {
                "base" | "error" => flatten(value),
                _ => format!("{name}: {}", flatten(value)),
            };
            fields.iter().map(field).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

/// Returns the text of an element, without its tags.
fn between(text: &str, open: &str, close: &str) -> Option<String> {
    let (_, rest) = text.split_once(open)?;
    let (_, rest) = rest.split_once('>')?;
    let (inner, _) = rest.split_once(close)?;
    Some(inner.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Shortens and sanitises a message.
fn line(text: &str) -> String {
    let mut line: String = text.trim().chars().take(MAX_MESSAGE).collect();
    if text.trim().chars().count() > MAX_MESSAGE {
        line.push('…');
    }
    sanitize(&line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_a_body_becomes_one_line() {
        for (body, message, form) in [
            (r#"{"message":"404 Project Not Found"}"#, "404 Project Not Found", Form::Message),
            (
                r#"{"message":{"base":["Reference not found"]}}"#,
                "Reference not found",
                Form::Message,
            ),
            (r#"{"message":{"error":"Try again later."}}"#, "Try again later.", Form::Message),
            (r#"{"message":{"ref":["is bad","is long"]}}"#, "ref: is bad, is long", Form::Message),
            (r#"{"error":"404 Not Found"}"#, "404 Not Found", Form::Error),
            (
                r#"{"error":"invalid_token","error_description":"Expired."}"#,
                "invalid_token: Expired.",
                Form::Error,
            ),
            ("Retry later\n", "Retry later", Form::Text),
            (
                "<!DOCTYPE html><html><head>\n<title class=\"x\">Sign in</title>",
                "Sign in",
                Form::Page,
            ),
            ("<html><body>oops</body></html>", "", Form::Page),
            (
                "<?xml version=\"1.0\"?><Error><Code>A</Code><Message>B</Message></Error>",
                "A: B",
                Form::Xml,
            ),
            ("{broken", "{broken", Form::Text),
            ("", "", Form::Text),
        ] {
            let parsed = parse(body.as_bytes());
            assert_eq!((&*parsed.message, parsed.form), (message, form), "{body}");
        }
    }

    #[test]
    fn what_a_server_says_is_short_and_harmless() {
        let loud = format!(r#"{{"message":"\u001b[31m{}"}}"#, "x".repeat(1000));
        let body = parse(loud.as_bytes());
        assert!(body.message.starts_with("\\u{1b}[31mxxx"));
        assert!(body.message.chars().count() < 320);
    }
    #[test]
    fn messages_of_gitlab_are_recognised() {
        for (body, meaning) in [
            (r#"{"error":"404 Not Found"}"#, Meaning::UnknownRoute),
            (r#"{"message":"404 Not Found"}"#, Meaning::Other),
            (r#"{"message":"404 Not found"}"#, Meaning::NoRecord),
            (r#"{"message":"404 Commit Not Found"}"#, Meaning::NoRecord),
            (r#"{"message":"404 Project Not Found"}"#, Meaning::Other),
            (
                r#"{"error":"insufficient_scope","error_description":"The request requires …"}"#,
                Meaning::InsufficientScope,
            ),
            (
                r#"{"message":"403 Forbidden - The following token permission is required: x."}"#,
                Meaning::JobTokenPermission,
            ),
            (
                r#"{"message":"Non GET methods are not allowed for moved projects"}"#,
                Meaning::ProjectMoved,
            ),
            ("", Meaning::Other),
        ] {
            assert_eq!(parse(body.as_bytes()).meaning, meaning, "{body}");
        }
    }
}
