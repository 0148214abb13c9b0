//! Files that hold secrets: reading with a size limit, and a check of their permissions.

use std::io::{self, Read};
use std::path::Path;

/// The size limit in bytes. Tokens, certificates and certificate bundles are smaller.
const MAX_BYTES: u64 = 8 << 20;

/// Reads to the end.
///
/// # Errors
/// More than [`MAX_BYTES`] bytes, or an error of the reader.
pub(super) fn read_all(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_BYTES} bytes")));
    }
    Ok(bytes)
}

/// Reads a file.
///
/// # Errors
/// A file of more than [`MAX_BYTES`] bytes, or one that cannot be read.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_all(&mut std::fs::File::open(path)?)
}

/// Returns a warning if other users of this machine can read the file or write to it.
#[cfg(unix)]
pub(super) fn permission_warning(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;

    use crate::sanitize::sanitize;
    use crate::shell::quoted;
    let metadata = std::fs::metadata(path).ok()?;
    // A pipe, as `<(command)` creates one, has no content on disk.
    let open = metadata.is_file() && metadata.permissions().mode() & 0o077 != 0;
    let path = path.to_string_lossy();
    open.then(|| {
        format!(
            "{} holds a token and is open to others; `chmod 600 {}` closes it",
            sanitize(&path),
            quoted(&path)
        )
    })
}

/// Returns None: outside Unix, file modes do not tell who has access.
#[cfg(not(unix))]
pub(super) fn permission_warning(_: &Path) -> Option<String> {
    None
}
