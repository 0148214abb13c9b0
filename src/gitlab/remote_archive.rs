//! An archive that stays where it is: its length and any part of it, each by a request.
//!
//! The first question is for the end of the archive. Its answer tells the length, proves that
//! parts can be had, and holds the directory of most zips. A server that gives no parts sends the
//! whole in that same answer, which is then used and not asked for again.

use std::ops::Range;

use super::address::Address;
use super::body::Body;
use super::content_range::ContentRange;
use super::error::{Cause, Error};
use super::response::{ApiResponse, AttemptError};
use super::{ApiRequest, Client};
use crate::model::ArchiveAt;
use crate::sanitize::sanitize;

/// How much of the end is asked for first, in bytes: as far as the longest comment of a zip can
/// push its end record away from the end.
pub const TAIL: u64 = 66 << 10;

/// An archive as its server gives it.
pub enum Remote<'a> {
    Parts(Box<RemoteArchive<'a>>),
    Whole(Box<Body<'a>>),
}

/// An archive of which any part can be had.
pub struct RemoteArchive<'a> {
    client: &'a Client,
    /// How GitLab is asked.
    request: ApiRequest,
    /// Where the bytes are, after all redirects: mostly an address that storage has signed.
    from: Address,
    /// A strong one; weak ones are the same for all that GitLab sends.
    etag: Option<String>,
    length: u64,
    tail: Vec<u8>,
    /// Bytes, but for what comes by `body`.
    received: u64,
}

impl Client {
    /// Begins to read an archive without downloading it.
    ///
    /// # Errors
    /// Like any other download: that the archive may not be had never leads to asking for more.
    pub fn remote(&self, at: &ArchiveAt) -> Result<Remote<'_>, Error> {
        self.or_without_token(self.archive_request(at), |request| self.begin(request))
    }

    fn begin(&self, request: &ApiRequest) -> Result<Remote<'_>, Error> {
        let begun = |mut answer: ApiResponse| {
            if answer.status != 206 {
                return Ok(Remote::Whole(Box::new(Body::whole(self, request, answer))));
            }
            let part = part_of(&answer)?;
            must_be(&part, &ContentRange::tail(TAIL, part.total))?;
            Ok(Remote::Parts(Box::new(RemoteArchive {
                client: self,
                request: request.clone(),
                tail: answer.exactly(part.length())?,
                etag: etag(&answer).map(str::to_owned),
                from: answer.from,
                length: part.total,
                received: part.length(),
            })))
        };
        let end = request.clone().header("range", format!("bytes=-{TAIL}"));
        match self.http.open(&end, begun) {
            // An empty archive has no end, and some servers know none that is longer than all.
            Err(error) if error.status() == Some(416) => self.http.open(request, begun),
            result => result,
        }
    }
}

impl<'a> RemoteArchive<'a> {
    /// One that another answer told about; no byte of it is here.
    pub(super) fn known(
        client: &'a Client,
        request: ApiRequest,
        from: Address,
        etag: String,
        length: u64,
    ) -> RemoteArchive<'a> {
        RemoteArchive {
            client,
            request,
            from,
            etag: Some(etag),
            length,
            tail: Vec::new(),
            received: 0,
        }
    }

    /// Bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The last bytes, which came with the first answer; empty the second time.
    pub fn tail(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.tail)
    }

    /// How many bytes of it came as parts.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Whether it has a strong tag, which shows that all parts of it are of the same archive.
    pub fn is_tied(&self) -> bool {
        self.etag.is_some()
    }

    pub(super) fn is(&self, etag: Option<&str>, length: Option<u64>) -> bool {
        self.etag.as_deref() == etag && Some(self.length) == length
    }

    /// These bytes.
    pub fn range(&mut self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let part = ContentRange { range, total: self.length };
        let bytes = self.part(&part, |mut answer| answer.exactly(part.length()))?;
        self.received += part.length();
        Ok(bytes)
    }

    /// The same as they come.
    pub fn body(&mut self, range: Range<u64>) -> Result<Body<'a>, Error> {
        let part = ContentRange { range, total: self.length };
        let (client, request, known) = (self.client, self.request.clone(), self.etag.clone());
        let answer = self.part(&part, Ok)?;
        Ok(Body::part(client, &request, answer, known, &part))
    }

    /// Asks where the last bytes came from; when that address has run out, GitLab is asked for a
    /// fresh one.
    fn part<T>(
        &mut self,
        part: &ContentRange,
        mut take: impl FnMut(ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        let mut request = self.request.clone().header("range", part.wanted());
        if let Some(etag) = &self.etag {
            request = request.header("if-range", etag.clone());
        }
        if self.from != self.request.address {
            let there =
                ApiRequest { address: self.from.clone(), presigned: true, ..request.clone() };
            match self.asked(&there, part, &mut take) {
                Err(error) if error.is_expired_address() => {}
                result => return result,
            }
        }
        self.asked(&request, part, &mut take)
    }

    fn asked<T>(
        &mut self,
        request: &ApiRequest,
        expected: &ContentRange,
        take: &mut impl FnMut(ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        let known = self.etag.as_deref();
        let (taken, from) = self.client.http.open(request, |answer| {
            let etag = etag(&answer);
            if answer.status != 206 || known.zip(etag).is_some_and(|(known, now)| known != now) {
                return Err(changed());
            }
            let part = part_of(&answer)?;
            if part.total != expected.total {
                return Err(changed());
            }
            must_be(&part, expected)?;
            let from = answer.from.clone();
            Ok((take(answer)?, from))
        })?;
        self.from = from;
        Ok(taken)
    }
}

fn must_be(part: &ContentRange, expected: &ContentRange) -> Result<(), AttemptError> {
    if part == expected {
        return Ok(());
    }
    let reason = format!("asked for {expected}, it sent {part}");
    Err(AttemptError::failed(Cause::Unexpected { reason }))
}

fn part_of(answer: &ApiResponse) -> Result<ContentRange, AttemptError> {
    let header = answer.header("content-range").unwrap_or_default();
    ContentRange::parse(header).ok_or_else(|| {
        let reason = format!("it sent a part without saying which (`{}`)", sanitize(header));
        AttemptError::failed(Cause::Unexpected { reason })
    })
}

fn changed() -> AttemptError {
    let reason = "the archive changed while it was read".to_owned();
    AttemptError::failed(Cause::Unexpected { reason })
}

/// Where it is a strong one: weak ones are the same for all that GitLab sends.
pub(super) fn etag(answer: &ApiResponse) -> Option<&str> {
    answer.header("etag").filter(|etag| etag.starts_with('"'))
}
