//! One file out of the archive of a job.

use std::fs::File;
use std::io::{Read, Seek};

use anyhow::Context;

use super::afar::{RemoteZip, announce, copy, open, plain, reading, target};
use super::fetch::{Each, Spool, each};
use super::list::is_file;
use super::{Ctx, FoundJob, JobQuery, Scope};
use crate::archive;
use crate::disk;
use crate::model::{Entry, EntryKind};
use crate::refusal::{Refusal, nearest};

/// How many links one way may lead through, as Linux has it.
const MOST_HOPS: usize = 40;
/// The longest target of a link, in bytes.
const LONGEST_TARGET: u64 = 4096;
/// So many names are told where none is right.
const MOST_NAMES: usize = 50;

/// The file of this path from the archive of each wanted job, handed to `out` once it is here
/// whole and right. What is missing is returned with the reason.
///
/// `path` has no empty, `.` or `..` segments. Links inside the archive are followed.
pub fn cat(
    ctx: &Ctx<'_>,
    address: &Scope,
    query: &JobQuery,
    path: &str,
    mut out: impl FnMut(&mut File) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<(String, Refusal)>> {
    let Each { taken, missing } = each(ctx, address, query, 1, |found, _| {
        let mut file = disk::temporary()?;
        take(ctx, found, path, &mut file)?;
        Ok(file)
    })?;
    for (_, mut file) in taken {
        file.rewind().context("reading a temporary file")?;
        out(&mut file)?;
    }
    Ok(missing)
}

/// GitLab unpacks single files itself, which is one request; where that is not enough, the
/// directory of the archive tells more.
fn take(ctx: &Ctx<'_>, found: &FoundJob, path: &str, to: &mut File) -> anyhow::Result<()> {
    announce(ctx, found);
    let given = ctx.gitlab.download_file(&found.at, path, to, Spool::restart)?.is_some();
    if given && !may_be_target(to).context("reading a temporary file")? {
        return Ok(());
    }
    let archive = ctx.gitlab.open_remote(&found.at).map_err(anyhow::Error::from);
    let mut archive = match archive.and_then(|remote| open(ctx, found, remote)) {
        Ok(archive) => archive,
        // What GitLab gave is not lost because a second look fails.
        Err(_) if given => return Ok(()),
        Err(error) => return Err(error),
    };
    let named = archive.entries().iter().find(|entry| entry.name == path);
    if given && named.is_some_and(|entry| entry.kind == EntryKind::File) {
        return Ok(());
    }
    let end = follow(&mut archive, path).map_err(|error| plain(error, reading(found)))?;
    let Some(index) = position(&archive, &end, |entry| entry.kind == EntryKind::File) else {
        return Err(no_file(archive.entries(), path, &end).into());
    };
    to.restart().context("writing a temporary file")?;
    copy(&mut archive, index, to).map_err(|error| plain(error, reading(found)))
}

/// Whether these could be the bytes of a link: of one, GitLab gives its target. A second look
/// costs requests, so what no build calls a file is not taken for a target.
fn may_be_target(file: &mut File) -> std::io::Result<bool> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(LONGEST_TARGET + 1).read_to_end(&mut bytes)?;
    let length = 1..=LONGEST_TARGET as usize;
    let unlikely = |byte: &u8| byte.is_ascii_control() || b"{}<>\"'|*?:;,=".contains(byte);
    Ok(length.contains(&bytes.len()) && !bytes.iter().any(unlikely))
}

/// Where a path in the end leads, through the links of the archive.
fn follow(archive: &mut RemoteZip<'_>, path: &str) -> Result<String, archive::Error> {
    let astray = |why| Err(archive::Error::Target { entry: path.to_owned(), why });
    let mut here: Vec<String> = Vec::new();
    let mut ahead: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let mut hops = 0;
    while let Some(component) = ahead.pop() {
        match component.as_str() {
            "" | "." => continue,
            ".." if here.pop().is_none() => return astray("leads out of the archive"),
            ".." => continue,
            _ => here.push(component),
        }
        let link = position(archive, &here.join("/"), |entry| entry.kind == EntryKind::Link);
        let Some(index) = link else { continue };
        hops += 1;
        if hops > MOST_HOPS {
            return astray("goes round in circles");
        }
        let target = target(archive, index)?;
        if target.starts_with('/') {
            return astray("leads out of the archive");
        }
        here.pop();
        ahead.extend(target.split('/').rev().map(str::to_owned));
    }
    Ok(here.join("/"))
}

fn position(archive: &RemoteZip<'_>, name: &str, is: impl Fn(&Entry) -> bool) -> Option<usize> {
    archive.entries().iter().position(|entry| entry.name == name && is(entry))
}

/// What there is instead: what lies below a folder, else what is called alike.
fn no_file(entries: &[Entry], path: &str, end: &str) -> Refusal {
    let names = entries.iter().filter(|entry| is_file(entry)).map(|entry| entry.name.clone());
    let names: Vec<String> = names.collect();
    let folder = if end.is_empty() { String::new() } else { format!("{end}/") };
    let below: Vec<String> =
        names.iter().filter(|name| name.starts_with(&folder)).cloned().collect();
    let wanted = vec![path.to_owned()];
    let mut seen = if below.is_empty() { nearest(&wanted, &names) } else { below };
    seen.truncate(MOST_NAMES);
    Refusal::NoFile { wanted, seen }
}
