//! A reader that remembers its own I/O error.
//!
//! Decompression reports bad data and failed reads alike as `io::Error`, and may replace the error
//! on the way. The remembered error tells the two apart and keeps the original.

use std::io::{self, Read, Seek, SeekFrom};

/// Buffer size for reading many entries or headers in sequence, in bytes.
pub const READ_AHEAD: usize = 64 << 10;

/// Wrapper of a reader that passes on only the kind of an error and keeps the error itself.
#[derive(Debug)]
pub struct TrackedReader<R> {
    reader: R,
    failure: Option<io::Error>,
}

impl<R> TrackedReader<R> {
    pub fn new(reader: R) -> TrackedReader<R> {
        TrackedReader { reader, failure: None }
    }

    /// Returns the wrapped reader.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Removes and returns the last error of the wrapped reader.
    pub fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    fn track<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
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
        self.track(result)
    }
}

impl<R: Seek> Seek for TrackedReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // An impossible position comes from a bad archive and is no failure of the reader.
        let result = self.reader.seek(to);
        match result {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(error),
            result => self.track(result),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that always fails with this kind of error.
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
    fn an_io_error_is_kept_once_and_an_impossible_position_is_not() {
        for (kind, by_reading, by_seeking) in [
            (io::ErrorKind::TimedOut, true, true),
            (io::ErrorKind::Interrupted, false, false),
            (io::ErrorKind::InvalidInput, true, false),
        ] {
            let mut source = TrackedReader::new(Failing(kind));
            let kept = |error: io::Error, source: &mut TrackedReader<Failing>| {
                assert_eq!(error.kind(), kind);
                let failure = source.take_failure();
                assert!(source.take_failure().is_none(), "{kind}");
                failure.is_some_and(|failure| failure.to_string() == "wire cut")
            };
            let error = source.read(&mut [0]).unwrap_err();
            assert_eq!(kept(error, &mut source), by_reading, "reading, {kind}");
            let error = source.seek(SeekFrom::Start(0)).unwrap_err();
            assert_eq!(kept(error, &mut source), by_seeking, "seeking, {kind}");
        }
    }
}
