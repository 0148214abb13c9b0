//! An archive that stays where it is: its length and any part of it, each by a request.
//!
//! The first question is for the end of the archive. Its answer tells the length, proves that
//! parts can be had, and holds the directory of most zips. A server that gives no parts sends the
//! whole in that same answer, which is then used and not asked for again.

use std::ops::Range;

use super::address::Address;
use super::answer::{Answer, Trouble};
use super::body::Body;
use super::error::{Cause, Error};
use super::part::Part;
use super::{Ask, Client};
use crate::model::ArchiveAt;
use crate::shown::shown;

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
    ask: Ask,
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
        self.or_without_token(self.ask_archive(at), |ask| self.begin(ask))
    }

    fn begin(&self, ask: &Ask) -> Result<Remote<'_>, Error> {
        let begun = |mut answer: Answer| {
            if answer.status != 206 {
                return Ok(Remote::Whole(Box::new(Body::whole(self, ask, answer))));
            }
            let part = part_of(&answer)?;
            must_be(&part, &Part::tail(TAIL, part.total))?;
            Ok(Remote::Parts(Box::new(RemoteArchive {
                client: self,
                ask: ask.clone(),
                tail: answer.exactly(part.length())?,
                etag: etag(&answer).map(str::to_owned),
                from: answer.from,
                length: part.total,
                received: part.length(),
            })))
        };
        let end = ask.clone().header("range", format!("bytes=-{TAIL}"));
        match self.http.open(&end, begun) {
            // An empty archive has no end, and some servers know none that is longer than all.
            Err(error) if error.status() == Some(416) => self.http.open(ask, begun),
            result => result,
        }
    }
}

impl<'a> RemoteArchive<'a> {
    /// One that another answer told about; no byte of it is here.
    pub(super) fn known(
        client: &'a Client,
        ask: Ask,
        from: Address,
        etag: String,
        length: u64,
    ) -> RemoteArchive<'a> {
        RemoteArchive { client, ask, from, etag: Some(etag), length, tail: Vec::new(), received: 0 }
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
        let part = Part { range, total: self.length };
        let bytes = self.part(&part, |mut answer| answer.exactly(part.length()))?;
        self.received += part.length();
        Ok(bytes)
    }

    /// The same as they come.
    pub fn body(&mut self, range: Range<u64>) -> Result<Body<'a>, Error> {
        let part = Part { range, total: self.length };
        let (client, ask, known) = (self.client, self.ask.clone(), self.etag.clone());
        let answer = self.part(&part, Ok)?;
        Ok(Body::part(client, &ask, answer, known, &part))
    }

    /// Asks where the last bytes came from; when that address has run out, GitLab is asked for a
    /// fresh one.
    fn part<T>(
        &mut self,
        part: &Part,
        mut take: impl FnMut(Answer) -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        let mut ask = self.ask.clone().header("range", part.wanted());
        if let Some(etag) = &self.etag {
            ask = ask.header("if-range", etag.clone());
        }
        if self.from != self.ask.address {
            let there = Ask { address: self.from.clone(), leased: true, ..ask.clone() };
            match self.asked(&there, part, &mut take) {
                Err(error) if error.has_run_out() => {}
                result => return result,
            }
        }
        self.asked(&ask, part, &mut take)
    }

    fn asked<T>(
        &mut self,
        ask: &Ask,
        expected: &Part,
        take: &mut impl FnMut(Answer) -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        let known = self.etag.as_deref();
        let (taken, from) = self.client.http.open(ask, |answer| {
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

fn must_be(part: &Part, expected: &Part) -> Result<(), Trouble> {
    if part == expected {
        return Ok(());
    }
    let trouble = format!("asked for {expected}, it sent {part}");
    Err(Trouble::failed(Cause::Unexpected { trouble }))
}

fn part_of(answer: &Answer) -> Result<Part, Trouble> {
    let header = answer.header("content-range").unwrap_or_default();
    Part::parse(header).ok_or_else(|| {
        let trouble = format!("it sent a part without saying which (`{}`)", shown(header));
        Trouble::failed(Cause::Unexpected { trouble })
    })
}

fn changed() -> Trouble {
    let trouble = "the archive changed while it was read".to_owned();
    Trouble::failed(Cause::Unexpected { trouble })
}

/// Where it is a strong one: weak ones are the same for all that GitLab sends.
pub(super) fn etag(answer: &Answer) -> Option<&str> {
    answer.header("etag").filter(|etag| etag.starts_with('"'))
}
