//! The files, folders and links of the odd file system.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use fuser::{Errno, FileAttr, FileType, INodeNo};

pub struct Nodes {
    pub all: HashMap<u64, Node>,
    pub next: u64,
}

pub struct Node {
    pub kind: Kind,
    pub mode: u32,
    pub modified: SystemTime,
    pub open: usize,
    /// The folder and the name of a file that goes away when it is closed.
    pub hidden: Option<(u64, OsString)>,
}

pub enum Kind {
    Folder(BTreeMap<OsString, u64>),
    File(Vec<u8>),
    Link(PathBuf),
}

impl Nodes {
    pub fn add(&mut self, kind: Kind, mode: u32) -> u64 {
        let id = self.next;
        self.next += 1;
        let modified = SystemTime::now();
        self.all.insert(id, Node { kind, mode, modified, open: 0, hidden: None });
        id
    }

    pub fn node(&mut self, id: u64) -> Result<&mut Node, Errno> {
        self.all.get_mut(&id).ok_or(Errno::ENOENT)
    }

    pub fn folder(&mut self, id: u64) -> Result<&mut BTreeMap<OsString, u64>, Errno> {
        match &mut self.node(id)?.kind {
            Kind::Folder(entries) => Ok(entries),
            _ => Err(Errno::ENOTDIR),
        }
    }

    pub fn file(&mut self, id: u64) -> Result<&mut Vec<u8>, Errno> {
        match &mut self.node(id)?.kind {
            Kind::File(bytes) => Ok(bytes),
            _ => Err(Errno::EISDIR),
        }
    }

    pub fn find(&mut self, parent: u64, name: &OsStr) -> Result<u64, Errno> {
        self.folder(parent)?.get(name).copied().ok_or(Errno::ENOENT)
    }

    pub fn about(&mut self, id: u64) -> Result<FileAttr, Errno> {
        let node = self.node(id)?;
        let (kind, size) = match &node.kind {
            Kind::Folder(_) => (FileType::Directory, 0),
            Kind::File(bytes) => (FileType::RegularFile, bytes.len() as u64),
            Kind::Link(target) => (FileType::Symlink, target.as_os_str().len() as u64),
        };
        Ok(FileAttr {
            ino: INodeNo(id),
            size,
            blocks: 1,
            atime: UNIX_EPOCH,
            mtime: node.modified,
            ctime: node.modified,
            crtime: UNIX_EPOCH,
            kind,
            perm: node.mode as u16,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }
}
