//! With which permissions files and folders are made.

/// Permissions of a new file: never setuid, setgid or sticky, always readable by its owner. The
/// system takes the umask off. A mode of zero is what writers without modes put there.
pub fn file_mode(mode: Option<u32>) -> u32 {
    match mode.unwrap_or(0) & 0o777 {
        0 => 0o666,
        mode => mode | 0o400,
    }
}

/// The same of a new folder, which its owner can always enter and change.
pub fn folder_mode(mode: Option<u32>) -> u32 {
    match mode.unwrap_or(0) & 0o777 {
        0 => 0o777,
        mode => mode | 0o700,
    }
}
