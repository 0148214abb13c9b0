//! Range requests: reading parts of an archive that stays on the server.
//!
//! The first request asks for the end of the archive. Its response shows the length, proves that
//! the server supports ranges, and contains the central directory of most zips. Ranges only save
//! time: a server that ignores, refuses or misunderstands them is asked for the complete archive,
//! which is then used as a download.

use std::ops::Range;

use super::address::Address;
use super::attempt_error::AttemptError;
use super::body::Body;
use super::cause::Cause;
use super::client::Client;
use super::content_range::ContentRange;
use super::error::Error;
use super::request::ApiRequest;
use super::response::ApiResponse;
use crate::model::ArchiveAt;
use crate::sanitize::sanitize;

/// The length of the first range request, in bytes: the largest distance of the EOCD record from
/// the end of a zip, which its comment determines.
pub const TAIL_LENGTH: u64 = 66 << 10;

/// The length above which a second request for the end can save a download, in bytes.
const MIN_LENGTH: u64 = 1 << 20;

/// The response to the first range request.
pub enum RemoteAnswer<'a> {
    /// The server supports ranges.
    Ranges(Box<RemoteArchive<'a>>),
    /// The server sends the complete archive.
    Whole(Box<Body<'a>>),
}

/// An archive on a server that supports range requests.
pub struct RemoteArchive<'a> {
    client: &'a Client,
    /// The request to GitLab.
    request: ApiRequest,
    /// The address of the last response, after all redirects: usually a presigned URL.
    from: Address,
    /// The strong ETag.
    etag: Option<String>,
    length: u64,
    tail: Vec<u8>,
    /// The number of bytes received by `range` and with the first response.
    received: u64,
}

impl Client {
    /// Opens an archive for range requests. `size` is the length that GitLab announces.
    ///
    /// # Errors
    /// The errors of a download. If access is denied, no further request is made. A server that
    /// refuses ranges is asked for the complete archive.
    pub fn open_remote(
        &self,
        at: &ArchiveAt,
        size: Option<u64>,
    ) -> Result<RemoteAnswer<'_>, Error> {
        self.or_without_token(self.archive_request(at), |request| {
            let tail = match size.filter(|size| *size > 0) {
                Some(size) => self.request_known_tail(request, size),
                None => self.request_suffix(request),
            };
            match tail {
                Ok(Tail::Archive(answer)) => Ok(answer),
                Ok(Tail::OtherSize(_)) => self.request_whole(request),
                Err(error) if error.is_range_refused() => self.request_whole(request),
                Err(error) => Err(error),
            }
        })
    }

    /// Requests the end of an archive whose length nobody has told. Stores that do not know the
    /// form `bytes=-N` ignore or refuse it.
    fn request_suffix(&self, request: &ApiRequest) -> Result<Tail<'_>, Error> {
        let suffix = request.clone().header("range", format!("bytes=-{TAIL_LENGTH}"));
        let answer = self.http.open(&suffix, |response| self.read_tail(request, response))?;
        let size = match &answer {
            Tail::OtherSize(size) => *size,
            // The length is known now. A long archive is worth one more request.
            Tail::Archive(RemoteAnswer::Whole(body)) => {
                match body.total().filter(|total| *total > MIN_LENGTH) {
                    Some(total) => total,
                    None => return Ok(answer),
                }
            }
            Tail::Archive(RemoteAnswer::Ranges(_)) => return Ok(answer),
        };
        match self.request_known_tail(request, size) {
            Ok(tail @ Tail::Archive(RemoteAnswer::Ranges(_))) => Ok(tail),
            // The response to the first request is as good as that to another one.
            Ok(_) => Ok(answer),
            Err(error) if error.is_range_refused() => Ok(answer),
            Err(error) => Err(error),
        }
    }

    /// Requests the end of an archive of `size` bytes, by a range with both ends.
    fn request_known_tail(&self, request: &ApiRequest, size: u64) -> Result<Tail<'_>, Error> {
        let ask = |size| {
            let range = ContentRange::tail(TAIL_LENGTH, size).range_header();
            let tail = request.clone().header("range", range);
            self.http.open(&tail, |response| self.read_tail(request, response))
        };
        match ask(size)? {
            Tail::OtherSize(size) => ask(size),
            tail => Ok(tail),
        }
    }

    fn read_tail(
        &self,
        request: &ApiRequest,
        mut response: ApiResponse,
    ) -> Result<Tail<'_>, AttemptError> {
        if response.status != 206 {
            let body = Body::not_resumable(self, request, response);
            return Ok(Tail::Archive(RemoteAnswer::Whole(Box::new(body))));
        }
        let range = content_range(&response)?;
        if range != ContentRange::tail(TAIL_LENGTH, range.total) {
            return Ok(Tail::OtherSize(range.total));
        }
        Ok(Tail::Archive(RemoteAnswer::Ranges(Box::new(RemoteArchive {
            client: self,
            request: request.clone(),
            tail: response.exact_bytes(range.length())?,
            etag: response.strong_etag().map(str::to_owned),
            from: response.from,
            length: range.total,
            received: range.length(),
        }))))
    }

    /// Requests the complete archive.
    fn request_whole(&self, request: &ApiRequest) -> Result<RemoteAnswer<'_>, Error> {
        let response = self.http.open(request, Ok)?;
        Ok(RemoteAnswer::Whole(Box::new(Body::new(self, request, response, 0))))
    }
}

/// The response to a request for the end of an archive.
enum Tail<'a> {
    Archive(RemoteAnswer<'a>),
    /// Another part than the end: the archive has another length than was assumed.
    OtherSize(u64),
}

impl<'a> RemoteArchive<'a> {
    /// Returns the archive of a download, for range requests during the download. Returns `None`
    /// if the server does not support ranges, or if length or strong ETag are unknown, so that
    /// ranges could belong to another archive.
    pub fn from_download(body: &Body<'a>) -> Option<RemoteArchive<'a>> {
        let (length, etag) = (body.total()?, body.etag.clone()?);
        body.accepts_ranges.then(|| RemoteArchive {
            client: body.client,
            request: body.request.clone(),
            from: body.from.clone(),
            etag: Some(etag),
            length,
            tail: Vec::new(),
            received: 0,
        })
    }

    /// Returns true if a download is certainly of this archive.
    pub fn is_same_archive(&self, body: &Body<'_>) -> bool {
        body.etag.is_some() && self.etag == body.etag && body.total() == Some(self.length)
    }

    /// Returns the length of the archive in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Takes the last bytes of the archive, received with the first response. A second call
    /// returns nothing.
    pub fn take_tail(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.tail)
    }

    /// Returns the number of bytes received by `range` and with the first response.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Returns true if the archive has a strong ETag, which guarantees that all ranges belong to
    /// the same archive.
    pub fn has_strong_etag(&self) -> bool {
        self.etag.is_some()
    }

    /// Reads a range into memory.
    pub fn range(&mut self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let range = ContentRange { range, total: self.length };
        let bytes =
            self.request_range(&range, |mut response| response.exact_bytes(range.length()))?;
        self.received += range.length();
        Ok(bytes)
    }

    /// Returns a range as a stream.
    pub fn stream_range(&mut self, range: Range<u64>) -> Result<Body<'a>, Error> {
        let range = ContentRange { range, total: self.length };
        let (client, request, etag) = (self.client, self.request.clone(), self.etag.clone());
        let response = self.request_range(&range, Ok)?;
        Ok(Body::of_range(client, &request, response, etag, &range))
    }

    /// Requests a range from the address of the last response. If that has expired, GitLab is
    /// asked for a new one.
    fn request_range<T>(
        &mut self,
        range: &ContentRange,
        mut read: impl FnMut(ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        let mut request = self.request.clone().header("range", range.range_header());
        if let Some(etag) = &self.etag {
            request = request.header("if-range", etag.clone());
        }
        if self.from != self.request.address {
            let presigned =
                ApiRequest { address: self.from.clone(), presigned: true, ..request.clone() };
            match self.send_range_request(&presigned, range, &mut read) {
                Err(error) if error.is_expired_address() => {}
                result => return result,
            }
        }
        self.send_range_request(&request, range, &mut read)
    }

    fn send_range_request<T>(
        &mut self,
        request: &ApiRequest,
        expected: &ContentRange,
        read: &mut impl FnMut(ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        let known = self.etag.as_deref();
        let (value, from) = self.client.http.open(request, |response| {
            let changed_etag =
                known.zip(response.strong_etag()).is_some_and(|(known, etag)| known != etag);
            if response.status != 206 || changed_etag {
                return Err(changed());
            }
            let range = content_range(&response)?;
            if range.total != expected.total {
                return Err(changed());
            }
            check_range(&range, expected)?;
            let from = response.from.clone();
            Ok((read(response)?, from))
        })?;
        self.from = from;
        Ok(value)
    }
}

fn check_range(range: &ContentRange, expected: &ContentRange) -> Result<(), AttemptError> {
    if range == expected {
        return Ok(());
    }
    let reason = format!("asked for {expected}, it sent {range}");
    Err(AttemptError::permanent(Cause::Unexpected { reason }))
}

fn content_range(response: &ApiResponse) -> Result<ContentRange, AttemptError> {
    let header = response.header("content-range").unwrap_or_default();
    ContentRange::parse(header).ok_or_else(|| {
        let reason = format!("it sent a part without saying which (`{}`)", sanitize(header));
        AttemptError::permanent(Cause::Unexpected { reason })
    })
}

fn changed() -> AttemptError {
    let reason = "the archive changed while it was read".to_owned();
    AttemptError::permanent(Cause::Unexpected { reason })
}
