//! Downloads whole archives into a file.

use std::fs::File;
use std::io::{self, Seek, Write};

use super::progress::Progress;
use crate::disk::{self, AtomicFile, CacheWriter};
use crate::error::{Context, Error};
use crate::gitlab::Body;
use crate::lookup::{Ctx, FoundJob};

/// A place for the bytes of a download, which can be emptied when the download starts over.
pub trait Spool: Write {
    /// Removes everything that was written.
    fn restart(&mut self) -> io::Result<()>;

    /// Reports the errors of the writes so far that the file system has kept back.
    fn check(&mut self) -> io::Result<()>;

    /// Returns the file that several streams may write at any position, if there is one.
    fn seekable(&mut self) -> Option<&File> {
        None
    }
}

/// Downloads all of an archive whose response has begun, and returns the bytes received.
pub fn download<'a, S: Spool>(
    ctx: &Ctx<'a>,
    found: &FoundJob,
    body: Body<'a>,
    archive: &mut S,
) -> Result<u64, Error> {
    let progress = Progress::start(ctx, found);
    let mut arrived = |done, total| progress.report(done, total);
    let restart = |archive: &mut S| archive.restart();
    let bytes = ctx.gitlab.copy(body, found.size(), archive, restart, &mut arrived)?;
    archive.check().context("writing a temporary file")?;
    Ok(progress.finish(bytes))
}

impl Spool for File {
    fn restart(&mut self) -> io::Result<()> {
        self.set_len(0)?;
        self.rewind()
    }

    fn check(&mut self) -> io::Result<()> {
        disk::check_written(self)
    }

    fn seekable(&mut self) -> Option<&File> {
        Some(self)
    }
}

impl Spool for AtomicFile {
    fn restart(&mut self) -> io::Result<()> {
        Spool::restart(self.file())
    }

    fn check(&mut self) -> io::Result<()> {
        AtomicFile::check(self)
    }

    fn seekable(&mut self) -> Option<&File> {
        Some(self.file())
    }
}

impl Spool for CacheWriter {
    fn restart(&mut self) -> io::Result<()> {
        CacheWriter::restart(self)
    }

    fn check(&mut self) -> io::Result<()> {
        CacheWriter::check(self)
    }
}
