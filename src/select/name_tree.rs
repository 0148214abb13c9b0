//! The paths of an archive as one tree, in which no path has two meanings.

use std::borrow::Cow;
use std::collections::HashMap;

use super::name::System;
use crate::model::{Entry, EntryKind, RawPath};
use crate::refusal::ArchiveRefusal;
use crate::sanitize::escape_bytes;

/// The root, which is the destination itself.
const ROOT: usize = 0;

/// A tree of entries. Names that are one name on the system are one node, so that memory grows with
/// the number of nodes and not with the lengths of their paths.
#[derive(Debug)]
pub struct NameTree<'a> {
    system: System,
    /// The maximum number of nodes, of folders without an entry too.
    max_nodes: usize,
    nodes: Vec<Node<'a>>,
    /// Nodes by their parents and the keys of their names.
    children: HashMap<(usize, Cow<'a, [u8]>), usize>,
}

#[derive(Debug)]
struct Node<'a> {
    /// The name as first written.
    name: &'a [u8],
    /// None for a folder that has no entry of its own.
    item: Option<TreeItem<'a>>,
}

/// An entry, with its target if it is a symlink.
#[derive(Debug, Clone, Copy)]
pub struct TreeItem<'a> {
    pub index: usize,
    pub entry: &'a Entry,
    pub target: Option<&'a RawPath>,
}

impl<'a> NameTree<'a> {
    /// Returns an empty tree for at most `max_nodes` entries and folders, with capacity for this
    /// number of them.
    pub fn new(system: System, max_nodes: usize, capacity: usize) -> NameTree<'a> {
        let mut nodes = Vec::with_capacity(capacity.saturating_add(1));
        nodes.push(Node { name: b"", item: None });
        NameTree { system, max_nodes, nodes, children: HashMap::with_capacity(capacity) }
    }

    /// Adds an entry at a path. Returns false if an identical entry is there already.
    ///
    /// # Errors
    /// If the path has another meaning already, or leads through a file or a symlink, and if there
    /// are too many nodes.
    pub fn add(
        &mut self,
        components: &[&'a [u8]],
        item: TreeItem<'a>,
    ) -> Result<bool, ArchiveRefusal> {
        let mut parent = ROOT;
        for (i, name) in components.iter().enumerate() {
            let path = || join(&components[..=i]);
            let last = i + 1 == components.len();
            let next = self.nodes.len();
            let at = *self.children.entry((parent, self.system.key(name))).or_insert(next);
            parent = at;
            let Some(node) = self.nodes.get_mut(at) else {
                if at > self.max_nodes {
                    return Err(ArchiveRefusal::TooManyFolders { most: self.max_nodes });
                }
                self.nodes.push(Node { name, item: last.then_some(item) });
                continue;
            };
            if node.name != *name {
                let first = join(&[&components[..i], &[node.name]].concat());
                return Err(ArchiveRefusal::Collision { first, second: path() });
            }
            match (node.kind(), last) {
                (EntryKind::Folder, false) => {}
                (EntryKind::Link, false) => {
                    let entry = item.entry.name.to_string();
                    return Err(ArchiveRefusal::BelowLink { entry, link: path() });
                }
                (_, false) => return Err(ArchiveRefusal::FileAndFolder { entry: path() }),
                (_, true) => return node.merge(item, path),
            }
        }
        Ok(true)
    }

    /// Returns the entry at a path, given by the keys of its names; none for a folder without an
    /// entry of its own.
    pub fn get(&self, keys: &[Vec<u8>]) -> Option<TreeItem<'a>> {
        let mut at = ROOT;
        for key in keys {
            at = *self.children.get(&(at, Cow::Borrowed(key.as_slice())))?;
        }
        self.nodes.get(at)?.item
    }
}

/// Returns a path for messages.
fn join(components: &[&[u8]]) -> String {
    escape_bytes(&components.join(&b'/')).into_owned()
}

impl<'a> Node<'a> {
    fn kind(&self) -> EntryKind {
        self.item.map_or(EntryKind::Folder, |item| item.entry.kind)
    }

    fn merge(
        &mut self,
        item: TreeItem<'a>,
        path: impl Fn() -> String,
    ) -> Result<bool, ArchiveRefusal> {
        let (old, new) = (self.kind(), item.entry.kind);
        if old == EntryKind::Folder && new == EntryKind::Folder {
            let first = self.item.is_none();
            self.item.get_or_insert(item);
            return Ok(first);
        }
        if (old == EntryKind::Folder) != (new == EntryKind::Folder) {
            return Err(ArchiveRefusal::FileAndFolder { entry: path() });
        }
        let bytes = |item: &TreeItem<'_>| (item.entry.size, item.entry.crc32);
        let same = self.item.is_some_and(|known| {
            old == new && bytes(&known) == bytes(&item) && known.target == item.target
        });
        if same { Ok(false) } else { Err(ArchiveRefusal::Double { entry: path() }) }
    }
}
