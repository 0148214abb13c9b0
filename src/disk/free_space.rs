//! Checks for enough free space before data is downloaded or written.

use std::path::Path;

use super::error::Error;

/// Fails with [`Error::NoSpace`] if `needed` bytes certainly do not fit on the file system of `at`,
/// an open file or directory. `dest` is the path as the user knows it, for the message.
#[cfg(target_os = "linux")]
pub fn require(needed: u128, at: impl std::os::fd::AsFd, dest: &Path) -> Result<(), Error> {
    match shortage(available(&at), needed) {
        Some(free) => Err(Error::NoSpace { path: dest.to_owned(), needed, free }),
        None => Ok(()),
    }
}

/// Succeeds always: on other systems no safe library reports the free space of an open handle.
#[cfg(not(target_os = "linux"))]
pub fn require<T>(_needed: u128, _at: T, _dest: &Path) -> Result<(), Error> {
    Ok(())
}

/// Returns the free bytes of a file system, or `None` if the figure does not tell how much data
/// fits, as with compression or with quotas that are kept by a server.
#[cfg(target_os = "linux")]
fn available(at: &impl std::os::fd::AsFd) -> Option<u64> {
    let magic = rustix::fs::fstatfs(at).ok()?.f_type as u64;
    let stat = rustix::fs::fstatvfs(at).ok()?;
    reliable_free_bytes(magic, stat.f_blocks, stat.f_bfree, stat.f_frsize)
}

/// Returns true if the free space of a file system is known.
#[cfg(all(test, target_os = "linux"))]
pub fn is_known(at: &impl std::os::fd::AsFd) -> bool {
    available(at).is_some()
}

/// Returns `free_blocks` in bytes for the types of file system that store data as it is. `magic` is
/// `f_type` as documented in statfs(2); `free_blocks` includes the blocks reserved for root.
#[cfg(target_os = "linux")]
fn reliable_free_bytes(magic: u64, blocks: u64, free_blocks: u64, block_size: u64) -> Option<u64> {
    // ext2 to ext4, xfs, tmpfs, overlay (the root of a container), FAT.
    const RELIABLE: [u64; 5] = [0xef53, 0x5846_5342, 0x0102_1994, 0x794c_7630, 0x4d44];
    // A tmpfs without a size limit reports zero blocks.
    (RELIABLE.contains(&(magic & 0xffff_ffff)) && blocks > 0)
        .then(|| free_blocks.saturating_mul(block_size))
}

/// Returns the free bytes if they are known and less than `needed`.
#[cfg(any(target_os = "linux", test))]
fn shortage(free: Option<u64>, needed: u128) -> Option<u64> {
    free.filter(|free| u128::from(*free) < needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_that_certainly_does_not_fit_is_refused() {
        for (free, needed, refused) in [
            (Some(0), 0, false),
            (Some(0), 1, true),
            (Some(10), 10, false),
            (Some(10), 11, true),
            (Some(u64::MAX), u128::MAX, true),
            (None, u128::MAX, false),
        ] {
            assert_eq!(shortage(free, needed).is_some(), refused, "{free:?} {needed}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn some_file_system_of_the_machine_tells_its_free_space() {
        let known = ["/", "/run", "/dev/shm"]
            .map(|at| std::fs::File::open(at).is_ok_and(|it| is_known(&it)));
        assert!(known.contains(&true));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn free_space_counts_on_reliable_file_systems() {
        let (ext4, tmpfs, btrfs, nfs) = (0xef53, 0x0102_1994, 0x9123_683e, 0x6969);
        for (magic, blocks, expect) in [
            (ext4, 9, Some(8 * 4096)),
            (tmpfs, 9, Some(8 * 4096)),
            (tmpfs, 0, None),
            (btrfs, 9, None),
            (nfs, 9, None),
        ] {
            assert_eq!(reliable_free_bytes(magic, blocks, 8, 4096), expect, "{magic:x}");
        }
        assert_eq!(reliable_free_bytes(ext4, u64::MAX, u64::MAX, 4096), Some(u64::MAX));
    }
}
