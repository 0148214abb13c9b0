//! What came back instead of an answer, in its own words: GitLab's JSON in every shape it uses,
//! the plain text and HTML of what stands before it, the XML of object storage.

use serde_json::Value;

use crate::sanitize::sanitize;

/// No message is repeated beyond this many characters.
const LONGEST: usize = 300;

/// A body that is not the wanted answer, read for what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorBody {
    /// One harmless line; empty where the body says nothing.
    pub words: String,
    pub form: Form,
}

/// Who speaks like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// GitLab's `{"message": …}`.
    Message,
    /// GitLab's `{"error": …}`: the route or its parameters, or the token, as in OAuth.
    Error,
    /// A web page: a sign-in form, a proxy, a load balancer.
    Page,
    /// Object storage.
    Xml,
    Text,
}

/// Reads what a body says.
pub fn parse(body: &[u8]) -> ErrorBody {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('{')
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        return from_json(&value);
    }
    if is_page(text) {
        return ErrorBody {
            words: line(&between(text, "<title", "</title>").unwrap_or_default()),
            form: Form::Page,
        };
    }
    if text.starts_with("<?xml") || text.starts_with("<Error") {
        let part = |name: &str| between(text, &format!("<{name}"), &format!("</{name}>"));
        let words: Vec<String> = [part("Code"), part("Message")].into_iter().flatten().collect();
        return ErrorBody { words: line(&words.join(": ")), form: Form::Xml };
    }
    ErrorBody { words: line(text.lines().next().unwrap_or_default()), form: Form::Text }
}

/// Whether a body is a web page, whatever its content type says.
pub fn is_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(14).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head")
}

fn from_json(value: &Value) -> ErrorBody {
    if let Some(message) = value.get("message") {
        return ErrorBody { words: line(&words_of(message)), form: Form::Message };
    }
    let error = value.get("error").map(words_of).unwrap_or_default();
    let more = value.get("error_description").map(words_of);
    let words = more.map(|more| format!("{error}: {more}")).unwrap_or(error);
    ErrorBody { words: line(&words), form: Form::Error }
}

/// `"text"`, `["a", "b"]`, `{"base": ["a"]}` and `{"error": "a"}`, as one text.
fn words_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words_of).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| match name.as_str() {
                "base" | "error" => words_of(value),
                _ => format!("{name}: {}", words_of(value)),
            };
            fields.iter().map(field).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

/// The text between a tag and its end, without the rest of the opening tag.
fn between(text: &str, open: &str, close: &str) -> Option<String> {
    let (_, rest) = text.split_once(open)?;
    let (_, rest) = rest.split_once('>')?;
    let (inner, _) = rest.split_once(close)?;
    Some(inner.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn line(words: &str) -> String {
    let mut line: String = words.trim().chars().take(LONGEST).collect();
    if words.trim().chars().count() > LONGEST {
        line.push('…');
    }
    sanitize(&line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_a_body_becomes_one_line() {
        for (body, words, form) in [
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
            assert_eq!(parse(body.as_bytes()), ErrorBody { words: words.into(), form }, "{body}");
        }
    }

    #[test]
    fn what_a_server_says_is_short_and_harmless() {
        let loud = format!(r#"{{"message":"\u001b[31m{}"}}"#, "x".repeat(1000));
        let body = parse(loud.as_bytes());
        assert!(body.words.starts_with("\\u{1b}[31mxxx"));
        assert!(body.words.chars().count() < 320);
    }
}
