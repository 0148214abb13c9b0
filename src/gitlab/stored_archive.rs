//! An archive that several streams read at the same time, each by range requests of its own.
//!
//! All streams share the address that GitLab redirected to. When it has expired, one of them asks
//! GitLab for a new one while the others wait, so GitLab never gets more than one such request at a
//! time. `If-Range` guarantees that every range belongs to the same archive.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ureq::BodyReader;

use super::address::Address;
use super::attempt_error::AttemptError;
use super::body::Body;
use super::cause::{Cause, FailureKind};
use super::client::Client;
use super::content_range::ContentRange;
use super::error::Error;
use super::request::ApiRequest;
use super::response::ApiResponse;

/// An archive on a server that supports range requests and sends a strong ETag.
pub struct StoredArchive<'a> {
    client: &'a Client,
    /// The request to GitLab.
    request: ApiRequest,
    /// The address of the bytes, after all redirects: usually a presigned URL.
    from: Mutex<Address>,
    /// Held by the stream that asks GitLab for a new address.
    renewal: Mutex<()>,
    etag: String,
    length: u64,
    /// The body of the download that the archive was made from, until a stream takes it.
    download: Mutex<Option<BodyReader<'static>>>,
}

/// Told when the server is busy (429, 503) or silent. Returns true if the stream gives way to the
/// others, instead of trying again.
pub type OnSetback<'a> = dyn Fn() -> bool + Sync + 'a;

/// A range of the archive. It resumes at the last byte after an interruption.
pub struct RangeStream<'s> {
    archive: &'s StoredArchive<'s>,
    on_setback: &'s OnSetback<'s>,
    reader: BodyReader<'static>,
    /// The position in the archive of the next byte.
    position: u64,
    end: u64,
    /// The number of failed attempts so far, which counts against the retries.
    tries: u32,
}

impl<'a> StoredArchive<'a> {
    /// Returns the archive of a download from which nothing was read. Gives the download back if its
    /// server supports no ranges, or if length or strong ETag are unknown, so that ranges could
    /// belong to another archive.
    pub fn from_download(body: Body<'a>) -> Result<StoredArchive<'a>, Box<Body<'a>>> {
        match (body.total(), body.etag.clone()) {
            (Some(length), Some(etag)) if body.accepts_ranges => Ok(StoredArchive {
                client: body.client,
                request: body.request.clone(),
                from: Mutex::new(body.from.clone()),
                renewal: Mutex::default(),
                etag,
                length,
                download: Mutex::new(Some(body.into_reader())),
            }),
            _ => Err(Box::new(body)),
        }
    }

    /// Returns the length of the archive in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Returns the download that the archive was made from, once.
    pub fn stream_download<'s>(&'s self, on_setback: &'s OnSetback<'s>) -> Option<RangeStream<'s>> {
        let reader = lock(&self.download).take()?;
        let (position, end) = (0, self.length);
        Some(RangeStream { archive: self, on_setback, reader, position, end, tries: 0 })
    }

    /// Reads a short range into memory.
    pub fn range(&self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let Some(mut stream) = self.stream_range(range, &|| false)? else { return Ok(bytes) };
        while {
            let read = bytes.len();
            bytes.resize(read + 4096, 0);
            let count = stream.read_or_resume(&mut bytes[read..])?;
            bytes.truncate(read + count);
            count > 0
        } {}
        Ok(bytes)
    }

    /// Requests a range. `None` if the server is busy and `on_setback` gives way.
    pub fn stream_range<'s>(
        &'s self,
        range: Range<u64>,
        on_setback: &'s OnSetback<'s>,
    ) -> Result<Option<RangeStream<'s>>, Error> {
        let (position, end, mut tries) = (range.start, range.end, 0);
        let reader = self.request(range, &mut tries, on_setback)?;
        Ok(reader.map(|reader| RangeStream {
            archive: self,
            on_setback,
            reader,
            position,
            end,
            tries,
        }))
    }

    /// Requests a range, with retries.
    fn request(
        &self,
        range: Range<u64>,
        tries: &mut u32,
        on_setback: &OnSetback<'_>,
    ) -> Result<Option<BodyReader<'static>>, Error> {
        let range = ContentRange { range, total: self.length };
        loop {
            let error = match self.attempt(&range) {
                Ok(reader) => return Ok(Some(reader)),
                Err(error) => error,
            };
            if error.is_setback() && on_setback() {
                return Ok(None);
            }
            self.client.http.pause_before_retry(&self.request, error, tries)?;
        }
    }

    /// Requests a range from the known address. If that has expired, GitLab is asked for a new one.
    fn attempt(&self, range: &ContentRange) -> Result<BodyReader<'static>, AttemptError> {
        let from = lock(&self.from).clone();
        if from == self.request.address {
            return self.exchange(self.request.clone(), range);
        }
        match self.exchange_presigned(&from, range) {
            Err(error) if error.is_refusal() => {}
            result => return result,
        }
        let _renewal = lock(&self.renewal);
        let renewed = lock(&self.from).clone();
        if renewed != from {
            match self.exchange_presigned(&renewed, range) {
                Err(error) if error.is_refusal() => {}
                result => return result,
            }
        }
        self.exchange(self.request.clone(), range)
    }

    fn exchange_presigned(
        &self,
        from: &Address,
        range: &ContentRange,
    ) -> Result<BodyReader<'static>, AttemptError> {
        let request = self.request.clone();
        self.exchange(ApiRequest { address: from.clone(), presigned: true, ..request }, range)
    }

    /// Sends one request for a range and compares the response with it.
    fn exchange(
        &self,
        request: ApiRequest,
        range: &ContentRange,
    ) -> Result<BodyReader<'static>, AttemptError> {
        let request = request.header("range", range.range_header());
        let request = request.header("if-range", self.etag.clone());
        let response: ApiResponse = self.client.http.follow(&request)?;
        let same_etag = response.strong_etag().is_none_or(|etag| etag == self.etag);
        let sent = ContentRange::parse(response.header("content-range").unwrap_or_default());
        if response.status != 206 || !same_etag || sent.as_ref() != Some(range) {
            // With another status, the server sends the complete archive as it is now.
            let reason = "the archive changed while it was read".to_owned();
            return Err(AttemptError::permanent(Cause::Unexpected { reason }));
        }
        *lock(&self.from) = response.from;
        Ok(response.body.into_reader())
    }
}

impl RangeStream<'_> {
    fn read_or_resume(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            let interruption = match self.reader.read(buffer) {
                Ok(0) if self.position == self.end || buffer.is_empty() => return Ok(0),
                Ok(0) => {
                    let (position, end) = (self.position, self.end);
                    let reason = format!("the download was cut short at {position} of {end} bytes");
                    AttemptError::transient(reason)
                }
                Ok(count) => {
                    self.position += count as u64;
                    if self.position > self.end {
                        let reason = "the answer is longer than announced".to_owned();
                        return Err(self.error(Cause::Unexpected { reason }));
                    }
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // The connection is lost, but there is nothing left to request.
                Err(_) if self.position == self.end => return Ok(0),
                Err(error) => {
                    let (position, total) = (self.position, self.archive.length);
                    let event = format!("the download broke off after {position} of {total} bytes");
                    AttemptError::read(event, &error)
                }
            };
            self.resume(interruption)?;
        }
    }

    /// Requests the rest of the range.
    fn resume(&mut self, interruption: AttemptError) -> Result<(), Error> {
        let StoredArchive { client, request, .. } = self.archive;
        if interruption.is_setback() {
            // An entry is only half written: this stream goes on, and another one gives way.
            (self.on_setback)();
        }
        client.http.pause_before_retry(request, interruption, &mut self.tries)?;
        let never = || {
            (self.on_setback)();
            false
        };
        let rest = self.position..self.end;
        if let Some(reader) = self.archive.request(rest, &mut self.tries, &never)? {
            self.reader = reader;
        }
        Ok(())
    }

    fn error(&self, cause: Cause) -> Error {
        self.archive.client.error(&self.archive.request, cause)
    }
}

impl Read for RangeStream<'_> {
    /// Fails with an [`Error`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_or_resume(buffer).map_err(io::Error::other)
    }
}

impl AttemptError {
    /// Returns true if the server is busy or silent, or the machine has no descriptors left, so that
    /// fewer streams may do better.
    fn is_setback(&self) -> bool {
        use FailureKind::{Busy, ConnectTimeout, NoDescriptors, Silence};
        let kinds = [Busy, ConnectTimeout, NoDescriptors, Silence];
        matches!(self, AttemptError::Transient { kind, .. } if kinds.contains(kind))
    }

    /// Returns true for the statuses that stores use for an expired signature.
    fn is_refusal(&self) -> bool {
        matches!(self, AttemptError::Permanent(cause)
            if matches!(**cause, Cause::Status { status: 400 | 401 | 403, .. }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
