//! Instead of step 4: an archive that is read where it is, as far as its server allows that.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use anyhow::Context;

use super::fetch::Spool;
use super::{Ctx, Found};
use crate::archive::{self, Archive};
use crate::gitlab::{self, Remote, WholeArchive};
use crate::model::Job;
use crate::ranged::{Give, Ranged};
use crate::shown::shown;
use crate::step::Step;

/// An archive of which little is here.
pub(super) type Afar<'a> = Archive<Ranged<'a>>;

/// Tells whose archive is read.
pub(super) fn announce(ctx: &Ctx<'_>, found: &Found) {
    let size = found.job.as_ref().and_then(Job::archive_size);
    let status = found.job.as_ref().map(|job| &job.status);
    ctx.watch.step(&Step::Job { label: &found.label(), status, size });
}

/// Reads the directory of an archive. One that its server gives only whole is downloaded.
pub(super) fn open<'a>(
    ctx: &Ctx<'a>,
    found: &Found,
    remote: Remote<'a>,
) -> anyhow::Result<Afar<'a>> {
    let bytes = match remote {
        Remote::Parts(mut remote) => {
            let (length, tail) = (remote.length(), remote.tail());
            let give: Give<'a> =
                Box::new(move |range| remote.range(range).map_err(io::Error::other));
            let mut bytes = Ranged::new(length, give);
            bytes.keep(length - tail.len() as u64, tail);
            bytes
        }
        Remote::Whole(whole) => here(download(ctx, found, whole)?)?,
    };
    Archive::list(bytes).map_err(|error| plain(found, error))
}

/// Unpacks an entry, whose bytes are asked for at once. What `to` holds is right only if this
/// succeeds.
pub(super) fn copy(
    archive: &mut Afar<'_>,
    index: usize,
    to: &mut dyn io::Write,
) -> Result<(), archive::Error> {
    let extent = archive.extent(index);
    archive.reader().want(extent);
    archive.copy(index, to).map(|_| ())
}

/// Where a link points.
pub(super) fn target(archive: &mut Afar<'_>, index: usize) -> Result<String, archive::Error> {
    let extent = archive.extent(index);
    archive.reader().want(extent);
    archive.link_target(index)
}

/// What went wrong with an archive: the question to GitLab itself, if that did.
pub(super) fn plain(found: &Found, error: archive::Error) -> anyhow::Error {
    let doing = format!("reading the artifacts of {}", shown(&found.label()));
    match error {
        archive::Error::Read(error) => match error.downcast::<gitlab::Error>() {
            Ok(error) => error.into(),
            Err(error) => anyhow::Error::new(archive::Error::Read(error)).context(doing),
        },
        error => anyhow::Error::new(error).context(doing),
    }
}

fn download(ctx: &Ctx<'_>, found: &Found, whole: WholeArchive<'_>) -> anyhow::Result<File> {
    let mut file = tempfile::tempfile().context("making a temporary file")?;
    let (label, start) = (found.label(), ctx.clock.elapsed());
    let bytes = whole.copy(&mut file, Spool::restart, &mut |done, total| {
        ctx.watch.step(&Step::Bytes { label: &label, done, total });
    })?;
    let took = ctx.clock.elapsed().saturating_sub(start);
    ctx.watch.step(&Step::Downloaded { label: &label, bytes, took });
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
