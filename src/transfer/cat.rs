//! One file out of the archive of a job.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek};

use super::acquire::{Acquired, acquire_each};
use super::context::Transfer;
use super::download::Spool;
use super::list::is_file;
use super::remote_zip::{
    RemoteZip, archive_error, copy_entry, link_target, needs_whole, open, reading,
};
use crate::archive;
use crate::disk;
use crate::error::{Context, Error};
use crate::gitlab::RemoteAnswer;
use crate::lookup::{Ctx, FoundJob};
use crate::model::{Entry, EntryKind};
use crate::refusal::{Refusal, nearest};
use crate::sanitize::escape_bytes;
use crate::select::link_target::{self, ResolveError};
use crate::select::name::System;

/// The longest target of a link, in bytes.
const LONGEST_TARGET: u64 = 4096;
/// The number of names that a refusal lists.
const MOST_NAMES: usize = 50;

/// Passes the file at `path` of the archive of each wanted job to `out`, once it is complete and
/// verified. Returns the patterns of jobs that are missing, with the reasons.
///
/// `path` has no empty, `.` or `..` segments, and bytes that are not UTF-8 are escaped as in the
/// display of a [`RawPath`](crate::model::RawPath). Links inside the archive are followed.
pub fn cat(
    transfer: &Transfer<'_>,
    path: &str,
    mut out: impl FnMut(&mut File) -> Result<(), Error>,
) -> Result<Vec<(String, Refusal)>, Error> {
    let Acquired { archives, missing, .. } = acquire_each(transfer, 1, |found, _| {
        let mut file = disk::temp_file()?;
        extract_file(transfer.ctx, found, path, &mut file)?;
        Ok(file)
    })?;
    for (_, mut file) in archives {
        file.rewind().context("reading a temporary file")?;
        out(&mut file)?;
    }
    Ok(missing)
}

/// Downloads one file of an archive: by GitLab's endpoint for single files, which is one request, or
/// where its answer is not certain, by the directory of the archive.
fn extract_file(ctx: &Ctx<'_>, found: &FoundJob, path: &str, to: &mut File) -> Result<(), Error> {
    let downloaded = ctx.gitlab.download_file(&found.at, path, to, Spool::restart);
    let (given, refused) = match downloaded {
        Ok(length) => (length.is_some(), None),
        // GitLab unpacks fewer methods than this program, and fails at the others.
        Err(error) if error.status() == Some(500) => (false, Some(error)),
        Err(error) => return Err(error.into()),
    };
    if given && !is_doubtful(to).context("reading a temporary file")? {
        return Ok(());
    }
    let archive = ctx.gitlab.open_remote(&found.at, found.size()).map_err(Error::from);
    let mut archive = match archive.and_then(|remote| open(ctx, found, remote)) {
        Ok(archive) => archive,
        // Without the directory, the answer of the endpoint stands.
        Err(_) if given => return Ok(()),
        Err(error) => return Err(refused.map_or(error, Error::from)),
    };
    let length = to.metadata().context("reading a temporary file")?.len();
    let named = archive.entries().iter().find(|entry| escape_bytes(&entry.name) == path);
    let is_right = |entry: &Entry| entry.kind == EntryKind::File && entry.size == length;
    if given && named.is_some_and(is_right) {
        return Ok(());
    }
    match copy_from(&mut archive, found, path, to) {
        Err(error) if needs_whole(&error) => {
            let whole = RemoteAnswer::Whole(Box::new(ctx.gitlab.download(&found.at)?));
            copy_from(&mut open(ctx, found, whole)?, found, path, to)
        }
        copied => copied,
    }
}

/// Copies a file of an archive, or the one that a link leads to.
fn copy_from(
    archive: &mut RemoteZip<'_>,
    found: &FoundJob,
    path: &str,
    to: &mut File,
) -> Result<(), Error> {
    let end = resolve(archive, path).map_err(|error| archive_error(error, reading(found)))?;
    let Some(index) = position(archive, &end, |entry| entry.kind == EntryKind::File) else {
        return Err(no_file(archive.entries(), path, &end).into());
    };
    to.restart().context("writing a temporary file")?;
    copy_entry(archive, index, to).map_err(|error| archive_error(error, reading(found)))
}

/// Returns true if these bytes may not be the file: GitLab sends the target of a link in place of the
/// file that it leads to, and nothing for an entry that it cannot unpack. Reading the directory costs
/// requests, so only bytes that could be a path are doubtful.
fn is_doubtful(file: &mut File) -> std::io::Result<bool> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(LONGEST_TARGET + 1).read_to_end(&mut bytes)?;
    let length = 0..=LONGEST_TARGET as usize;
    let unlikely = |byte: &u8| byte.is_ascii_control() || b"{}<>\"'|*?:;,=".contains(byte);
    Ok(length.contains(&bytes.len()) && !bytes.iter().any(unlikely))
}

/// Resolves a path through the links of the archive.
fn resolve(archive: &mut RemoteZip<'_>, path: &str) -> Result<String, archive::Error> {
    let links: HashMap<Vec<u8>, usize> = archive
        .entries()
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.kind == EntryKind::Link)
        .map(|(index, entry)| (entry.name.to_string().into_bytes(), index))
        .collect();
    let find = |at: &[Vec<u8>]| links.get(&at.join(&b'/')).copied();
    let read = |index| Ok(link_target(archive, index)?.to_string());
    let bad = |why| Err(archive::Error::LinkTarget { entry: path.to_owned(), why });
    match link_target::resolve(System::Unix, Vec::new(), path.as_bytes(), find, read) {
        Ok(components) => Ok(String::from_utf8_lossy(&components.join(&b'/')).into_owned()),
        Err(ResolveError::Escapes) => bad("leads out of the archive"),
        Err(ResolveError::Loop) => bad("goes round in circles"),
        Err(ResolveError::Target(error)) => Err(error),
    }
}

fn position(archive: &RemoteZip<'_>, name: &str, is: impl Fn(&Entry) -> bool) -> Option<usize> {
    archive.entries().iter().position(|entry| is(entry) && escape_bytes(&entry.name) == name)
}

/// Returns the paths to suggest instead: those below a folder, or else those of similar names.
fn no_file(entries: &[Entry], path: &str, end: &str) -> Refusal {
    let names = entries.iter().filter(|entry| is_file(entry)).map(|entry| entry.name.to_string());
    let names: Vec<String> = names.collect();
    let folder = if end.is_empty() { String::new() } else { format!("{end}/") };
    let below: Vec<String> =
        names.iter().filter(|name| name.starts_with(&folder)).cloned().collect();
    let wanted = vec![path.to_owned()];
    let mut seen = if below.is_empty() { nearest(&wanted, &names) } else { below };
    seen.truncate(MOST_NAMES);
    Refusal::NoFile { wanted, seen }
}
