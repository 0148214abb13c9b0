//! The answer to one request, and reading its body: as JSON, or into a file.

use std::io::{self, Read, Write};
use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::Body;
use ureq::http::HeaderMap;

use super::address::Address;
use super::error::Cause;
use super::error_body::{self, is_page};

/// No page of a list and no error is longer than this, in bytes.
const LONGEST_TEXT: u64 = 10 << 20;

/// What kept an answer from being read.
pub(super) enum AttemptError {
    /// It can pass: ask again, not before the time that the server asked for.
    Passing {
        reason: String,
        asked: Option<Duration>,
        request_id: Option<String>,
    },
    Final(Box<Cause>),
}

impl AttemptError {
    pub(super) fn failed(cause: Cause) -> AttemptError {
        AttemptError::Final(Box::new(cause))
    }

    pub(super) fn passing(reason: impl ToString) -> AttemptError {
        AttemptError::Passing { reason: reason.to_string(), asked: None, request_id: None }
    }
}

/// A successful answer whose body has not been read.
pub(super) struct ApiResponse {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// Where it came from, after all redirects.
    pub(super) from: Address,
}

impl ApiResponse {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T, AttemptError> {
        let html = self.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        let text = self.text()?;
        if html || is_page(&String::from_utf8_lossy(&text[..text.len().min(100)])) {
            return Err(AttemptError::failed(self.page(&text)));
        }
        serde_json::from_slice(&text).map_err(|error| {
            let reason = format!("the answer is not the JSON that GitLab sends: {error}");
            AttemptError::failed(Cause::Unexpected { reason })
        })
    }

    /// The whole body, for texts that have an end.
    pub(super) fn text(&mut self) -> Result<Vec<u8>, AttemptError> {
        match self.body.with_config().limit(LONGEST_TEXT).read_to_vec() {
            Ok(text) => Ok(text),
            Err(ureq::Error::BodyExceedsLimit(_)) => {
                let reason = format!("the answer is longer than {} MiB", LONGEST_TEXT >> 20);
                Err(AttemptError::failed(Cause::Unexpected { reason }))
            }
            Err(error) => {
                let error = error.into_io();
                Err(AttemptError::passing(format!("the answer broke off: {}", why(&error))))
            }
        }
    }

    /// The whole body, which must be so long.
    pub(super) fn exactly(&mut self, length: u64) -> Result<Vec<u8>, AttemptError> {
        let mut bytes = Vec::new();
        // One byte more than there should be, to see that there is none.
        let read = self.body.as_reader().take(length.saturating_add(1)).read_to_end(&mut bytes);
        let count = bytes.len() as u64;
        match read {
            Err(error) => Err(AttemptError::passing(format!(
                "the answer broke off after {count} of {length} bytes: {error}"
            ))),
            Ok(_) if count < length => Err(AttemptError::passing(format!(
                "the answer was cut short at {count} of {length} bytes"
            ))),
            Ok(_) if count > length => {
                let reason = format!("the answer is longer than {length} bytes");
                Err(AttemptError::failed(Cause::Unexpected { reason }))
            }
            Ok(_) => Ok(bytes),
        }
    }

    /// Copies the body; `arrived` is told the count of bytes and the announced length.
    /// Nothing is written when the body is a web page and not what was asked for. `least` is
    /// what it must have where it comes without a length: its end looks like a lost connection.
    pub(super) fn copy_to(
        &mut self,
        to: &mut dyn Write,
        least: Option<u64>,
        arrived: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<u64, AttemptError> {
        let total = self.header("content-length").and_then(|length| length.parse().ok());
        let mut page = Some(self.page_at_first());
        let chunked = self.is_chunked();
        let mut reader = self.body.as_reader();
        let mut block = vec![0; 256 << 10];
        let mut done = 0;
        loop {
            let count = match reader.read(&mut block) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let of = total.map(|total: u64| format!(" of {total}")).unwrap_or_default();
                    return Err(AttemptError::passing(format!(
                        "the download broke off after {done}{of} bytes: {}",
                        why(&error)
                    )));
                }
            };
            let bytes = &block[..count];
            if let Some(cause) = page.take().and_then(|page| page.seen(bytes)) {
                return Err(AttemptError::failed(cause));
            }
            to.write_all(bytes).map_err(|error| AttemptError::failed(Cause::Local(error)))?;
            done += count as u64;
            arrived(done, total);
        }
        match total.or(least.filter(|least| !chunked && *least > done)) {
            Some(expected) if expected != done => Err(AttemptError::passing(format!(
                "the download was cut short at {done} of {expected} bytes"
            ))),
            _ => Ok(done),
        }
    }

    /// Whether the end of the body is told, by its length or by chunks.
    pub(super) fn has_an_end(&self) -> bool {
        self.header("content-length").is_some() || self.is_chunked()
    }

    /// Whether it comes in chunks, which have an end of their own.
    pub(super) fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").is_some_and(|it| it.contains("chunked"))
    }

    /// For telling by its first bytes whether the body is a web page that nobody asked for.
    pub(super) fn page_at_first(&self) -> HtmlDetector {
        let html = self.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        // A page that comes as a file to be kept is one: a report for instance.
        let file =
            self.header("content-disposition").is_some_and(|it| it.starts_with("attachment"));
        HtmlDetector { html, file, from: self.from.clone() }
    }

    fn page(&self, text: &[u8]) -> Cause {
        Cause::Page { title: error_body::parse(text).words, from: self.from.clone() }
    }
}

/// What makes a body a web page.
pub(super) struct HtmlDetector {
    html: bool,
    file: bool,
    from: Address,
}

impl HtmlDetector {
    /// What is wrong, if the body that begins so is one.
    pub(super) fn seen(self, start: &[u8]) -> Option<Cause> {
        let page =
            || self.html || is_page(&String::from_utf8_lossy(&start[..start.len().min(100)]));
        let found = !self.file && page();
        found
            .then(|| Cause::Page { title: error_body::parse(start).words, from: self.from.clone() })
    }
}

/// Why a body broke off. A pause that was too long can be allowed for by a flag, so it is named.
pub(super) fn why(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        Some(ureq::Error::Timeout(_)) => "no byte arrived in time".to_owned(),
        _ => error.to_string(),
    }
}
