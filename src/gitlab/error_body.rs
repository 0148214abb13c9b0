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
    /// The missing permissions of the token, if GitLab names them.
    pub permissions: Option<String>,
}

/// Messages of GitLab that exit codes or hints depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The token lacks a scope (OAuth's `insufficient_scope`).
    InsufficientScope,
    /// A fine-grained token lacks a permission, or the group accepts only fine-grained tokens.
    FineGrained,
    /// The job token lacks a fine-grained permission.
    JobTokenPermission,
    /// The endpoint accepts no job token whose permissions are fine-grained.
    NoJobToken,
    /// The project does not list the project of the job token.
    NotAllowlisted,
    /// The server wants a proof of possession (DPoP) with the token.
    ProofRequired,
    /// The request used the old path of a project, and is not a GET.
    ProjectMoved,
    /// The API has no such route (Grape's fallback, in the field `error`).
    UnknownRoute,
    /// The project does not exist, or the token may not read it.
    ProjectNotFound,
    /// The project exists and is readable, but has no such record. The lower-case "found" is what
    /// distinguishes this message (`lib/api/helpers.rb`).
    NoRecord,
    /// Nothing was done, because something else is under way: a lock, for instance.
    Busy,
    /// A status in words, without a reason.
    NoReason,
    /// Any other message: a reason of its own.
    Other,
}

/// Words of messages about something else that is under way.
const BUSY: [&str; 9] = [
    "lock",
    "temporarily",
    "in progress",
    "under way",
    "underway",
    "undergoing",
    "concurrent",
    "try again",
    "being ",
];

impl Meaning {
    fn of(message: &str, form: Form) -> Meaning {
        if matches!(form, Form::Page | Form::Xml) {
            return Meaning::Other;
        }
        let has = |words: &str| message.contains(words);
        match message {
            "404 Not Found" if form == Form::Error => Meaning::UnknownRoute,
            "404 Not found" | "404 Commit Not Found" => Meaning::NoRecord,
            "404 Project Not Found" => Meaning::ProjectNotFound,
            "" | "403 Forbidden" | "Forbidden" | "forbidden" | "401 Unauthorized"
            | "Unauthorized" | "409 Conflict" | "Conflict" => Meaning::NoReason,
            _ if has("insufficient_granular_scope") || has("a fine-grained personal access") => {
                Meaning::FineGrained
            }
            _ if has("insufficient") && has("scope") => Meaning::InsufficientScope,
            _ if has("token permission is required") || has("token permissions are required") => {
                Meaning::JobTokenPermission
            }
            _ if has("unauthorized for CI/CD job tokens") => Meaning::NoJobToken,
            _ if has("Authentication by CI/CD job token not allowed") => Meaning::NotAllowlisted,
            _ if has("dpop_error") => Meaning::ProofRequired,
            _ if BUSY.iter().any(|words| message.to_ascii_lowercase().contains(words)) => {
                Meaning::Busy
            }
            _ if has("moved projects") => Meaning::ProjectMoved,
            _ => Meaning::Other,
        }
    }

    /// Returns the permissions that a message names: `[Job: Read]`, or `… required: a and b.`
    fn permissions(self, message: &str) -> Option<String> {
        let named = match self {
            Meaning::FineGrained => message.split_once('[')?.1.split_once(']')?.0,
            Meaning::JobTokenPermission => message.split_once("required: ")?.1,
            _ => return None,
        };
        Some(named.trim().trim_end_matches('.').to_owned())
    }
}

impl ErrorBody {
    fn new(text: &str, form: Form) -> ErrorBody {
        let message = line(text);
        let meaning = Meaning::of(&message, form);
        ErrorBody { permissions: meaning.permissions(&message), meaning, message, form }
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

/// The elements that a web page without a doctype can begin with.
const PAGE_ELEMENTS: [&str; 14] = [
    "html", "head", "body", "title", "meta", "link", "style", "script", "form", "div", "center",
    "h1", "p", "table",
];

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
        return page(body);
    }
    if text.starts_with("<?xml") || text.starts_with("<Error") {
        let element = |name: &str| between(text, &format!("<{name}"), &format!("</{name}>"));
        let texts: Vec<String> =
            [element("Code"), element("Message")].into_iter().flatten().collect();
        return ErrorBody::new(&texts.join(": "), Form::Xml);
    }
    ErrorBody::new(text.lines().next().unwrap_or_default(), Form::Text)
}

/// Parses the body of an error response that is a web page; its title is the message.
pub fn page(body: &[u8]) -> ErrorBody {
    let text = String::from_utf8_lossy(body);
    ErrorBody::new(&between(&text, "<title", "</title>").unwrap_or_default(), Form::Page)
}

/// Returns the title of a web page, sanitised.
pub fn page_title(body: &[u8]) -> String {
    page(body).message
}

/// Returns true if a text starts like an HTML document, whatever its content type: after a byte
/// order mark, an XML declaration and comments.
pub fn is_page(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    for (open, close) in [("<?xml", "?>"), ("<!--", "-->"), ("<!--", "-->")] {
        if !rest.starts_with(open) {
            continue;
        }
        match rest.split_once(close) {
            Some((_, after)) => rest = after.trim_start(),
            // Of a comment that is longer than what was read so far, nothing else is known.
            None => return open == "<!--",
        }
    }
    let start: String = rest.chars().take(15).collect::<String>().to_ascii_lowercase();
    let Some(name) = start.strip_prefix('<') else { return false };
    name.starts_with("!doctype html")
        || PAGE_ELEMENTS.iter().any(|element| {
            name.strip_prefix(element)
                .is_some_and(|rest| rest.starts_with(['>', ' ', '/', '\n', '\r', '\t']))
        })
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

/// Returns the text of an element, without its tags and with its entities replaced. The case of
/// tags does not matter.
fn between(text: &str, open: &str, close: &str) -> Option<String> {
    let find = |from: usize, tag: &str| {
        let rest = text.as_bytes().get(from..)?;
        let tag = tag.as_bytes();
        rest.windows(tag.len()).position(|at| at.eq_ignore_ascii_case(tag)).map(|at| from + at)
    };
    let open_at = find(0, open)?;
    let start = find(open_at, ">")? + 1;
    let end = find(start, close)?;
    let inner = html_escape::decode_html_entities(text.get(start..end)?);
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
            ("<HTML><TITLE>Sign in &middot; GitLab</TITLE></HTML>", "Sign in · GitLab", Form::Page),
            ("<!-- SSO -->\n<!doctype html><title>Log in</title>", "Log in", Form::Page),
            ("<?xml version=\"1.0\"?>\n<!DOCTYPE html><html></html>", "", Form::Page),
            ("\u{feff}\r\n <html></html>", "", Form::Page),
            ("<title>Sign in</title><form></form>", "Sign in", Form::Page),
            (
                "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>BlobNotFound</Code><Message>The specified blob does not exist.\nRequestId:1</Message></Error>",
                "BlobNotFound: The specified blob does not exist. RequestId:1",
                Form::Xml,
            ),
            (
                "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Details>No such object: a/b</Details></Error>",
                "NoSuchKey: The specified key does not exist.",
                Form::Xml,
            ),
            (
                "<Error xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Code>NoSuchKey</Code><Message>&quot;a&quot; is gone</Message></Error>",
                "NoSuchKey: \"a\" is gone",
                Form::Xml,
            ),
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
        let message = |text: &str| format!("{{\"message\":\"{text}\"}}");
        for (body, meaning, permissions) in [
            (r#"{"error":"404 Not Found"}"#.to_owned(), Meaning::UnknownRoute, None),
            (message("404 Not Found"), Meaning::Other, None),
            (message("404 Not found"), Meaning::NoRecord, None),
            (message("404 Commit Not Found"), Meaning::NoRecord, None),
            (message("404 Project Not Found"), Meaning::ProjectNotFound, None),
            (
                r#"{"error":"insufficient_scope","error_description":"The request requires …"}"#
                    .to_owned(),
                Meaning::InsufficientScope,
                None,
            ),
            (
                r#"{"error":"insufficient_granular_scope","error_description":"Access denied: This operation requires a fine-grained personal access token with the following project permissions: [Job Artifact: Read]."}"#
                    .to_owned(),
                Meaning::FineGrained,
                Some("Job Artifact: Read"),
            ),
            (
                message("403 Forbidden - The following token permission is required: read_jobs."),
                Meaning::JobTokenPermission,
                Some("read_jobs"),
            ),
            (
                message("403 Forbidden - The following token permissions are required: a and b."),
                Meaning::JobTokenPermission,
                Some("a and b"),
            ),
            (
                message("403 Forbidden - This action is unauthorized for CI/CD job tokens."),
                Meaning::NoJobToken,
                None,
            ),
            (
                message("403 Forbidden - Authentication by CI/CD job token not allowed from a to project #9."),
                Meaning::NotAllowlisted,
                None,
            ),
            (
                r#"{"error":"dpop_error","error_description":"DPoP header is missing"}"#.to_owned(),
                Meaning::ProofRequired,
                None,
            ),
            (message("409 Conflict: Resource lock"), Meaning::Busy, None),
            (message("Action temporarily disabled. …"), Meaning::Busy, None),
            (message("Another operation is in progress"), Meaning::Busy, None),
            (message("409 (Conflict) - name is taken"), Meaning::Other, None),
            (message("403 Forbidden"), Meaning::NoReason, None),
            (message("403 Forbidden - Project is archived"), Meaning::Other, None),
            (
                message("Non GET methods are not allowed for moved projects"),
                Meaning::ProjectMoved,
                None,
            ),
            (String::new(), Meaning::NoReason, None),
            // Not GitLab's own words.
            ("<html><title>404 Project Not Found</title>".to_owned(), Meaning::Other, None),
        ] {
            let parsed = parse(body.as_bytes());
            assert_eq!((parsed.meaning, parsed.permissions.as_deref()), (meaning, permissions), "{body}");
        }
    }
}
