//! Files that hold secrets: read whole, up to a bound, and looked at for who else can read them.

use std::io::{self, Read};
use std::path::Path;

/// No token, no certificate and no bundle of them is longer than this, in bytes.
const LONGEST: u64 = 8 << 20;

/// All that a reader gives.
pub(super) fn all(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other(format!("it is longer than {LONGEST} bytes")));
    }
    Ok(bytes)
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    all(&mut std::fs::File::open(path)?)
}

/// A warning, if others on this machine can read the file or write to it.
#[cfg(unix)]
pub(super) fn exposed(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;

    use crate::sanitize::sanitize;
    let metadata = std::fs::metadata(path).ok()?;
    // A pipe, as `<(command)` makes one, lies nowhere.
    let open = metadata.is_file() && metadata.permissions().mode() & 0o077 != 0;
    let path = path.to_string_lossy();
    open.then(|| {
        format!(
            "{0} holds a token and is open to others; `chmod 600 {0}` closes it",
            sanitize(&path)
        )
    })
}

/// Elsewhere a mode does not tell.
#[cfg(not(unix))]
pub(super) fn exposed(_: &Path) -> Option<String> {
    None
}
