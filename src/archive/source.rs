//! The reader below an archive, which remembers its own failure.
//!
//! Whoever unpacks reports bad bytes and a failing disk or network alike as an `io::Error`, and
//! may copy it on the way; this tells them apart and keeps the original.

use std::io::{self, Read, Seek, SeekFrom};

#[derive(Debug)]
pub struct Source<R> {
    reader: R,
    failure: Option<io::Error>,
}

impl<R> Source<R> {
    pub fn new(reader: R) -> Source<R> {
        Source { reader, failure: None }
    }

    /// The reader itself.
    pub fn inner(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The error that the reader itself gave, once.
    pub fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    fn watched<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failure = Some(error);
            }
            io::Error::from(kind)
        })
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.reader.read(buffer);
        self.watched(result)
    }
}

impl<R: Seek> Seek for Source<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // A place before the start or beyond all numbers is the archive's lie, not a failure.
        let result = self.reader.seek(to);
        match result {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(error),
            result => self.watched(result),
        }
    }
}
