//! A cache of archives in a directory that several runs can use at the same time.
//!
//! Archives appear by an atomic rename and are never changed afterwards; a lookup verifies the
//! checksum. No locks are needed: if another run evicts an archive, it is downloaded again.

mod eviction;
mod name;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::atomic_file::temp_file;
use super::checksum::checksum;
use super::error::Error;
use super::temp_file::TempFile;
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;
use crc32fast::Hasher;
use eviction::{CachedFile, select_evictions};
use name::CacheName;

pub use name::CacheKey;

/// A directory of archives with a limit on their total size.
#[derive(Debug)]
pub struct Cache {
    dir: PathBuf,
    max_bytes: u64,
    interrupt: Interrupt,
    /// Paths of the archives that this run has found or inserted.
    used: Mutex<Vec<PathBuf>>,
}

/// The result of a cache lookup.
#[derive(Debug)]
pub enum CacheLookup {
    /// The archive, open for reading from its start.
    Hit(File),
    /// The cached archive failed verification and was removed.
    Damaged,
    /// The archive is not in the cache.
    Miss,
}

/// A file that is written for [`Cache::insert`]. Dropping it removes the file.
#[derive(Debug)]
pub struct CacheWriter {
    file: TempFile,
    crc32: Hasher,
}

impl Cache {
    /// Opens a cache of at most `max_bytes`, and removes what killed runs have left in it. Creates
    /// its directory if missing, accessible only to the owner.
    pub fn open(dir: &Path, max_bytes: u64, interrupt: &Interrupt) -> Result<Cache, Error> {
        if !dir.is_dir() {
            create_private_dirs(dir).map_err(Error::doing("make the folder", dir))?;
        }
        // A run that finds all archives in the cache creates nothing there, which would remove it.
        if let Ok(dir) = super::dir_handle::DirHandle::open(dir) {
            super::temp_dir::remove_stale(&dir);
        }
        let (dir, interrupt) = (dir.to_owned(), interrupt.clone());
        Ok(Cache { dir, max_bytes, interrupt, used: Mutex::default() })
    }

    /// Returns the path of the cache relative to `dest`, empty if both are the same directory; none
    /// if the cache is not in `dest`.
    pub fn path_in(&self, dest: &Path) -> Option<PathBuf> {
        let (dir, dest) = (self.dir.canonicalize().ok()?, dest.canonicalize().ok()?);
        dir.strip_prefix(dest).ok().map(Path::to_owned)
    }

    /// Returns true if an archive of `size` bytes is within the limit of the cache.
    pub fn fits(&self, size: u64) -> bool {
        size <= self.max_bytes
    }

    /// Looks up an archive, verifies its checksum and marks it as used at `now`.
    pub fn lookup(&self, key: &CacheKey, now: SystemTime) -> CacheLookup {
        let mut damaged = false;
        for CachedFile { name, .. } in self.files() {
            let Some(name) = CacheName::parse(&name).filter(|name| name.matches(key)) else {
                continue;
            };
            let path = self.dir.join(name.to_string());
            // Another run may have removed it in the meantime.
            let Ok(mut file) = open_for_update(&path) else { continue };
            if checksum_and_rewind(&mut file).is_ok_and(|found| found == (name.crc32, key.size)) {
                // If setting the time fails, the archive is only evicted earlier.
                let _ = file.set_modified(now);
                self.mark_used(path);
                return CacheLookup::Hit(file);
            }
            let _ = fs::remove_file(&path);
            damaged = true;
        }
        if damaged { CacheLookup::Damaged } else { CacheLookup::Miss }
    }

    /// Creates a temporary file in the cache to download an archive to.
    pub fn begin_write(&self) -> Result<CacheWriter, Error> {
        let file = TempFile::create_in(&self.dir, 0o600, &self.interrupt);
        let file = file.map_err(Error::doing("write to", &self.dir))?;
        Ok(CacheWriter { file, crc32: Hasher::new() })
    }

    /// Inserts a downloaded archive, evicting others if needed, and returns it open for reading from
    /// its start. If the insertion fails, the file can still be read and the inner error is the
    /// reason.
    pub fn insert(
        &self,
        key: &CacheKey,
        mut writer: CacheWriter,
        now: SystemTime,
    ) -> Result<(File, Option<Error>), Error> {
        let doing = || Error::doing("write to", &self.dir);
        writer.check().map_err(doing())?;
        let file = writer.file.file();
        file.rewind().map_err(doing())?;
        if file.metadata().is_ok_and(|found| found.len() == key.size) {
            let file = file.try_clone().map_err(doing())?;
            let name = CacheName::new(key, writer.crc32.clone().finalize()).to_string();
            let reason = self.commit(writer.file, &name, key.size, now)?;
            return Ok((file, reason));
        }
        // The size is not the one that GitLab reported, so no lookup would find it. It is copied,
        // because a file that is open can keep its temporary directory from being removed.
        let mut copy = temp_file()?;
        io::copy(file, &mut copy).and_then(|_| copy.rewind()).map_err(doing())?;
        Ok((copy, None))
    }

    /// Puts a complete file in place. Returns the reason why it cannot be there, if there is one.
    fn commit(
        &self,
        mut file: TempFile,
        name: &str,
        size: u64,
        now: SystemTime,
    ) -> Result<Option<Error>, Error> {
        let mut files = self.files();
        // A parallel run may have inserted the archive already; the rename replaces that file.
        files.retain(|file| file.name != name);
        for name in select_evictions(&files, size, self.max_bytes) {
            let _ = fs::remove_file(self.dir.join(name));
        }
        let path = self.dir.join(name);
        let _ = file.file().set_modified(now);
        match file.persist(&path, OnConflict::Overwrite, &self.interrupt) {
            Ok(()) => {
                self.mark_used(path);
                Ok(None)
            }
            Err(Error::Interrupted) => Err(Error::Interrupted),
            // If the archive exists by now, a parallel run has inserted it.
            Err(error) => Ok(Some(error).filter(|_| !path.is_file())),
        }
    }

    /// Removes all archives that this run has found or inserted. Called when one of them turns out to
    /// be corrupt.
    pub fn forget(&self) {
        for path in self.used.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = fs::remove_file(path);
        }
    }

    /// Lists the files in the directory; empty if it cannot be read.
    fn files(&self) -> Vec<CachedFile> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let files = entries.filter_map(|entry| {
            // The metadata of a symlink is its own, so symlinks are skipped.
            let found = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let name = entry.file_name().into_string().ok()?;
            Some(CachedFile { name, size: found.len(), used: found.modified().ok()? })
        });
        files.collect()
    }

    fn mark_used(&self, path: PathBuf) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    }
}

impl CacheWriter {
    /// Discards everything written so far, for a download that starts over.
    pub fn restart(&mut self) -> io::Result<()> {
        self.crc32 = Hasher::new();
        let file = self.file.file();
        file.set_len(0)?;
        file.rewind()
    }

    /// Reports the errors of the writes so far that the file system has kept back.
    pub fn check(&mut self) -> io::Result<()> {
        self.file.check()
    }
}

impl Write for CacheWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.file().write(bytes)?;
        self.crc32.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.file().flush()
    }
}

/// Creates a directory and its missing ancestors, accessible only to their owner.
fn create_private_dirs(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.recursive(true).create(path)
}

/// Opens a file for reading, and for writing if possible, which Windows requires for setting the
/// modification time.
fn open_for_update(path: &Path) -> io::Result<File> {
    let both = File::options().read(true).write(true).open(path);
    both.or_else(|_| File::open(path))
}

/// Returns the CRC-32 and the length of a file, and rewinds it.
fn checksum_and_rewind(file: &mut File) -> io::Result<(u32, u64)> {
    file.rewind()?;
    let found = checksum(file)?;
    file.rewind()?;
    Ok(found)
}
