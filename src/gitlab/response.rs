//! A successful response and its body as JSON, as text, or as a known number of bytes.

use std::io::Read;

use serde::de::DeserializeOwned;
use ureq::Body;
use ureq::http::HeaderMap;

use super::address::Address;
use super::attempt_error::AttemptError;
use super::cause::Cause;
use super::html_detector::{HtmlDetector, html_page, starts_like_html};
use crate::sanitize::sanitize;

/// The longest body that is read into memory without a known length, in bytes.
const MAX_TEXT: u64 = 10 << 20;

/// A response whose body has not been read.
pub(super) struct ApiResponse {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// The address after all redirects.
    pub(super) from: Address,
    /// The body was compressed, and is decoded while it is read.
    pub(super) decoded: bool,
}

impl ApiResponse {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the ETag if it is a strong one. Weak ETags of GitLab do not identify the content.
    pub(super) fn strong_etag(&self) -> Option<&str> {
        self.header("etag").filter(|etag| etag.starts_with('"'))
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T, AttemptError> {
        self.json_and_length().map(|(value, _)| value)
    }

    /// Returns the body as JSON, and its length in bytes.
    pub(super) fn json_and_length<T: DeserializeOwned>(
        &mut self,
    ) -> Result<(T, u64), AttemptError> {
        let html = self.is_html();
        let text = self.text()?;
        // No JSON begins with `<`, but pages of every kind do.
        let markup = text.trim_ascii_start().starts_with(b"<");
        if html || markup || starts_like_html(&text) {
            return Err(AttemptError::permanent(html_page(&text, self.status, self.from.clone())));
        }
        let value = serde_json::from_slice(&text).map_err(|error| {
            // The message of the parser can quote a value of the answer.
            let error = error.to_string();
            let reason =
                format!("the answer is not the JSON that GitLab sends: {}", sanitize(&error));
            AttemptError::permanent(Cause::Unexpected { reason })
        })?;
        Ok((value, text.len() as u64))
    }

    /// Reads the complete body as text that can look like anything, such as a log. Only its media
    /// type shows that it is a web page.
    pub(super) fn plain_text(&mut self) -> Result<Vec<u8>, AttemptError> {
        let text = self.text()?;
        if self.is_html() {
            return Err(AttemptError::permanent(html_page(&text, self.status, self.from.clone())));
        }
        Ok(text)
    }

    /// Reads the body of a response whose content does not matter.
    ///
    /// # Errors
    /// A web page, which means that the request did not reach GitLab.
    pub(super) fn refuse_page(&mut self) -> Result<(), AttemptError> {
        let text = self.text()?;
        if self.is_html() || starts_like_html(&text) {
            return Err(AttemptError::permanent(html_page(&text, self.status, self.from.clone())));
        }
        Ok(())
    }

    /// Reads the complete body, which may have at most 10 MiB.
    pub(super) fn text(&mut self) -> Result<Vec<u8>, AttemptError> {
        match self.body.with_config().limit(MAX_TEXT).read_to_vec() {
            Ok(text) => Ok(text),
            Err(ureq::Error::BodyExceedsLimit(_)) => {
                let reason = format!("the answer is longer than {} MiB", MAX_TEXT >> 20);
                Err(AttemptError::permanent(Cause::Unexpected { reason }))
            }
            Err(error) => Err(AttemptError::read("the answer broke off", &error.into_io())),
        }
    }

    /// Reads the complete body, which must have exactly `length` bytes.
    pub(super) fn exact_bytes(&mut self, length: u64) -> Result<Vec<u8>, AttemptError> {
        let mut bytes = Vec::new();
        // One more byte than expected, to detect a longer body.
        let read = self.body.as_reader().take(length.saturating_add(1)).read_to_end(&mut bytes);
        let count = bytes.len() as u64;
        match read {
            // The connection is lost, but there is nothing left to receive.
            Err(_) if count == length => Ok(bytes),
            Err(error) => Err(AttemptError::read(
                format_args!("the answer broke off after {count} of {length} bytes"),
                &error,
            )),
            Ok(_) if count < length => Err(AttemptError::transient(format!(
                "the answer was cut short at {count} of {length} bytes"
            ))),
            Ok(_) if count > length => {
                let reason = format!("the answer is longer than {length} bytes");
                Err(AttemptError::permanent(Cause::Unexpected { reason }))
            }
            Ok(_) => Ok(bytes),
        }
    }

    /// Returns true if a complete body can be told from an interrupted one.
    pub(super) fn has_definite_end(&self) -> bool {
        self.header("content-length").is_some() || self.marks_its_end()
    }

    /// Returns true if the body itself marks its end: it is chunked, or compressed.
    pub(super) fn marks_its_end(&self) -> bool {
        let chunked = |coding: &str| coding.contains("chunked");
        self.decoded || self.header("transfer-encoding").is_some_and(chunked)
    }

    pub(super) fn html_detector(&self) -> HtmlDetector {
        let attachment = self
            .header("content-disposition")
            .and_then(|disposition| disposition.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("attachment"));
        HtmlDetector { html: self.is_html(), attachment, from: self.from.clone() }
    }

    /// Returns true if the media type of the body is that of a web page.
    pub(super) fn is_html(&self) -> bool {
        let kind = self.header("content-type").and_then(|kind| kind.split(';').next());
        kind.is_some_and(|kind| {
            ["text/html", "application/xhtml+xml"]
                .iter()
                .any(|html| kind.trim().eq_ignore_ascii_case(html))
        })
    }
}
