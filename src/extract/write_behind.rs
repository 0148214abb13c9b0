//! A second thread that writes a large file while the first one decompresses it.

use std::io::{self, Write};
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::archive::Error;
use crate::model::{Entry, Method};

/// From this size in bytes, decompressing and writing take long enough for two threads.
const LARGE: u64 = 4 << 20;
/// Number of buffers that are filled or written at the same time, 256 KiB each. With fewer, each
/// thread waits whenever the other one has no core.
const BUFFERS: usize = 8;

/// Calls `decompress` with a writer to the file of an entry. A large file is written by a second
/// thread meanwhile; a stored one needs none, because its bytes are only passed on.
///
/// # Errors
/// That of `decompress`, or `Write` if the file could not be written.
pub fn write_behind<F: Sync>(
    entry: &Entry,
    mut file: &F,
    decompress: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(), Error>
where
    for<'f> &'f F: Write,
{
    if entry.size < LARGE || entry.method == Method::Stored {
        return decompress(&mut file);
    }
    let (full, to_write) = sync_channel::<Vec<u8>>(BUFFERS);
    let (empty, to_fill) = sync_channel(BUFFERS);
    for _ in 0..BUFFERS {
        let _ = empty.send(Vec::new());
    }
    thread::scope(|scope| {
        let writer = thread::Builder::new().spawn_scoped(scope, move || {
            for buffer in to_write {
                file.write_all(&buffer)?;
                // Fails for the last buffers, which are not filled again.
                let _ = empty.send(buffer);
            }
            Ok(())
        });
        // Without a second thread, this one writes as well.
        let Ok(writer) = writer else { return decompress(&mut file) };
        let decompressed = decompress(&mut BufferSender { full, to_fill });
        // The sender is gone now, which ends the writer.
        let written = writer.join().unwrap_or_else(|panic| resume_unwind(panic));
        written.map_err(Error::Write).and(decompressed)
    })
}

/// A writer that sends copies of its bytes to the second thread.
struct BufferSender {
    full: SyncSender<Vec<u8>>,
    to_fill: Receiver<Vec<u8>>,
}

impl Write for BufferSender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Both fail only after the writer has failed, whose error is reported.
        let ended = || io::Error::from(io::ErrorKind::BrokenPipe);
        let mut buffer = self.to_fill.recv().map_err(|_| ended())?;
        buffer.clear();
        buffer.extend_from_slice(bytes);
        self.full.send(buffer).map_err(|_| ended())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// Only Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Cursor;

    use super::*;
    use crate::archive::zip_builder::{file, zip};
    use crate::archive::{Archive, Inflater};

    #[test]
    fn a_full_disk_ends_both_threads() {
        let large = file("large", vec![7; LARGE as usize]).deflated();
        let mut archive = Archive::open_directory(Cursor::new(zip(&[large])), 1).unwrap();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (mut reader, entries) = archive.entry_reader();
        let data = reader.next(&entries[0]).unwrap();
        let mut data = io::BufReader::new(data);
        let error = write_behind(&entries[0], &full, |to| {
            Inflater::default().copy(&entries[0], &mut data, to)
        });
        let Err(Error::Write(error)) = error else { panic!("{error:?}") };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
