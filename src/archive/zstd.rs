//! Decompression of Zstandard entries (method 93), in bounded memory.

use std::io::{self, BufRead, Read};
use std::sync::{Mutex, PoisonError};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::error::Error;
use super::output::Output;

/// The largest window that is accepted, in bytes: that of `zstd --long`.
const MAX_WINDOW: u64 = 128 << 20;
/// The largest window of which each worker may have one, in bytes: that of `zstd -19` and below.
const MAX_PARALLEL_WINDOW: u64 = 8 << 20;
/// The longest header of a frame, in bytes (RFC 8878, section 3.1.1.1).
const MAX_HEADER: usize = 18;

const CORRUPT: &str = "corrupt zstd data";

/// Held while a frame with a larger window is decompressed, so that only one is in memory.
static LARGE_WINDOW: Mutex<()> = Mutex::new(());

/// Decompressor of Zstandard entries, one after the other.
#[derive(Default)]
pub struct ZstdDecoder {
    frame: Option<FrameDecoder>,
}

/// The compressed data, in which the header of a frame can be read twice.
struct Source<'a> {
    /// Bytes that were read ahead; those before `position` were consumed.
    ahead: Vec<u8>,
    position: usize,
    from: &'a mut dyn BufRead,
    /// The error of `from`, which the decoder does not pass on.
    failure: Option<io::Error>,
}

impl ZstdDecoder {
    /// Decompresses an entry, which can be a sequence of frames, through a buffer.
    pub fn copy(
        &mut self,
        output: &mut Output<'_>,
        from: &mut dyn BufRead,
        buffer: &mut [u8],
    ) -> Result<(), Error> {
        let mut source = Source { ahead: Vec::new(), position: 0, from, failure: None };
        while source.read_header()? {
            let frame = self.frame.get_or_insert_with(|| decoder(MAX_PARALLEL_WINDOW));
            match frame.reset(&mut source) {
                Ok(()) => copy_frame(frame, &mut source, output, buffer)?,
                Err(FrameDecoderError::WindowSizeTooBig { requested, .. })
                    if requested <= MAX_WINDOW =>
                {
                    let _only_one = LARGE_WINDOW.lock().unwrap_or_else(PoisonError::into_inner);
                    let mut frame = decoder(MAX_WINDOW);
                    source.position = 0;
                    let header = frame.reset(&mut source);
                    header.map_err(|error| source.error(&error, output))?;
                    copy_frame(&mut frame, &mut source, output, buffer)?;
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => source.skip(length.into(), output)?,
                Err(error) => return Err(source.error(&error, output)),
            }
        }
        Ok(())
    }
}

fn decoder(max_window: u64) -> FrameDecoder {
    let mut frame = FrameDecoder::new();
    frame.set_max_window_size(max_window);
    frame
}

fn copy_frame(
    frame: &mut FrameDecoder,
    source: &mut Source<'_>,
    output: &mut Output<'_>,
    buffer: &mut [u8],
) -> Result<(), Error> {
    loop {
        let one = BlockDecodingStrategy::UptoBlocks(1);
        let finished = frame.decode_blocks(&mut *source, one);
        let finished = finished.map_err(|error| source.error(&error, output))?;
        while frame.can_collect() > 0 {
            let count = frame.read(buffer).map_err(|_| output.damaged(CORRUPT))?;
            if count as u64 > output.remaining(0) {
                return Err(output.damaged("it is longer than declared"));
            }
            output.write(&buffer[..count])?;
        }
        if finished {
            return Ok(());
        }
    }
}

impl Source<'_> {
    /// Reads ahead the bytes that can hold the header of a frame, and returns false at the end.
    fn read_header(&mut self) -> Result<bool, Error> {
        self.ahead.drain(..self.position);
        self.position = 0;
        let missing = MAX_HEADER.saturating_sub(self.ahead.len());
        let header = (&mut *self.from).take(missing as u64).read_to_end(&mut self.ahead);
        header.map_err(Error::Read)?;
        Ok(!self.ahead.is_empty())
    }

    /// Skips a frame that holds no data.
    fn skip(&mut self, length: u64, output: &Output<'_>) -> Result<(), Error> {
        let skipped = io::copy(&mut self.take(length), &mut io::sink()).map_err(Error::Read)?;
        match skipped == length {
            true => Ok(()),
            false => Err(output.damaged("it ends too early")),
        }
    }

    /// Turns an error of the decoder into that of the entry.
    fn error(&mut self, error: &FrameDecoderError, output: &Output<'_>) -> Error {
        match (self.failure.take(), error) {
            (Some(failure), _) => Error::Read(failure),
            (None, FrameDecoderError::WindowSizeTooBig { requested, .. }) => {
                let entry = output.entry().name.to_string();
                Error::ZstdWindow { entry, size: *requested, max: MAX_WINDOW }
            }
            (None, _) => output.damaged(CORRUPT),
        }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.ahead.get(self.position..).unwrap_or_default();
        if !ahead.is_empty() {
            let count = ahead.read(buffer)?;
            self.position += count;
            return Ok(count);
        }
        self.from.read(buffer).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failure = Some(error);
            }
            kind.into()
        })
    }
}

#[cfg(test)]
mod tests;
