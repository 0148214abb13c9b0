//! The paths of an archive as one tree, in which no path has two meanings.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

use super::name::System;
use crate::model::{Entry, EntryKind, RawPath};
use crate::refusal::ArchiveRefusal;
use crate::sanitize::escape_bytes;

/// The root, which is the destination itself.
const ROOT: u32 = 0;

/// The entries of an archive, with the targets of its symlinks by the indices of their entries.
#[derive(Debug, Clone, Copy)]
pub struct Items<'a> {
    pub entries: &'a [Entry],
    pub targets: &'a BTreeMap<usize, RawPath>,
}

/// An entry, with its target if it is a symlink.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    pub index: u32,
    pub entry: &'a Entry,
    pub target: Option<&'a RawPath>,
}

/// A tree of entries. Names that are one name on the system are one node, so that memory grows with
/// the number of nodes and not with the lengths of their paths.
#[derive(Debug)]
pub struct NameTree<'a> {
    system: System,
    items: Items<'a>,
    /// The maximum number of nodes, of folders without an entry too.
    max_nodes: usize,
    nodes: Vec<Node<'a>>,
    /// Indices of nodes, by their parents and the keys of their names.
    children: HashTable<u32>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Node<'a> {
    parent: u32,
    /// Index of the entry; none for a folder that has no entry of its own.
    item: Option<u32>,
    /// The name as first written.
    name: &'a [u8],
}

impl<'a> Items<'a> {
    /// Returns the item of this index, which must be that of an entry.
    pub fn get(&self, index: u32) -> Item<'a> {
        let at = index as usize;
        Item { index, entry: &self.entries[at], target: self.targets.get(&at) }
    }

    /// Returns the items of these indices.
    pub fn of(self, indices: &[u32]) -> impl Iterator<Item = Item<'a>> {
        indices.iter().map(move |index| self.get(*index))
    }
}

impl<'a> NameTree<'a> {
    /// Returns an empty tree for at most `max_nodes` entries and folders, with capacity for this
    /// number of them.
    pub fn new(
        system: System,
        items: Items<'a>,
        max_nodes: usize,
        capacity: usize,
    ) -> NameTree<'a> {
        let mut nodes = Vec::with_capacity(capacity.saturating_add(1));
        nodes.push(Node { parent: ROOT, item: None, name: b"" });
        let max_nodes = max_nodes.min(u32::MAX as usize);
        let (children, hasher) = (HashTable::with_capacity(capacity), RandomState::new());
        NameTree { system, items, max_nodes, nodes, children, hasher }
    }

    /// Adds an entry at a path. Returns false if an identical entry is there already.
    ///
    /// # Errors
    /// If the path has another meaning already, or leads through a file or a symlink, and if there
    /// are too many nodes.
    pub fn add(&mut self, components: &[&'a [u8]], item: Item<'a>) -> Result<bool, ArchiveRefusal> {
        let mut parent = ROOT;
        for (i, name) in components.iter().enumerate() {
            let path = || join(&components[..=i]);
            let last = i + 1 == components.len();
            let next = self.nodes.len();
            let at = self.find_or_insert(parent, name, last.then_some(item.index));
            parent = at;
            let node = &mut self.nodes[at as usize];
            if at as usize == next {
                if next > self.max_nodes {
                    return Err(ArchiveRefusal::TooManyFolders { most: self.max_nodes });
                }
                continue;
            }
            if node.name != *name {
                let first = join(&[&components[..i], &[node.name]].concat());
                return Err(ArchiveRefusal::Collision { first, second: path() });
            }
            let known = node.item.map(|index| self.items.get(index));
            match (known.map_or(EntryKind::Folder, |known| known.entry.kind), last) {
                (EntryKind::Folder, false) => {}
                (EntryKind::Link, false) => {
                    let entry = item.entry.name.to_string();
                    return Err(ArchiveRefusal::BelowLink { entry, link: path() });
                }
                (_, false) => return Err(ArchiveRefusal::FileAndFolder { entry: path() }),
                (_, true) => {
                    node.item.get_or_insert(item.index);
                    return merge(known, item, path);
                }
            }
        }
        Ok(true)
    }

    /// Returns the entry at a path, given by the keys of its names; none for a folder without an
    /// entry of its own.
    pub fn get(&self, keys: &[Vec<u8>]) -> Option<Item<'a>> {
        let mut at = ROOT;
        for key in keys {
            let wanted = (at, Cow::Borrowed(key.as_slice()));
            let is_wanted = |node: &u32| self.nodes[*node as usize].key(self.system) == wanted;
            at = *self.children.find(self.hasher.hash_one(&wanted), is_wanted)?;
        }
        self.nodes.get(at as usize)?.item.map(|index| self.items.get(index))
    }

    /// Returns the node of a name, which is added with `item` if there is none.
    fn find_or_insert(&mut self, parent: u32, name: &'a [u8], item: Option<u32>) -> u32 {
        let NameTree { system, nodes, children, hasher, .. } = self;
        let wanted = (parent, system.key(name));
        let hash = hasher.hash_one(&wanted);
        let key = |node: u32| nodes[node as usize].key(*system);
        match children.entry(hash, |node| key(*node) == wanted, |node| hasher.hash_one(key(*node)))
        {
            Slot::Occupied(slot) => *slot.get(),
            Slot::Vacant(slot) => {
                let node = *slot.insert(nodes.len() as u32).get();
                nodes.push(Node { parent, item, name });
                node
            }
        }
    }
}

impl<'a> Node<'a> {
    /// Returns the parent and the key of the name, which no two nodes have in common.
    fn key(&self, system: System) -> (u32, Cow<'a, [u8]>) {
        (self.parent, system.key(self.name))
    }
}

/// Checks that an entry is the one that is at its path already. Returns true if only a folder without
/// an entry of its own is there.
fn merge(
    known: Option<Item<'_>>,
    item: Item<'_>,
    path: impl Fn() -> String,
) -> Result<bool, ArchiveRefusal> {
    let kind = known.map_or(EntryKind::Folder, |known| known.entry.kind);
    let content = |item: Item<'_>| (item.entry.size, item.entry.crc32, item.target.cloned());
    match (kind, item.entry.kind) {
        (EntryKind::Folder, EntryKind::Folder) => Ok(known.is_none()),
        (EntryKind::Folder, _) | (_, EntryKind::Folder) => {
            Err(ArchiveRefusal::FileAndFolder { entry: path() })
        }
        (old, new) if old == new && known.map(content) == Some(content(item)) => Ok(false),
        _ => Err(ArchiveRefusal::Double { entry: path() }),
    }
}

/// Returns a path for messages.
fn join(components: &[&[u8]]) -> String {
    escape_bytes(&components.join(&b'/')).into_owned()
}
