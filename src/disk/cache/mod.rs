//! Archives of earlier runs, kept in a folder that several runs may use at the same time.
//!
//! A file appears there whole, by a rename, and is never written to again. What is taken from it
//! was compared with its checksum first. Nothing here needs a lock: who finds that a file is gone
//! downloads it.

mod eviction;
mod name;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crc32fast::Hasher;
use tempfile::NamedTempFile;

use super::Error;
use crate::interrupt::Interrupt;
use eviction::{CachedFile, select_evictions};
use name::{COMING, Name};

pub use name::Key;

/// A folder of archives.
#[derive(Debug)]
pub struct Cache {
    dir: PathBuf,
    /// Bytes.
    most: u64,
    interrupt: Interrupt,
    /// What this run took or kept.
    used: Mutex<Vec<PathBuf>>,
}

/// What a cache has of an archive.
#[derive(Debug)]
pub enum CacheLookup {
    Whole(File),
    /// It was there, but not as it was written; now it is gone.
    Damaged,
    Nothing,
}

/// An archive on its way into a cache; dropped, it leaves no trace.
#[derive(Debug)]
pub struct CacheWriter {
    /// None once it is kept.
    file: Option<NamedTempFile>,
    crc32: Hasher,
    interrupt: Interrupt,
}

impl Cache {
    /// A cache of at most so many bytes. Its folder is made if missing, for its owner alone.
    pub fn open(dir: &Path, most: u64, interrupt: &Interrupt) -> Result<Cache, Error> {
        if !dir.is_dir() {
            private_folders(dir).map_err(Error::doing("make the folder", dir))?;
        }
        let (dir, interrupt) = (dir.to_owned(), interrupt.clone());
        Ok(Cache { dir, most, interrupt, used: Mutex::default() })
    }

    /// Whether an archive of this size may be kept at all.
    pub fn holds(&self, size: u64) -> bool {
        size <= self.most
    }

    /// The archive, if it is here as it was written.
    pub fn take(&self, key: &Key, now: SystemTime) -> CacheLookup {
        let mut damaged = false;
        for CachedFile { name, .. } in self.items() {
            let Some(name) = Name::parse(&name).filter(|name| name.is_of(key)) else { continue };
            let path = self.dir.join(name.to_string());
            // Another run may have removed it in the meantime.
            let Ok(mut file) = open(&path) else { continue };
            if checksum(&mut file).is_ok_and(|found| found == (name.crc32, key.size)) {
                // Where it cannot be dated it only goes sooner.
                let _ = file.set_modified(now);
                self.note(path);
                return CacheLookup::Whole(file);
            }
            let _ = fs::remove_file(&path);
            damaged = true;
        }
        if damaged { CacheLookup::Damaged } else { CacheLookup::Nothing }
    }

    /// A place for an archive that is downloaded now.
    pub fn begin(&self) -> Result<CacheWriter, Error> {
        let (prefix, suffix) = COMING;
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix(prefix).suffix(suffix);
        let make = || {
            let file = builder.tempfile_in(&self.dir)?;
            let path = file.path().to_owned();
            Ok((file, path))
        };
        let file = self.interrupt.make(make).map_err(Error::doing("write to", &self.dir))?;
        let interrupt = self.interrupt.clone();
        Ok(CacheWriter { file: Some(file), crc32: Hasher::new(), interrupt })
    }

    /// Keeps what came, after making room for it, and gives it back for reading. The error says
    /// why it is not kept; it can be read all the same.
    pub fn keep(
        &self,
        key: &Key,
        mut coming: CacheWriter,
        now: SystemTime,
    ) -> Result<(File, Option<Error>), Error> {
        let Some(mut file) = coming.file.take() else { return Err(Error::Interrupted) };
        let private = file.path().to_owned();
        file.as_file_mut().rewind().map_err(Error::doing("read", &private))?;
        let kept = if file.as_file().metadata().is_ok_and(|found| found.len() == key.size) {
            let name = Name::new(key, coming.crc32.clone().finalize()).to_string();
            self.commit(file, &name, key.size, now)
        } else {
            // It is not what GitLab announced: no later run would ask for it.
            Ok((file.into_file(), None))
        };
        self.interrupt.forget(&private);
        kept
    }

    fn commit(
        &self,
        file: NamedTempFile,
        name: &str,
        size: u64,
        now: SystemTime,
    ) -> Result<(File, Option<Error>), Error> {
        let mut items = self.items();
        // A parallel run may have kept it already: it takes that one's place.
        items.retain(|item| item.name != name);
        for name in select_evictions(&items, size, self.most, now) {
            let _ = fs::remove_file(self.dir.join(name));
        }
        let path = self.dir.join(name);
        let _ = file.as_file().set_modified(now);
        let _hold = self.interrupt.hold();
        if self.interrupt.stopping() {
            return Err(Error::Interrupted);
        }
        match file.persist(&path) {
            Ok(file) => {
                self.note(path);
                Ok((file, None))
            }
            Err(failed) => {
                let error = Error::doing("write", &path)(failed.error);
                // Where there is one now, a parallel run was faster.
                Ok((failed.file.into_file(), Some(error).filter(|_| !path.is_file())))
            }
        }
    }

    /// Removes what this run took or kept: it turned out to be no archive that can be unpacked.
    pub fn forget(&self) {
        for path in self.used.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = fs::remove_file(path);
        }
    }

    /// The files of the folder; none where it cannot be read.
    fn items(&self) -> Vec<CachedFile> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let items = entries.filter_map(|entry| {
            // Of a link, its own: nothing is looked at through one.
            let found = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let name = entry.file_name().into_string().ok()?;
            Some(CachedFile { name, size: found.len(), used: found.modified().ok()? })
        });
        items.collect()
    }

    fn note(&self, path: PathBuf) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    }
}

impl CacheWriter {
    /// Begins again from nothing.
    pub fn restart(&mut self) -> io::Result<()> {
        self.crc32 = Hasher::new();
        let file = self.file.as_mut().map(NamedTempFile::as_file_mut);
        file.map_or(Ok(()), |file| file.set_len(0).and_then(|()| file.rewind()))
    }
}

impl Write for CacheWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let count = file.as_file_mut().write(bytes)?;
        self.crc32.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for CacheWriter {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let path = file.path().to_owned();
            if file.close().is_ok() {
                self.interrupt.forget(&path);
            }
        }
    }
}

/// A folder and those above it that are missing, open to their owner alone.
fn private_folders(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.recursive(true).create(path)
}

/// For writing too, where that can be: Windows dates a file only then.
fn open(path: &Path) -> io::Result<File> {
    let both = File::options().read(true).write(true).open(path);
    both.or_else(|_| File::open(path))
}

/// The checksum and the length of all that is in a file.
fn checksum(file: &mut File) -> io::Result<(u32, u64)> {
    let (mut crc32, mut length) = (Hasher::new(), 0);
    let mut block = vec![0; 256 << 10];
    file.rewind()?;
    loop {
        match file.read(&mut block) {
            Ok(0) => break,
            Ok(count) => {
                crc32.update(&block[..count]);
                length += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    file.rewind()?;
    Ok((crc32.finalize(), length))
}
