//! The bytes of an archive as they come. Where they break off, they go on from there.
//!
//! GitLab is asked again for that, because the address it redirects to may have run out, and
//! `If-Range` ties what comes then to what came before: the rest of another archive never follows.

use std::fmt;
use std::io::{self, Read, Write};

use ureq::BodyReader;

use super::address::Address;
use super::answer::{Answer, Page, Trouble, why};
use super::error::{Cause, Error};
use super::part::Part;
use super::remote::{RemoteArchive, etag};
use super::sum::{self, Sum};
use super::{Ask, Client};
use crate::model::ArchiveAt;

/// An archive on its way.
pub struct Body<'a> {
    client: &'a Client,
    ask: Ask,
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
    page: Option<Page>,
    /// How often something failed so far, of all that may.
    tries: u32,
}

/// Why no more bytes come.
pub(super) enum Stop {
    /// The download can only begin again from the start.
    Over(Trouble),
    Failed(Error),
}

/// The bytes broke off, and what came so far is of no use.
#[derive(Debug)]
pub struct BrokeOff;

impl Client {
    /// Begins to download an archive.
    pub fn body(&self, at: &ArchiveAt) -> Result<Body<'_>, Error> {
        self.coming(self.ask_archive(at), 0)
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
            restart(to).map_err(|error| self.failed(&body.ask, Cause::Local(error)))?;
            match body.copy_to(to, size, arrived) {
                Ok(count) => return Ok(count),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Over(trouble)) => {
                    self.http.again(&body.ask, trouble, &mut body.tries)?;
                    let summed = body.sum.is_some();
                    body = self.coming(body.ask, body.tries)?;
                    body.sum = body.sum.filter(|_| summed);
                }
            }
        }
    }

    pub(super) fn coming(&self, ask: Ask, mut tries: u32) -> Result<Body<'_>, Error> {
        let open = |ask: &Ask| {
            let answer = self.http.open_within(ask, &mut tries, Ok)?;
            Ok(Body::new(self, ask, answer, tries))
        };
        self.or_without_token(ask, open)
    }
}

impl<'a> Body<'a> {
    pub(super) fn new(client: &'a Client, ask: &Ask, answer: Answer, tries: u32) -> Body<'a> {
        let page = answer.page_at_first();
        let total = answer.header("content-length").and_then(|length| length.parse().ok());
        Body {
            client,
            ask: ask.clone(),
            total,
            end: total,
            chunked: answer.is_chunked(),
            etag: etag(&answer).map(str::to_owned),
            // Storage makes tags of its own.
            sum: etag(&answer)
                .filter(|_| answer.from.same_origin(&client.http.root))
                .and_then(sum::told)
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
    pub(super) fn whole(client: &'a Client, ask: &Ask, answer: Answer) -> Body<'a> {
        Body { etag: None, parts: false, ..Body::new(client, ask, answer, 0) }
    }

    /// The bytes of a part alone.
    pub(super) fn part(
        client: &'a Client,
        ask: &Ask,
        answer: Answer,
        known: Option<String>,
        part: &Part,
    ) -> Body<'a> {
        Body {
            etag: known,
            total: Some(part.total),
            end: Some(part.range.end),
            done: part.range.start,
            page: None,
            sum: None,
            ..Body::new(client, ask, answer, 0)
        }
    }

    /// The same without a look at its checksum.
    pub(super) fn unsummed(self) -> Body<'a> {
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
        self.parts.then(|| RemoteArchive::known(self.client, self.ask.clone(), from, etag, total))
    }

    /// Copies all that is still to come. `least` is what it must have where it comes without a
    /// length: its end looks like a lost connection.
    pub(super) fn copy_to(
        &mut self,
        to: &mut dyn Write,
        least: Option<u64>,
        arrived: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<u64, Stop> {
        let mut block = vec![0; 256 << 10];
        let mut sum = self.sum.as_deref().map(Sum::new);
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
            return Err(Stop::Over(cut_short(self.done, least)));
        }
        match sum.and_then(Sum::wrong) {
            Some(trouble) => Err(self.failed(Cause::Damaged { trouble })),
            None => Ok(self.done),
        }
    }

    /// Some bytes, or none at the end. Goes on by itself where that is possible.
    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        loop {
            let trouble = match self.reader.read(buffer) {
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
                    Trouble::passing(format!(
                        "the download broke off after {done}{of} bytes: {}",
                        why(&error)
                    ))
                }
            };
            self.go_on(trouble)?;
        }
    }

    /// Asks for the rest.
    fn go_on(&mut self, trouble: Trouble) -> Result<(), Stop> {
        let (Some(total), Some(end), Some(known)) = (self.total, self.end, self.etag.clone())
        else {
            return Err(Stop::Over(trouble));
        };
        if self.done == 0 || self.done >= end {
            return Err(Stop::Over(trouble));
        }
        let http = &self.client.http;
        http.again(&self.ask, trouble, &mut self.tries).map_err(Stop::Failed)?;
        let expected = Part { range: self.done..end, total };
        let rest = self.ask.clone().header("range", expected.wanted());
        let rest = rest.header("if-range", known.clone());
        // Whatever else is answered, the archive is not what it was.
        let continued = http.open_within(&rest, &mut self.tries, |answer| {
            let part = Part::parse(answer.header("content-range").unwrap_or_default());
            let same = answer.status == 206 && etag(&answer).is_none_or(|etag| etag == known);
            Ok((same && part.as_ref() == Some(&expected)).then_some(answer))
        });
        match continued {
            Ok(Some(answer)) => {
                self.from = answer.from;
                self.reader = answer.body.into_reader();
                Ok(())
            }
            Ok(None) => Err(Stop::Over(changed())),
            Err(error) if error.status() == Some(416) => Err(Stop::Over(changed())),
            Err(error) => Err(Stop::Failed(error)),
        }
    }

    fn failed(&self, cause: Cause) -> Stop {
        Stop::Failed(self.client.failed(&self.ask, cause))
    }
}

fn changed() -> Trouble {
    Trouble::passing("the archive changed while it was downloaded")
}

fn cut_short(done: u64, expected: u64) -> Trouble {
    Trouble::passing(format!("the download was cut short at {done} of {expected} bytes"))
}

impl Read for Body<'_> {
    /// Fails with `BrokeOff` where only a fresh start could help, else with an `Error`.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.next(buffer).map_err(|stop| match stop {
            Stop::Over(_) => io::Error::other(BrokeOff),
            Stop::Failed(error) => io::Error::other(error),
        })
    }
}

impl std::error::Error for BrokeOff {}

impl fmt::Display for BrokeOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the download broke off")
    }
}
