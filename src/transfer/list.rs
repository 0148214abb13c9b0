//! Lists the files in the archives of jobs, by reading only their directories.

use super::acquire::{Acquired, MAX_PARALLEL_DOWNLOADS, acquire_each};
use super::context::Transfer;
use super::remote_zip::{needs_whole, open};
use crate::error::Error;
use crate::gitlab::{ListedEntry, RemoteAnswer};
use crate::lookup::{Ctx, FoundJob};
use crate::model::{Entry, EntryKind};
use crate::refusal::Refusal;

/// An archive that its server gives only whole is downloaded up to this size in bytes; for a larger
/// one GitLab is asked for a listing.
const MAX_UNLISTED_SIZE: u64 = 4 << 20;

/// A file or a link in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// Its whole name, `/` between its parts.
    pub path: String,
    /// Bytes when unpacked.
    pub size: u64,
    /// Bytes in the archive; none where GitLab made the listing.
    pub compressed_size: Option<u64>,
    /// The unix permission bits, where they are known.
    pub mode: Option<u32>,
}

/// The files of each job, and the patterns that are missing with the reason.
#[derive(Debug)]
pub struct Contents {
    pub jobs: Vec<(FoundJob, Vec<ListedFile>)>,
    pub missing: Vec<(String, Refusal)>,
}

/// Lists the files in the archives of the wanted jobs, in archive order, once they are there.
pub fn list(transfer: &Transfer<'_>) -> Result<Contents, Error> {
    let Acquired { archives, missing, .. } =
        acquire_each(transfer, MAX_PARALLEL_DOWNLOADS, |found, _| files(transfer.ctx, found))?;
    Ok(Contents { jobs: archives, missing })
}

fn files(ctx: &Ctx<'_>, found: &FoundJob) -> Result<Vec<ListedFile>, Error> {
    match list_remote(ctx, found, ctx.gitlab.open_remote(&found.at, found.size())?) {
        Err(error) if needs_whole(&error) => {
            let whole = ctx.gitlab.download(&found.at)?;
            list_remote(ctx, found, RemoteAnswer::Whole(Box::new(whole)))
        }
        listed => listed,
    }
}

fn list_remote<'a>(
    ctx: &Ctx<'a>,
    found: &FoundJob,
    remote: RemoteAnswer<'a>,
) -> Result<Vec<ListedFile>, Error> {
    if let RemoteAnswer::Whole(whole) = &remote
        && whole.total().is_none_or(|length| length > MAX_UNLISTED_SIZE)
        // Older servers make no listing, and none of an archive without metadata.
        && let Ok(Some(rows)) = ctx.gitlab.list_archive(&found.at)
    {
        return Ok(rows.into_iter().filter(|row| !row.is_folder()).map(ListedFile::from).collect());
    }
    let archive = open(ctx, found, remote)?;
    let files = archive.entries().iter().filter(|entry| is_file(entry));
    Ok(files.map(ListedFile::from).collect())
}

/// Returns if an entry is a file or a link.
pub fn is_file(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::File | EntryKind::Link)
}

impl From<&Entry> for ListedFile {
    fn from(entry: &Entry) -> ListedFile {
        ListedFile {
            path: entry.name.to_string(),
            size: entry.size,
            compressed_size: Some(entry.compressed_size),
            mode: entry.mode.map(u32::from),
        }
    }
}

impl From<ListedEntry> for ListedFile {
    fn from(row: ListedEntry) -> ListedFile {
        let mode = row.mode();
        // GitLab leaves the size of empty files out.
        ListedFile { path: row.path, size: row.size.unwrap_or(0), compressed_size: None, mode }
    }
}
