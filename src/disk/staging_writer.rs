//! Creation of many staged files by one thread, which keeps the folder of the last one open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dir_handle::DirHandle;
use super::error::Error;
use super::modes::file_mode;
use super::staging::{NewFile, Staging};

/// A writer into the staging. Files that follow each other mostly lie in one folder, which is opened
/// once for all of them.
pub struct StagingWriter<'a> {
    staging: &'a Staging,
    /// The folder of the last file, relative to the destination, and its handle.
    folder: PathBuf,
    handle: Option<Arc<DirHandle>>,
}

impl<'a> StagingWriter<'a> {
    pub fn new(staging: &'a Staging) -> StagingWriter<'a> {
        StagingWriter { staging, folder: PathBuf::new(), handle: None }
    }

    /// Creates a file as [`Staging::create_file`] does.
    pub fn create_file(&mut self, path: &Path, mode: Option<u32>) -> Result<NewFile, Error> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return self.staging.create_file(path, mode);
        };
        // Bytes suffice: the paths of a plan have one form.
        if self.handle.is_none() || folder.as_os_str() != self.folder.as_os_str() {
            self.handle = self.staging.open_staged_dir(folder);
            self.folder.as_mut_os_string().clear();
            self.folder.push(folder);
        }
        let created = self.handle.as_ref().map(|dir| dir.create_file(name, file_mode(mode)));
        match created {
            Some(Ok(file)) => Ok(self.staging.new_file(file, path)),
            // The folder is missing, or the error needs its message.
            _ => self.staging.create_file(path, mode),
        }
    }
}
