//! An archive that is read in place by range requests, as far as its server allows that.

use std::borrow::BorrowMut;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::download::download;
use crate::archive::{self, Archive};
use crate::disk;
use crate::error::{Context, Error};
use crate::gitlab::{self, RemoteAnswer, RemoteArchive, TAIL_LENGTH};
use crate::lookup::{Ctx, FoundJob};
use crate::model::{DEFAULT_MAX_ENTRIES, RawPath};
use crate::ranged::{FetchRange, Ranged};
use crate::sanitize::sanitize;

/// An archive of which mostly the directory is known.
pub type RemoteZip<'a> = Archive<Ranged<'a>>;

/// Reads the directory of an archive. An archive that its server gives only whole is downloaded
/// into a temporary file.
pub fn open<'a>(
    ctx: &Ctx<'a>,
    found: &FoundJob,
    remote: RemoteAnswer<'a>,
) -> Result<RemoteZip<'a>, Error> {
    let bytes = match remote {
        RemoteAnswer::Ranges(mut remote) => {
            let tail = remote.take_tail();
            with_tail(*remote, tail)
        }
        RemoteAnswer::Whole(body) => {
            let mut file = disk::temp_file()?;
            download(ctx, found, *body, &mut file)?;
            from_file(file)?
        }
    };
    let archive = Archive::open_directory(bytes, DEFAULT_MAX_ENTRIES);
    archive.map_err(|error| archive_error(error, reading(found)))
}

/// Reads the directory of an archive of at most `max_entries` entries by range requests alone.
pub fn open_by_ranges(
    mut remote: RemoteArchive<'_>,
    max_entries: usize,
) -> Result<RemoteZip<'_>, archive::Error> {
    let length = remote.length();
    let tail = remote.range(length.saturating_sub(TAIL_LENGTH)..length);
    let tail = tail.map_err(|error| archive::Error::Read(io::Error::other(error)))?;
    Archive::open_directory(with_tail(remote, tail), max_entries)
}

/// Returns a reader over an archive whose last bytes are known.
pub fn with_tail<'a, 'b: 'a>(
    mut remote: impl BorrowMut<RemoteArchive<'b>> + 'a,
    tail: Vec<u8>,
) -> Ranged<'a> {
    let length = remote.borrow().length();
    let fetch: FetchRange<'a> =
        Box::new(move |range| remote.borrow_mut().range(range).map_err(io::Error::other));
    let mut bytes = Ranged::new(length, fetch);
    bytes.insert(length - tail.len() as u64, tail);
    bytes
}

/// Extracts one entry, whose bytes are requested at once. `to` holds the right bytes only if this
/// succeeds.
pub fn copy_entry(
    archive: &mut RemoteZip<'_>,
    index: usize,
    to: &mut dyn io::Write,
) -> Result<(), archive::Error> {
    let extent = archive.extent(index);
    archive.reader().will_read(extent);
    archive.copy(index, to).map(|_| ())
}

/// Reads the target of a symlink.
pub fn link_target(archive: &mut RemoteZip<'_>, index: usize) -> Result<RawPath, archive::Error> {
    let extent = archive.extent(index);
    archive.reader().will_read(extent);
    archive.link_target(index)
}

/// Unwraps the failed request inside an archive error, if there is one.
pub fn archive_error(error: archive::Error, doing: String) -> Error {
    match error {
        archive::Error::Read(error) => match error.downcast::<gitlab::Error>() {
            Ok(error) => error.into(),
            Err(error) => Error::Archive(archive::Error::Read(error)).context(doing),
        },
        error => Error::Archive(error).context(doing),
    }
}

/// Returns true if an archive cannot be read by ranges, but perhaps as a whole.
pub fn needs_whole(error: &Error) -> bool {
    matches!(error.root(), Error::GitLab(error) if error.is_range_refused())
}

/// Describes reading an archive, for messages.
pub fn reading(found: &FoundJob) -> String {
    format!("reading the artifacts of {}", sanitize(&found.label()))
}

fn from_file<'a>(mut file: File) -> Result<Ranged<'a>, Error> {
    let length = file.seek(SeekFrom::End(0)).context("reading a temporary file")?;
    let fetch: FetchRange<'a> = Box::new(move |range| {
        file.seek(SeekFrom::Start(range.start))?;
        let mut bytes = Vec::new();
        (&file).take(range.end - range.start).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    Ok(Ranged::new(length, fetch))
}
