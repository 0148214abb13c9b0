//! The body of a download, which resumes after an interruption.
//!
//! A resumed download asks GitLab again, because a presigned URL may have expired. `If-Range`
//! guarantees that the rest belongs to the same archive as the bytes received before.

use std::fmt;
use std::io::{self, Read, Write};

use ureq::BodyReader;

use super::address::Address;
use super::attempt_error::AttemptError;
use super::cause::Cause;
use super::checksum::{self, Sha256Check};
use super::client::Client;
use super::content_range::ContentRange;
use super::error::Error;
use super::html_detector::HtmlDetector;
use super::request::ApiRequest;
use super::response::ApiResponse;
use crate::step::Step;

/// The size of the buffer for copying, in bytes.
const BUFFER: usize = 256 << 10;

/// The number of bytes by which a body may be longer than GitLab announces before it is not read
/// any further.
const SLACK: u64 = 64 << 10;

/// The body of a download: a complete archive, or a range of one.
pub struct Body<'a> {
    pub(super) client: &'a Client,
    pub(super) request: ApiRequest,
    reader: BodyReader<'static>,
    /// The address that the bytes come from, after all redirects.
    pub(super) from: Address,
    /// The strong ETag. Without it the download cannot resume.
    pub(super) etag: Option<String>,
    /// The SHA-256 of the archive, if GitLab sent it.
    pub(super) checksum: Option<String>,
    /// The server supports range requests.
    pub(super) accepts_ranges: bool,
    /// The length of the archive.
    total: Option<u64>,
    /// The position in the archive at which the body ends.
    end: Option<u64>,
    /// The body itself marks its end, because it is chunked or compressed.
    marks_its_end: bool,
    /// The position in the archive of the next byte.
    position: u64,
    /// The check of the first bytes, until they are received.
    html: Option<HtmlDetector>,
    /// The number of failed attempts so far, which counts against the retries.
    pub(super) tries: u32,
}

/// The reason why a body cannot be read to its end.
pub(super) enum BodyError {
    /// An interruption after which the download can only start over.
    Interrupted(AttemptError),
    Failed(Error),
}

impl From<BodyError> for AttemptError {
    fn from(error: BodyError) -> AttemptError {
        match error {
            BodyError::Interrupted(error) => error,
            BodyError::Failed(error) => AttemptError::Permanent(error.cause),
        }
    }
}

/// An interruption that makes the bytes received so far useless.
#[derive(Debug)]
pub struct DownloadInterrupted;

impl<'a> Body<'a> {
    pub(super) fn new(
        client: &'a Client,
        request: &ApiRequest,
        response: ApiResponse,
        tries: u32,
    ) -> Body<'a> {
        let html = response.html_detector();
        let total = response.header("content-length").and_then(|length| length.parse().ok());
        let etag = response.strong_etag();
        Body {
            client,
            request: request.clone(),
            total,
            end: total,
            marks_its_end: response.marks_its_end(),
            // The ETags of object storage are no checksums.
            checksum: etag
                .filter(|_| response.from.same_origin(&client.http.root))
                .and_then(checksum::from_etag)
                .map(str::to_owned),
            etag: etag.map(str::to_owned),
            accepts_ranges: response.header("accept-ranges") == Some("bytes"),
            from: response.from,
            reader: response.body.into_reader(),
            position: 0,
            html: Some(html),
            tries,
        }
    }

    /// A body that cannot resume: after an interruption, the download starts over.
    pub(super) fn not_resumable(
        client: &'a Client,
        request: &ApiRequest,
        response: ApiResponse,
    ) -> Body<'a> {
        Body { etag: None, accepts_ranges: false, ..Body::new(client, request, response, 0) }
    }

    /// The body of a range of an archive with this ETag.
    pub(super) fn of_range(
        client: &'a Client,
        request: &ApiRequest,
        response: ApiResponse,
        etag: Option<String>,
        range: &ContentRange,
    ) -> Body<'a> {
        Body {
            etag,
            total: Some(range.total),
            end: Some(range.range.end),
            position: range.range.start,
            html: None,
            checksum: None,
            ..Body::new(client, request, response, 0)
        }
    }

    pub(super) fn without_checksum(self) -> Body<'a> {
        Body { checksum: None, ..self }
    }

    /// Returns true if the bytes come from another origin than GitLab: from object storage.
    pub fn is_from_storage(&self) -> bool {
        !self.from.same_origin(&self.client.http.root)
    }

    pub(super) fn into_reader(self) -> BodyReader<'static> {
        self.reader
    }

    /// Returns the announced length of the archive in bytes.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Copies the rest of the body and returns the position at its end.
    ///
    /// `size` is the length that GitLab announces for the archive. A body that is longer is not read
    /// to its end, and one whose end looks like a lost connection must have it. `progress` gets the position and the length of the
    /// archive.
    pub(super) fn copy_to(
        &mut self,
        to: &mut dyn Write,
        size: Option<u64>,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<u64, BodyError> {
        let mut buffer = vec![0; BUFFER];
        let mut checksum = self.checksum.as_deref().map(Sha256Check::new);
        loop {
            let count = self.read_or_resume(&mut buffer)?;
            if count == 0 {
                break;
            }
            if let Some(size) = size.filter(|size| self.position > size.saturating_add(SLACK)) {
                let reason = format!("it is longer than the {size} bytes that GitLab announces");
                return Err(self.failed(Cause::Damaged { reason }));
            }
            if let Some(checksum) = &mut checksum {
                checksum.update(&buffer[..count]);
            }
            let written = to.write_all(&buffer[..count]);
            written.map_err(|error| self.failed(Cause::Local(error)))?;
            progress(self.position, self.total);
        }
        let has_size = size.is_none_or(|size| size == self.position);
        if let Some(size) = size.filter(|size| *size > self.position) {
            let indefinite = self.total.is_none() && !self.marks_its_end;
            if indefinite {
                return Err(BodyError::Interrupted(cut_short(self.position, size)));
            }
        }
        match checksum.and_then(Sha256Check::mismatch) {
            Some(reason) if has_size && !self.client.http.network.strict_digest => {
                let warning = format!("the archive may be damaged: {reason}");
                self.client.http.watch.step(&Step::Warning(&warning));
                Ok(self.position)
            }
            Some(reason) => Err(self.failed(Cause::Damaged { reason })),
            None => Ok(self.position),
        }
    }

    /// Reads some bytes, or none at the end of the body. Resumes after an interruption if that is
    /// possible.
    fn read_or_resume(&mut self, buffer: &mut [u8]) -> Result<usize, BodyError> {
        loop {
            let interruption = match self.reader.read(buffer) {
                Ok(0) if self.end.is_none_or(|end| end == self.position) => return Ok(0),
                Ok(0) if buffer.is_empty() => return Ok(0),
                Ok(0) => cut_short(self.position, self.end.unwrap_or_default()),
                Ok(count) => {
                    let html = self.html.take().and_then(|html| html.check(&buffer[..count]));
                    if let Some(cause) = html {
                        return Err(self.failed(cause));
                    }
                    self.position += count as u64;
                    if self.end.is_some_and(|end| self.position > end) {
                        let reason = "the answer is longer than announced".to_owned();
                        return Err(self.failed(Cause::Unexpected { reason }));
                    }
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // The connection is lost, but there is nothing left to request.
                Err(_) if self.end == Some(self.position) => return Ok(0),
                Err(error) => {
                    let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
                    let position = self.position;
                    AttemptError::read(
                        format_args!("the download broke off after {position}{of} bytes"),
                        &error,
                    )
                }
            };
            self.resume(interruption)?;
        }
    }

    /// Requests the rest of the body.
    fn resume(&mut self, interruption: AttemptError) -> Result<(), BodyError> {
        let (Some(total), Some(end), Some(etag)) = (self.total, self.end, self.etag.clone()) else {
            return Err(BodyError::Interrupted(interruption));
        };
        if self.position == 0 || self.position >= end {
            return Err(BodyError::Interrupted(interruption));
        }
        let http = &self.client.http;
        http.pause_before_retry(&self.request, interruption, &mut self.tries)
            .map_err(BodyError::Failed)?;
        let expected = ContentRange { range: self.position..end, total };
        let request = self.request.clone().header("range", expected.range_header());
        let request = request.header("if-range", etag.clone());
        // Any other response means that the archive is no longer the same.
        let resumed = http.open_after(&request, &mut self.tries, |response| {
            let range = ContentRange::parse(response.header("content-range").unwrap_or_default());
            let same_archive = response.status == 206
                && response.strong_etag().is_none_or(|current| current == etag);
            Ok((same_archive && range.as_ref() == Some(&expected)).then_some(response))
        });
        match resumed {
            Ok(Some(response)) => {
                self.from = response.from;
                self.reader = response.body.into_reader();
                Ok(())
            }
            Ok(None) => Err(BodyError::Interrupted(changed())),
            // The server may not support ranges; then the download starts over.
            Err(error) if error.is_range_refused() => Err(BodyError::Interrupted(changed())),
            Err(error) => Err(BodyError::Failed(error)),
        }
    }

    fn failed(&self, cause: Cause) -> BodyError {
        BodyError::Failed(self.client.error(&self.request, cause))
    }
}

fn changed() -> AttemptError {
    AttemptError::transient("the archive changed while it was downloaded")
}

fn cut_short(position: u64, expected: u64) -> AttemptError {
    AttemptError::transient(format!("the download was cut short at {position} of {expected} bytes"))
}

impl Read for Body<'_> {
    /// Fails with [`DownloadInterrupted`] if the download must start over, otherwise with an
    /// [`Error`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_or_resume(buffer).map_err(|error| match error {
            BodyError::Interrupted(_) => io::Error::other(DownloadInterrupted),
            BodyError::Failed(error) => io::Error::other(error),
        })
    }
}

impl std::error::Error for DownloadInterrupted {}

impl fmt::Display for DownloadInterrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the download broke off")
    }
}
