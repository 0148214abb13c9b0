//! One request as it came over the wire, and one reply as it is meant to go back.

use std::fmt;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::Value;

use super::zip::gzip;

/// A request, read to its end.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Path and query, exactly as sent.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    /// Reads the head of a request: its first line and its headers.
    pub fn parse(head: &str) -> Result<Asked, String> {
        let mut lines = head.split("\r\n").take_while(|line| !line.is_empty());
        let first = lines.next().unwrap_or_default();
        let words: Vec<&str> = first.split(' ').collect();
        let &[method, target, "HTTP/1.1"] = words.as_slice() else {
            return Err(format!("no HTTP/1.1 request line: {first:?}"));
        };
        let headers = lines
            .map(|line| match line.split_once(':') {
                Some((name, value)) => Ok((name.to_owned(), value.trim().to_owned())),
                None => Err(format!("no header: {line:?}")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Asked { method: method.into(), target: target.into(), headers, body: Vec::new() })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The parameters of the query, decoded, in the order sent.
    pub fn query(&self) -> Result<Vec<(String, String)>, String> {
        self.target.split_once('?').map_or(Ok(Vec::new()), |(_, query)| form(query))
    }

    /// The parameters in the body: a form, or the keys of a JSON object.
    pub fn parameters(&self) -> Result<Vec<(String, Value)>, String> {
        let text = std::str::from_utf8(&self.body).map_err(|_| "body is not UTF-8")?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        match self.header("content-type").unwrap_or_default().split(';').next() {
            Some("application/json") => match serde_json::from_str(text) {
                Ok(Value::Object(keys)) => Ok(keys.into_iter().collect()),
                other => Err(format!("body is no JSON object: {other:?}")),
            },
            Some("application/x-www-form-urlencoded") => {
                Ok(form(text)?.into_iter().map(|(k, v)| (k, Value::from(v))).collect())
            }
            other => Err(format!("body of unknown type {other:?}")),
        }
    }
}

fn form(text: &str) -> Result<Vec<(String, String)>, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?))
        })
        .collect()
}

/// Undoes %-escapes; a malformed one is an error, as is what is not UTF-8 afterwards.
pub fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.ok_or_else(|| format!("malformed escape in {text:?}"))?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| format!("{text:?} does not decode to UTF-8"))
}

/// A reply before faults twist it.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub bytes: Arc<Vec<u8>>,
    /// Which of `bytes` are the body.
    pub span: Range<usize>,
}

/// Leaves the body out, which can have megabytes.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reply { status, headers, span, .. } = self;
        write!(f, "Reply {status} {headers:?}, {} bytes", span.len())
    }
}

/// The result of a handler: an ordinary reply, or the refusal that ended it early.
pub type Answer = Result<Reply, Reply>;

impl Reply {
    pub fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Reply {
        let bytes: Vec<u8> = body.into();
        let span = 0..bytes.len();
        let reply = Reply { status, headers: Vec::new(), bytes: Arc::new(bytes), span };
        if kind.is_empty() { reply } else { reply.header("Content-Type", kind) }
    }

    pub fn json(status: u16, body: &Value) -> Reply {
        Reply::new(status, "application/json", body.to_string())
    }

    /// `{"message": …}`, the usual shape of a refusal.
    pub fn message(status: u16, message: impl Into<Value>) -> Reply {
        Reply::json(status, &serde_json::json!({ "message": message.into() }))
    }

    /// `{"error": …}`, the shape of the layer that checks routes and parameters.
    pub fn error(status: u16, error: impl Into<Value>) -> Reply {
        Reply::json(status, &serde_json::json!({ "error": error.into() }))
    }

    pub fn header(mut self, name: &str, value: impl ToString) -> Reply {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Packs the body with a content coding, `gzip` or `deflate`.
    pub fn encoded(mut self, coding: &str) -> Reply {
        let packed = match coding {
            "gzip" => gzip(self.body()),
            "deflate" => {
                let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
                zlib.write_all(self.body()).unwrap();
                zlib.finish().unwrap()
            }
            other => panic!("no such coding: {other}"),
        };
        self.span = 0..packed.len();
        self.bytes = Arc::new(packed);
        self.header("Content-Encoding", coding)
    }

    pub fn body(&self) -> &[u8] {
        &self.bytes[self.span.clone()]
    }
}

/// The words after the number in the first line of a reply.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Something",
    }
}
