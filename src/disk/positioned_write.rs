//! Writes at any position of a file, from several threads at the same time.

use std::fs::File;
use std::io;

/// Writes bytes at a position of a file, in bytes from its start.
#[cfg(unix)]
pub fn write_all_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, position)
}

/// Writes bytes at a position of a file, in bytes from its start.
#[cfg(windows)]
pub fn write_all_at(file: &File, mut bytes: &[u8], mut position: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_write(file, bytes, position)?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[count..];
        position += count as u64;
    }
    Ok(())
}
