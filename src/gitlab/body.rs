//! The bytes of an archive as they come. Where they break off, they go on from there.
//!
//! GitLab is asked again for that, because the address it redirects to may have run out, and
//! `If-Range` ties what comes then to what came before: the rest of another archive never follows.

use std::fmt;
use std::io::{self, Read, Write};

use ureq::BodyReader;

use super::address::Address;
use super::checksum::{self, Sha256Check};
use super::content_range::ContentRange;
use super::error::{Cause, Error};
use super::remote_archive::{RemoteArchive, etag};
use super::response::{ApiResponse, AttemptError, HtmlDetector, why};
use super::{ApiRequest, Client};
use crate::model::ArchiveAt;

/// An archive on its way.
pub struct Body<'a> {
    client: &'a Client,
    request: ApiRequest,
    reader: BodyReader<'static>,
    /// Where the bytes come from, after all redirects.
    from: Address,
    /// A strong one.
    etag: Option<String>,
    /// The checksum of the whole, where GitLab tells it.
    sum: Option<String>,
    /// The server says that it gives parts.
    parts: bool,
    /// The length of the archive.
    total: Option<u64>,
    /// Where these bytes end: with the archive, unless only a part was asked for.
    end: Option<u64>,
    chunked: bool,
    /// The position in the archive.
    done: u64,
    /// What a page would look like, until the first bytes are here.
    page: Option<HtmlDetector>,
    /// How often something failed so far, of all that may.
    tries: u32,
}

/// Why no more bytes come.
pub(super) enum BodyError {
    /// The download can only begin again from the start.
    Over(AttemptError),
    Failed(Error),
}

/// The bytes broke off, and what came so far is of no use.
#[derive(Debug)]
pub struct DownloadInterrupted;

impl Client {
    /// Begins to download an archive.
    pub fn body(&self, at: &ArchiveAt) -> Result<Body<'_>, Error> {
        self.open_body(self.archive_request(at), 0)
    }

    /// Copies an archive into `to`, which `restart` empties before each start. `size` is what the
    /// job says it has; `arrived` is told the count of bytes and, where announced, the length.
    pub fn archive<W: Write>(
        &self,
        at: &ArchiveAt,
        size: Option<u64>,
        to: &mut W,
        restart: impl Fn(&mut W) -> io::Result<()>,
        arrived: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
        self.copy(self.body(at)?, size, to, restart, arrived)
    }

    /// The same of a download that has begun, and of which no byte was read.
    pub fn copy<'a, W: Write>(
        &'a self,
        mut body: Body<'a>,
        size: Option<u64>,
        to: &mut W,
        restart: impl Fn(&mut W) -> io::Result<()>,
        arrived: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
        loop {
            restart(to).map_err(|error| self.failed(&body.request, Cause::Local(error)))?;
            match body.copy_to(to, size, arrived) {
                Ok(count) => return Ok(count),
                Err(BodyError::Failed(error)) => return Err(error),
                Err(BodyError::Over(reason)) => {
                    self.http.pause_before_retry(&body.request, reason, &mut body.tries)?;
                    let summed = body.sum.is_some();
                    body = self.open_body(body.request, body.tries)?;
                    body.sum = body.sum.filter(|_| summed);
                }
            }
        }
    }

    pub(super) fn open_body(&self, request: ApiRequest, mut tries: u32) -> Result<Body<'_>, Error> {
        let open = |request: &ApiRequest| {
            let answer = self.http.open_counting(request, &mut tries, Ok)?;
            Ok(Body::new(self, request, answer, tries))
        };
        self.or_without_token(request, open)
    }
}

impl<'a> Body<'a> {
    pub(super) fn new(
        client: &'a Client,
        request: &ApiRequest,
        answer: ApiResponse,
        tries: u32,
    ) -> Body<'a> {
        let page = answer.page_at_first();
        let total = answer.header("content-length").and_then(|length| length.parse().ok());
        Body {
            client,
            request: request.clone(),
            total,
            end: total,
            chunked: answer.is_chunked(),
            etag: etag(&answer).map(str::to_owned),
            // Storage makes tags of its own.
            sum: etag(&answer)
                .filter(|_| answer.from.same_origin(&client.http.root))
                .and_then(checksum::observed)
                .map(str::to_owned),
            parts: answer.header("accept-ranges") == Some("bytes"),
            from: answer.from,
            reader: answer.body.into_reader(),
            done: 0,
            page: Some(page),
            tries,
        }
    }

    /// One of a server that gives no parts: it never goes on, only begins again.
    pub(super) fn whole(client: &'a Client, request: &ApiRequest, answer: ApiResponse) -> Body<'a> {
        Body { etag: None, parts: false, ..Body::new(client, request, answer, 0) }
    }

    /// The bytes of a part alone.
    pub(super) fn part(
        client: &'a Client,
        request: &ApiRequest,
        answer: ApiResponse,
        known: Option<String>,
        part: &ContentRange,
    ) -> Body<'a> {
        Body {
            etag: known,
            total: Some(part.total),
            end: Some(part.range.end),
            done: part.range.start,
            page: None,
            sum: None,
            ..Body::new(client, request, answer, 0)
        }
    }

    /// The same without a look at its checksum.
    pub(super) fn without_checksum(self) -> Body<'a> {
        Body { sum: None, ..self }
    }

    /// The announced length in bytes.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Whether this is surely the same archive.
    pub fn is_of(&self, remote: &RemoteArchive<'_>) -> bool {
        self.etag.is_some() && remote.is(self.etag.as_deref(), self.total)
    }

    /// The same archive for reading parts of it beside; none where the server does not give
    /// parts, or not in a way that shows that they are of the same archive.
    pub fn beside(&self) -> Option<RemoteArchive<'a>> {
        let (total, etag) = (self.total?, self.etag.clone()?);
        let from = self.from.clone();
        self.parts
            .then(|| RemoteArchive::known(self.client, self.request.clone(), from, etag, total))
    }

    /// Copies all that is still to come. `least` is what it must have where it comes without a
    /// length: its end looks like a lost connection.
    pub(super) fn copy_to(
        &mut self,
        to: &mut dyn Write,
        least: Option<u64>,
        arrived: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<u64, BodyError> {
        let mut block = vec![0; 256 << 10];
        let mut sum = self.sum.as_deref().map(Sha256Check::new);
        loop {
            let count = self.next(&mut block)?;
            if count == 0 {
                break;
            }
            if let Some(sum) = &mut sum {
                sum.add(&block[..count]);
            }
            let written = to.write_all(&block[..count]);
            written.map_err(|error| self.failed(Cause::Local(error)))?;
            arrived(self.done, self.total);
        }
        let endless = self.total.is_none() && !self.chunked;
        if let Some(least) = least.filter(|least| endless && *least > self.done) {
            return Err(BodyError::Over(cut_short(self.done, least)));
        }
        match sum.and_then(Sha256Check::wrong) {
            Some(reason) => Err(self.failed(Cause::Damaged { reason })),
            None => Ok(self.done),
        }
    }

    /// Some bytes, or none at the end. Goes on by itself where that is possible.
    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, BodyError> {
        loop {
            let reason = match self.reader.read(buffer) {
                Ok(0) if self.end.is_none_or(|end| end == self.done) => return Ok(0),
                Ok(0) if buffer.is_empty() => return Ok(0),
                Ok(0) => cut_short(self.done, self.end.unwrap_or_default()),
                Ok(count) => {
                    let page = self.page.take().and_then(|page| page.seen(&buffer[..count]));
                    if let Some(cause) = page {
                        return Err(self.failed(cause));
                    }
                    self.done += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
                    let done = self.done;
                    AttemptError::passing(format!(
                        "the download broke off after {done}{of} bytes: {}",
                        why(&error)
                    ))
                }
            };
            self.resume(reason)?;
        }
    }

    /// Asks for the rest.
    fn resume(&mut self, reason: AttemptError) -> Result<(), BodyError> {
        let (Some(total), Some(end), Some(known)) = (self.total, self.end, self.etag.clone())
        else {
            return Err(BodyError::Over(reason));
        };
        if self.done == 0 || self.done >= end {
            return Err(BodyError::Over(reason));
        }
        let http = &self.client.http;
        http.pause_before_retry(&self.request, reason, &mut self.tries)
            .map_err(BodyError::Failed)?;
        let expected = ContentRange { range: self.done..end, total };
        let rest = self.request.clone().header("range", expected.wanted());
        let rest = rest.header("if-range", known.clone());
        // Whatever else is answered, the archive is not what it was.
        let continued = http.open_counting(&rest, &mut self.tries, |answer| {
            let part = ContentRange::parse(answer.header("content-range").unwrap_or_default());
            let same = answer.status == 206 && etag(&answer).is_none_or(|etag| etag == known);
            Ok((same && part.as_ref() == Some(&expected)).then_some(answer))
        });
        match continued {
            Ok(Some(answer)) => {
                self.from = answer.from;
                self.reader = answer.body.into_reader();
                Ok(())
            }
            Ok(None) => Err(BodyError::Over(changed())),
            Err(error) if error.status() == Some(416) => Err(BodyError::Over(changed())),
            Err(error) => Err(BodyError::Failed(error)),
        }
    }

    fn failed(&self, cause: Cause) -> BodyError {
        BodyError::Failed(self.client.failed(&self.request, cause))
    }
}

fn changed() -> AttemptError {
    AttemptError::passing("the archive changed while it was downloaded")
}

fn cut_short(done: u64, expected: u64) -> AttemptError {
    AttemptError::passing(format!("the download was cut short at {done} of {expected} bytes"))
}

impl Read for Body<'_> {
    /// Fails with `DownloadInterrupted` where only a fresh start could help, else with an `Error`.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.next(buffer).map_err(|stop| match stop {
            BodyError::Over(_) => io::Error::other(DownloadInterrupted),
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
