//! Instead of step 4: an archive that is read where it is, as far as its server allows that.

use std::borrow::BorrowMut;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use anyhow::Context;

use super::fetch::whole;
use super::{Ctx, FoundJob};
use crate::archive::{self, Archive};
use crate::disk;
use crate::gitlab::{self, Body, RemoteAnswer, RemoteArchive, TAIL_LENGTH};
use crate::ranged::{Give, Ranged};
use crate::sanitize::sanitize;
use crate::step::Step;

/// An archive of which little is here.
pub(super) type RemoteZip<'a> = Archive<Ranged<'a>>;

/// Tells whose archive is read.
pub(super) fn announce(ctx: &Ctx<'_>, found: &FoundJob) {
    let size = found.size();
    let status = found.job.as_ref().map(|job| &job.status);
    ctx.watch.step(&Step::Job { label: &found.label(), status, size });
}

/// Reads the directory of an archive. One that its server gives only whole is downloaded.
pub(super) fn open<'a>(
    ctx: &Ctx<'a>,
    found: &FoundJob,
    remote: RemoteAnswer<'a>,
) -> anyhow::Result<RemoteZip<'a>> {
    let bytes = match remote {
        RemoteAnswer::Ranges(mut remote) => {
            let tail = remote.take_tail();
            parts(*remote, tail)
        }
        RemoteAnswer::Whole(body) => here(download(ctx, found, *body)?)?,
    };
    Archive::list(bytes).map_err(|error| plain(error, reading(found)))
}

/// Reads the directory of an archive of which nothing is here yet.
pub(super) fn read(mut remote: RemoteArchive<'_>) -> Result<RemoteZip<'_>, archive::Error> {
    let length = remote.length();
    let tail = remote.range(length.saturating_sub(TAIL_LENGTH)..length);
    let tail = tail.map_err(|error| archive::Error::Read(io::Error::other(error)))?;
    Archive::list(parts(remote, tail))
}

/// An archive of which the end is here.
pub(super) fn parts<'a, 'b: 'a>(
    mut remote: impl BorrowMut<RemoteArchive<'b>> + 'a,
    tail: Vec<u8>,
) -> Ranged<'a> {
    let length = remote.borrow().length();
    let give: Give<'a> =
        Box::new(move |range| remote.borrow_mut().range(range).map_err(io::Error::other));
    let mut bytes = Ranged::new(length, give);
    bytes.keep(length - tail.len() as u64, tail);
    bytes
}

/// Unpacks an entry, whose bytes are asked for at once. What `to` holds is right only if this
/// succeeds.
pub(super) fn copy(
    archive: &mut RemoteZip<'_>,
    index: usize,
    to: &mut dyn io::Write,
) -> Result<(), archive::Error> {
    let extent = archive.extent(index);
    archive.reader().want(extent);
    archive.copy(index, to).map(|_| ())
}

/// Where a link points.
pub(super) fn target(archive: &mut RemoteZip<'_>, index: usize) -> Result<String, archive::Error> {
    let extent = archive.extent(index);
    archive.reader().want(extent);
    archive.link_target(index)
}

/// What went wrong with an archive: the question to GitLab itself, if that did.
pub(super) fn plain(error: archive::Error, doing: String) -> anyhow::Error {
    match error {
        archive::Error::Read(error) => match error.downcast::<gitlab::Error>() {
            Ok(error) => error.into(),
            Err(error) => anyhow::Error::new(archive::Error::Read(error)).context(doing),
        },
        error => anyhow::Error::new(error).context(doing),
    }
}

pub(super) fn reading(found: &FoundJob) -> String {
    format!("reading the artifacts of {}", sanitize(&found.label()))
}

fn download<'a>(ctx: &Ctx<'a>, found: &FoundJob, body: Body<'a>) -> anyhow::Result<File> {
    let mut file = disk::temporary()?;
    whole(ctx, found, body, &mut file)?;
    Ok(file)
}

fn here<'a>(mut file: File) -> anyhow::Result<Ranged<'a>> {
    let length = file.seek(SeekFrom::End(0)).context("reading a temporary file")?;
    let give: Give<'a> = Box::new(move |range| {
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = Vec::new();
        (&file).take(range.end - range.start).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    Ok(Ranged::new(length, give))
}
