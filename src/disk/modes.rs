//! Permission bits of new files and directories.

/// Returns the permission bits of a new file, before the umask is applied. Drops setuid, setgid and
/// sticky, and keeps the file readable by its owner. Zip writers that do not record modes write
/// zero, so zero means "not recorded".
pub fn file_mode(mode: Option<u32>) -> u32 {
    match mode.unwrap_or(0) & 0o777 {
        0 => 0o666,
        mode => mode | 0o400,
    }
}

/// Returns the permission bits of a new directory, before the umask is applied, by the rules of
/// [`file_mode`]. The owner can always enter the directory and change it.
pub fn dir_mode(mode: Option<u32>) -> u32 {
    match mode.unwrap_or(0) & 0o777 {
        0 => 0o777,
        mode => mode | 0o700,
    }
}
