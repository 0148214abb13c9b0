//! Whether there is room for what will be written.

use std::path::Path;

use super::Error;

/// Refuses what surely has no room on the file system of this handle of a file or folder; `dest`
/// is what the user calls the place.
#[cfg(target_os = "linux")]
pub fn room_for(needed: u128, at: impl std::os::fd::AsFd, dest: &Path) -> Result<(), Error> {
    match too_little(free(&at), needed) {
        Some(free) => Err(Error::NoRoom { path: dest.to_owned(), needed, free }),
        None => Ok(()),
    }
}

/// Other systems are asked by calls that no safe library has.
#[cfg(not(target_os = "linux"))]
pub fn room_for<T>(_needed: u128, _at: T, _dest: &Path) -> Result<(), Error> {
    Ok(())
}

/// The bytes that are free, where the file system says what will fit: not where files are
/// compressed or quotas are kept elsewhere.
#[cfg(target_os = "linux")]
fn free(at: &impl std::os::fd::AsFd) -> Option<u64> {
    let kind = rustix::fs::fstatfs(at).ok()?.f_type as u64;
    let found = rustix::fs::fstatvfs(at).ok()?;
    plain(kind, found.f_blocks, found.f_bfree, found.f_frsize)
}

/// By the kind of a file system, its blocks, those that are free, reserved ones included, and the
/// size of one.
#[cfg(target_os = "linux")]
fn plain(kind: u64, blocks: u64, free: u64, size: u64) -> Option<u64> {
    // ext2 to ext4, xfs, tmpfs, overlay (the root of a container), FAT.
    const PLAIN: [u64; 5] = [0xef53, 0x5846_5342, 0x0102_1994, 0x794c_7630, 0x4d44];
    // A tmpfs without a limit says that it has no blocks.
    (PLAIN.contains(&(kind & 0xffff_ffff)) && blocks > 0).then(|| free.saturating_mul(size))
}

/// What is free, if that is surely too little.
#[cfg(any(target_os = "linux", test))]
fn too_little(free: Option<u64>, needed: u128) -> Option<u64> {
    free.filter(|free| u128::from(*free) < needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_surely_does_not_fit_is_refused() {
        for (free, needed, refused) in [
            (Some(0), 0, false),
            (Some(0), 1, true),
            (Some(10), 10, false),
            (Some(10), 11, true),
            (Some(u64::MAX), u128::MAX, true),
            (None, u128::MAX, false),
        ] {
            assert_eq!(too_little(free, needed).is_some(), refused, "{free:?} {needed}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_free_counts_where_files_are_stored_as_they_are() {
        let (ext4, tmpfs, btrfs, nfs) = (0xef53, 0x0102_1994, 0x9123_683e, 0x6969);
        for (kind, blocks, expect) in [
            (ext4, 9, Some(8 * 4096)),
            (tmpfs, 9, Some(8 * 4096)),
            (tmpfs, 0, None),
            (btrfs, 9, None),
            (nfs, 9, None),
        ] {
            assert_eq!(plain(kind, blocks, 8, 4096), expect, "{kind:x}");
        }
        assert_eq!(plain(ext4, u64::MAX, u64::MAX, 4096), Some(u64::MAX));
    }
}
