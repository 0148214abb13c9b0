//! A small file system in memory that behaves as some mounted ones do: it refuses times, links or
//! renames of folders, tells a write error only when a file is closed, or keeps removed files that
//! are open under another name.

mod nodes;

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use nodes::{Kind, Nodes};

/// Nothing is cached, so that each call arrives here.
const TTL: Duration = Duration::ZERO;

/// The ways in which the file system is odd.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manners {
    pub no_times: bool,
    /// Every entry has the mode 755, whatever is asked for.
    pub fixed_modes: bool,
    pub no_links: bool,
    pub no_folder_renames: bool,
    /// Files larger than this lose half of their content when they are closed, with an error.
    pub quota: Option<usize>,
    pub hides_removed: bool,
}

/// The file system.
pub struct OddDisk {
    manners: Manners,
    nodes: Mutex<Nodes>,
    /// The number of files and folders that were synced, one after the other.
    pub syncs: Arc<AtomicUsize>,
}

impl OddDisk {
    pub fn new(manners: Manners) -> OddDisk {
        let mut nodes = Nodes { all: HashMap::new(), next: 1 };
        nodes.add(Kind::Folder(BTreeMap::new()), 0o755);
        OddDisk { manners, nodes: Mutex::new(nodes), syncs: Arc::default() }
    }

    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.nodes.lock().unwrap()
    }

    fn make(
        &self,
        parent: INodeNo,
        name: &OsStr,
        kind: Kind,
        mode: u32,
    ) -> Result<FileAttr, Errno> {
        let mut nodes = self.nodes();
        if nodes.folder(parent.0)?.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        let mode = if self.manners.fixed_modes { 0o755 } else { mode & 0o777 };
        let id = nodes.add(kind, mode);
        nodes.folder(parent.0)?.insert(name.to_owned(), id);
        nodes.about(id)
    }
}

/// Answers with a value or an error.
macro_rules! answer {
    ($reply:ident, $result:expr, |$value:pat_param| $ok:expr) => {
        match $result {
            Ok($value) => $ok,
            Err(error) => $reply.error(error),
        }
    };
}

impl Filesystem for OddDisk {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let mut nodes = self.nodes();
        let found = nodes.find(parent.0, name).and_then(|id| nodes.about(id));
        answer!(reply, found, |about| reply.entry(&TTL, &about, Generation(0)));
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let found = self.nodes().about(ino.0);
        answer!(reply, found, |about| reply.attr(&TTL, &about));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let no_modes = self.manners.no_times || self.manners.fixed_modes;
        if self.manners.no_times && mtime.is_some() || no_modes && mode.is_some() {
            return reply.error(Errno::EPERM);
        }
        let mut nodes = self.nodes();
        let set = (|| {
            if let Some(size) = size {
                nodes.file(ino.0)?.resize(size as usize, 0);
            }
            if let Some(TimeOrNow::SpecificTime(time)) = mtime {
                nodes.node(ino.0)?.modified = time;
            }
            if let Some(mode) = mode {
                nodes.node(ino.0)?.mode = mode & 0o777;
            }
            nodes.about(ino.0)
        })();
        answer!(reply, set, |about| reply.attr(&TTL, &about));
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        use std::os::unix::ffi::OsStrExt;
        match self.nodes().node(ino.0).map(|node| &node.kind) {
            Ok(Kind::Link(target)) => reply.data(target.as_os_str().as_bytes()),
            _ => reply.error(Errno::EINVAL),
        }
    }

    fn mkdir(&self, _: &Request, at: INodeNo, name: &OsStr, mode: u32, umask: u32, to: ReplyEntry) {
        let made = self.make(at, name, Kind::Folder(BTreeMap::new()), mode & !umask);
        answer!(to, made, |about| to.entry(&TTL, &about, Generation(0)));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let mut nodes = self.nodes();
        let removed = (|| {
            let id = nodes.find(parent.0, name)?;
            if let Kind::Folder(_) = nodes.node(id)?.kind {
                return Err(Errno::EISDIR);
            }
            nodes.folder(parent.0)?.remove(name);
            if nodes.node(id)?.open > 0 && self.manners.hides_removed {
                let hidden = OsString::from(format!(".fuse_hidden{id:016x}"));
                nodes.folder(parent.0)?.insert(hidden.clone(), id);
                nodes.node(id)?.hidden = Some((parent.0, hidden));
            }
            Ok(())
        })();
        answer!(reply, removed, |()| reply.ok());
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let mut nodes = self.nodes();
        let removed = (|| {
            let id = nodes.find(parent.0, name)?;
            if !nodes.folder(id)?.is_empty() {
                return Err(Errno::ENOTEMPTY);
            }
            nodes.folder(parent.0)?.remove(name);
            Ok(())
        })();
        answer!(reply, removed, |()| reply.ok());
    }

    fn symlink(&self, _: &Request, at: INodeNo, name: &OsStr, target: &Path, reply: ReplyEntry) {
        if self.manners.no_links {
            return reply.error(Errno::EPERM);
        }
        let made = self.make(at, name, Kind::Link(target.to_owned()), 0o777);
        answer!(reply, made, |about| reply.entry(&TTL, &about, Generation(0)));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !flags.is_empty() {
            return reply.error(Errno::EINVAL);
        }
        let mut nodes = self.nodes();
        let renamed = (|| {
            let id = nodes.find(parent.0, name)?;
            let is_folder = matches!(nodes.node(id)?.kind, Kind::Folder(_));
            if is_folder && self.manners.no_folder_renames {
                return Err(Errno::ENOTSUP);
            }
            nodes.folder(parent.0)?.remove(name);
            nodes.folder(new_parent.0)?.insert(new_name.to_owned(), id);
            Ok(())
        })();
        answer!(reply, renamed, |()| reply.ok());
    }

    fn open(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let opened = self.nodes().node(ino.0).map(|node| node.open += 1);
        answer!(reply, opened, |()| reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO));
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let made = self.make(parent, name, Kind::File(Vec::new()), mode & !umask);
        answer!(reply, made, |about| {
            self.nodes().node(about.ino.0).unwrap().open += 1;
            let (handle, flags) = (FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
            reply.created(&TTL, &about, Generation(0), handle, flags);
        });
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let mut nodes = self.nodes();
        answer!(reply, nodes.file(ino.0), |bytes| {
            let start = bytes.len().min(offset as usize);
            let end = bytes.len().min(start + size as usize);
            reply.data(&bytes[start..end]);
        });
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let mut nodes = self.nodes();
        answer!(reply, nodes.file(ino.0), |bytes| {
            let end = offset as usize + data.len();
            let length = bytes.len().max(end);
            bytes.resize(length, 0);
            bytes[offset as usize..end].copy_from_slice(data);
            reply.written(data.len() as u32);
        });
    }

    fn flush(&self, _: &Request, ino: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        let mut nodes = self.nodes();
        match (nodes.file(ino.0), self.manners.quota) {
            (Ok(bytes), Some(quota)) if bytes.len() > quota => {
                bytes.truncate(quota);
                reply.error(Errno::EDQUOT);
            }
            _ => reply.ok(),
        }
    }

    fn release(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        let mut nodes = self.nodes();
        let mut hidden = None;
        if let Ok(node) = nodes.node(ino.0) {
            node.open -= 1;
            if node.open == 0 {
                hidden = node.hidden.take();
            }
        }
        if let Some((parent, name)) = hidden {
            nodes.folder(parent).unwrap().remove(&name);
        }
        reply.ok();
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        reply.ok();
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        reply.ok();
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, from: u64, reply: ReplyDirectory) {
        let mut reply = reply;
        let mut nodes = self.nodes();
        let entries = match nodes.folder(ino.0) {
            Ok(entries) => entries.clone(),
            Err(error) => return reply.error(error),
        };
        for (at, (name, id)) in entries.iter().enumerate().skip(from as usize) {
            let kind = nodes.about(*id).unwrap().kind;
            if reply.add(INodeNo(*id), at as u64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }
}
