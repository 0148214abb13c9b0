//! The archive itself: where it is kept on its way, and that it is one.

use std::fs::File;
use std::io::{self, Seek};

use anyhow::Context;

use crate::archive::Archive;
use crate::disk::WholeFile;
use crate::flow::{Found, Spool};
use crate::shown::shown;

impl Spool for File {
    fn restart(&mut self) -> io::Result<()> {
        self.set_len(0)?;
        self.rewind()
    }
}

impl Spool for WholeFile {
    fn restart(&mut self) -> io::Result<()> {
        // A device or a pipe has nothing to go back to; what it swallowed is gone.
        self.file().map_or(Ok(()), Spool::restart)
    }
}

/// A file without a name, for what goes to standard output.
pub(super) fn nameless() -> anyhow::Result<File> {
    tempfile::tempfile().context("making a temporary file")
}

/// Whether what was received is an archive; afterwards the file stands at its beginning.
pub(super) fn judge(file: &mut File, found: &Found) -> anyhow::Result<()> {
    let doing = || format!("reading the artifacts of {}", shown(&found.label()));
    Archive::list(&mut *file).with_context(doing)?;
    file.rewind().with_context(doing)
}
