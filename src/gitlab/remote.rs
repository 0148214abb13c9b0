//! An archive that stays where it is: its length and any part of it, each by a request.
//!
//! The first question is for the end of the archive. Its answer tells the length, proves that
//! parts can be had, and holds the directory of most zips. A server that gives no parts sends the
//! whole in that same answer, which is then used and not asked for again.

use std::io::{self, Write};
use std::ops::Range;

use super::address::Address;
use super::answer::{Answer, Trouble};
use super::error::{Cause, Error};
use super::part::Part;
use super::{Ask, Client};
use crate::model::ArchiveAt;
use crate::shown::shown;
use crate::token::Token;

/// How much of the end is asked for first, in bytes: as far as the longest comment of a zip can
/// push its end record away from the end.
pub const TAIL: u64 = 66 << 10;

/// An archive as its server gives it.
pub enum Remote<'a> {
    Parts(RemoteArchive<'a>),
    Whole(WholeArchive<'a>),
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
}

/// An archive that comes as a whole or not at all, on its way.
pub struct WholeArchive<'a> {
    client: &'a Client,
    at: ArchiveAt,
    ask: Ask,
    answer: Answer,
}

impl Client {
    /// Begins to read an archive without downloading it.
    ///
    /// # Errors
    /// Like any other download: that the archive may not be had never leads to asking for more.
    pub fn remote(&self, at: &ArchiveAt) -> Result<Remote<'_>, Error> {
        self.or_without_token(self.ask_archive(at), |ask| self.begin(at, ask))
    }

    fn begin(&self, at: &ArchiveAt, ask: &Ask) -> Result<Remote<'_>, Error> {
        let begun = |mut answer: Answer| {
            if answer.status != 206 {
                return Ok(Remote::Whole(WholeArchive {
                    client: self,
                    at: at.clone(),
                    ask: ask.clone(),
                    answer,
                }));
            }
            let part = part_of(&answer)?;
            let expected = Part::tail(TAIL, part.total);
            Ok(Remote::Parts(RemoteArchive {
                client: self,
                ask: ask.clone(),
                tail: body(&mut answer, &part, &expected)?,
                etag: etag(&answer).map(str::to_owned),
                from: answer.from,
                length: part.total,
            }))
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
        RemoteArchive { client, ask, from, etag: Some(etag), length, tail: Vec::new() }
    }

    /// Bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The last bytes, which came with the first answer; empty the second time.
    pub fn tail(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.tail)
    }

    /// These bytes. They are asked for where the last ones came from; when that address has run
    /// out, GitLab is asked for a fresh one.
    pub fn range(&mut self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let last = range.end - 1;
        let mut ask = self.ask.clone().header("range", format!("bytes={}-{last}", range.start));
        if let Some(etag) = &self.etag {
            ask = ask.header("if-range", etag.clone());
        }
        let part = Part { range, total: self.length };
        if self.from != self.ask.address {
            let there = Ask { address: self.from.clone(), leased: true, ..ask.clone() };
            match self.part(&there, &part) {
                Err(error) if error.has_run_out() => {}
                result => return result,
            }
        }
        self.part(&ask, &part)
    }

    fn part(&mut self, ask: &Ask, expected: &Part) -> Result<Vec<u8>, Error> {
        let known = self.etag.as_deref();
        let (bytes, from) = self.client.http.open(ask, |mut answer| {
            let etag = etag(&answer);
            if answer.status != 206 || known.zip(etag).is_some_and(|(known, now)| known != now) {
                return Err(changed());
            }
            let part = part_of(&answer)?;
            if part.total != expected.total {
                return Err(changed());
            }
            Ok((body(&mut answer, &part, expected)?, answer.from))
        })?;
        self.from = from;
        Ok(bytes)
    }
}

impl WholeArchive<'_> {
    /// Bytes, where the server announces them.
    pub fn length(&self) -> Option<u64> {
        self.answer.header("content-length")?.parse().ok()
    }

    /// Copies it into `to`, which `restart` empties should it have to be sent again; `arrived` is
    /// told the count of bytes and, where announced, the length.
    pub fn copy<W: Write>(
        mut self,
        to: &mut W,
        restart: impl Fn(&mut W) -> io::Result<()>,
        arrived: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
        match self.answer.copy_to(to, None, arrived) {
            Ok(count) => Ok(count),
            Err(Trouble::Final(cause)) => {
                let token = self.client.http.token.as_ref().map(Token::kind);
                Err(Error::new(&self.ask, token, cause))
            }
            Err(Trouble::Passing { .. }) => {
                self.client.archive(&self.at, None, to, restart, arrived)
            }
        }
    }
}

/// The bytes of an answer that must hold this part.
fn body(answer: &mut Answer, part: &Part, expected: &Part) -> Result<Vec<u8>, Trouble> {
    if part == expected {
        return answer.exactly(part.length());
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
