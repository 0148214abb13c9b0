//! The files in the archives of jobs, by reading no more of them than their directories.

use super::afar::{announce, open};
use super::fetch::{Each, each};
use super::{Ctx, FoundJob, JobQuery, Scope};
use crate::gitlab::{ListedEntry, RemoteAnswer};
use crate::model::{Entry, EntryKind};
use crate::refusal::Refusal;

/// An archive that comes only whole is downloaded without thinking twice up to this, in bytes.
const SMALL: u64 = 4 << 20;

/// A file or a link in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its whole name, `/` between its parts.
    pub path: String,
    /// Bytes when unpacked.
    pub size: u64,
    /// Bytes in the archive; none where GitLab made the listing.
    pub compressed_size: Option<u64>,
    /// The unix permission bits, where they are known.
    pub mode: Option<u32>,
}

/// The files of each job, and what is missing with the reason.
#[derive(Debug)]
pub struct Contents {
    pub jobs: Vec<(FoundJob, Vec<Listed>)>,
    pub missing: Vec<(String, Refusal)>,
}

/// The files in the archives of the wanted jobs, in archive order, once they are there.
pub fn list(ctx: &Ctx<'_>, address: &Scope, query: &JobQuery) -> anyhow::Result<Contents> {
    let Each { taken, missing } = each(ctx, address, query, 1, |found, _| files(ctx, found))?;
    Ok(Contents { jobs: taken, missing })
}

fn files(ctx: &Ctx<'_>, found: &FoundJob) -> anyhow::Result<Vec<Listed>> {
    announce(ctx, found);
    let remote = ctx.gitlab.open_remote(&found.at)?;
    if let RemoteAnswer::Whole(whole) = &remote
        && whole.total().is_none_or(|length| length > SMALL)
        // Older servers make no listing, and none of an archive without metadata.
        && let Ok(Some(rows)) = ctx.gitlab.list_archive(&found.at)
    {
        return Ok(rows.into_iter().filter(|row| !row.is_folder()).map(Listed::from).collect());
    }
    let archive = open(ctx, found, remote)?;
    let files = archive.entries().iter().filter(|entry| is_file(entry));
    Ok(files.map(Listed::from).collect())
}

/// Files and links: what can be taken out of an archive and holds something.
pub(super) fn is_file(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::File | EntryKind::Link)
}

impl From<&Entry> for Listed {
    fn from(entry: &Entry) -> Listed {
        Listed {
            path: entry.name.clone(),
            size: entry.size,
            compressed_size: Some(entry.compressed_size),
            mode: entry.mode,
        }
    }
}

impl From<ListedEntry> for Listed {
    fn from(row: ListedEntry) -> Listed {
        let mode = row.mode();
        // GitLab leaves the size of empty files out.
        Listed { path: row.path, size: row.size.unwrap_or(0), compressed_size: None, mode }
    }
}
