//! The reader below an archive, which remembers its own failure.
//!
//! Whoever unpacks reports bad bytes and a failing disk or network alike as an `io::Error`, and
//! may copy it on the way; this tells them apart and keeps the original.

use std::io::{self, Read, Seek, SeekFrom};

#[derive(Debug)]
pub struct TrackedReader<R> {
    reader: R,
    failure: Option<io::Error>,
}

impl<R> TrackedReader<R> {
    pub fn new(reader: R) -> TrackedReader<R> {
        TrackedReader { reader, failure: None }
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

impl<R: Read> Read for TrackedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.reader.read(buffer);
        self.watched(result)
    }
}

impl<R: Seek> Seek for TrackedReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // A place before the start or beyond all numbers is the archive's lie, not a failure.
        let result = self.reader.seek(to);
        match result {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(error),
            result => self.watched(result),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails in this way, whatever is asked.
    struct Failing(io::ErrorKind);

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(self.0, "wire cut"))
        }
    }

    impl Seek for Failing {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Err(io::Error::new(self.0, "wire cut"))
        }
    }

    #[test]
    fn a_failure_is_kept_once_where_it_is_one() {
        for (kind, by_reading, by_seeking) in [
            (io::ErrorKind::TimedOut, true, true),
            (io::ErrorKind::Interrupted, false, false),
            (io::ErrorKind::InvalidInput, true, false),
        ] {
            let mut source = TrackedReader::new(Failing(kind));
            let kept = |error: io::Error, source: &mut TrackedReader<Failing>| {
                assert_eq!(error.kind(), kind);
                let failure = source.failure();
                assert!(source.failure().is_none(), "{kind}");
                failure.is_some_and(|failure| failure.to_string() == "wire cut")
            };
            let error = source.read(&mut [0]).unwrap_err();
            assert_eq!(kept(error, &mut source), by_reading, "reading, {kind}");
            let error = source.seek(SeekFrom::Start(0)).unwrap_err();
            assert_eq!(kept(error, &mut source), by_seeking, "seeking, {kind}");
        }
    }
}
