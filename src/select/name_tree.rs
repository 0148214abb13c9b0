//! The paths of an archive as one tree, in which no path has two meanings.

use std::collections::HashMap;

use super::name::System;
use crate::model::{Entry, EntryKind};
use crate::refusal::ArchiveRefusal;

/// A tree of entries. Names that are one name on the system are one node.
#[derive(Debug)]
pub struct NameTree<'a> {
    system: System,
    nodes: HashMap<String, Node<'a>>,
}

#[derive(Debug)]
struct Node<'a> {
    /// The path as first written, if it differs from its key.
    path: Option<String>,
    /// None for a folder that has no entry of its own.
    item: Option<TreeItem<'a>>,
}

/// An entry, with its target if it is a symlink.
#[derive(Debug, Clone, Copy)]
pub struct TreeItem<'a> {
    pub index: usize,
    pub entry: &'a Entry,
    pub target: Option<&'a str>,
}

impl<'a> NameTree<'a> {
    /// Returns an empty tree with capacity for this number of entries.
    pub fn new(system: System, entries: usize) -> NameTree<'a> {
        NameTree { system, nodes: HashMap::with_capacity(entries) }
    }

    /// Adds an entry at a path. Returns false if an identical entry is there already.
    ///
    /// # Errors
    /// If the path has another meaning already, or leads through a file or a symlink.
    pub fn add(&mut self, components: &[&str], item: TreeItem<'a>) -> Result<bool, ArchiveRefusal> {
        let (mut path, mut key) = (String::new(), String::new());
        for (i, component) in components.iter().enumerate() {
            if i > 0 {
                path.push('/');
                key.push('/');
            }
            path.push_str(component);
            key.push_str(&self.system.key(component));
            let last = i + 1 == components.len();
            let Some(node) = self.nodes.get_mut(&key) else {
                let item = last.then_some(item);
                let path = Some(&path).filter(|path| **path != key).cloned();
                self.nodes.insert(key.clone(), Node { path, item });
                continue;
            };
            let first = node.path.as_ref().unwrap_or(&key);
            if *first != path {
                return Err(ArchiveRefusal::Collision { first: first.clone(), second: path });
            }
            match (node.kind(), last) {
                (EntryKind::Folder, false) => {}
                (EntryKind::Link, false) => {
                    let entry = item.entry.name.clone();
                    return Err(ArchiveRefusal::BelowLink { entry, link: path });
                }
                (_, false) => return Err(ArchiveRefusal::FileAndFolder { entry: path }),
                (_, true) => return node.merge(item, &path),
            }
        }
        Ok(true)
    }

    /// Returns the entry at a path; none for a folder without an entry of its own.
    pub fn get(&self, components: &[&str]) -> Option<TreeItem<'a>> {
        let keys: Vec<String> =
            components.iter().map(|component| self.system.key(component)).collect();
        self.nodes.get(&keys.join("/"))?.item
    }
}

impl<'a> Node<'a> {
    fn kind(&self) -> EntryKind {
        self.item.map_or(EntryKind::Folder, |item| item.entry.kind)
    }

    fn merge(&mut self, item: TreeItem<'a>, path: &str) -> Result<bool, ArchiveRefusal> {
        let (old, new) = (self.kind(), item.entry.kind);
        if old == EntryKind::Folder && new == EntryKind::Folder {
            let first = self.item.is_none();
            self.item.get_or_insert(item);
            return Ok(first);
        }
        let entry = path.to_owned();
        if (old == EntryKind::Folder) != (new == EntryKind::Folder) {
            return Err(ArchiveRefusal::FileAndFolder { entry });
        }
        let bytes = |item: &TreeItem<'_>| (item.entry.size, item.entry.crc32);
        let same = self.item.is_some_and(|known| {
            old == new && bytes(&known) == bytes(&item) && known.target == item.target
        });
        if same { Ok(false) } else { Err(ArchiveRefusal::Double { entry }) }
    }
}
