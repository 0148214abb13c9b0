//! `--sync`: the difference between the plan of an archive and the files on disk.

use crate::plan::{Existing, PlacementKind};

/// The change that makes one path on disk equal to the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncAction {
    /// Nothing differs.
    Leave,
    /// Content and kind are right; the permission bits become these.
    SetMode(u32),
    /// A symlink gets another target.
    Relink,
    /// A file or symlink takes the place of another in one step.
    Replace,
    /// An entry of another kind is moved out of the way first: a folder, or what stands where a
    /// folder belongs.
    Displace,
    Create,
}

/// Returns the change that a placement needs.
pub fn sync_action(wanted: &PlacementKind, existing: &Existing) -> SyncAction {
    let set_mode = |fresh_mode: &Option<u32>| match fresh_mode {
        Some(mode) => SyncAction::SetMode(*mode),
        None => SyncAction::Leave,
    };
    match (wanted, existing) {
        (_, Existing::Nothing) => SyncAction::Create,
        (PlacementKind::Folder { .. }, Existing::Folder { fresh_mode }) => set_mode(fresh_mode),
        (PlacementKind::Folder { .. }, _) | (_, Existing::Folder { .. }) => SyncAction::Displace,
        (
            PlacementKind::File { size, crc32, .. },
            Existing::File { size: found_size, crc32: Some(found_crc32), fresh_mode },
        ) if size == found_size && crc32 == found_crc32 => set_mode(fresh_mode),
        (PlacementKind::Link { target }, Existing::Link { target: found }) if target == found => {
            SyncAction::Leave
        }
        (PlacementKind::Link { .. }, Existing::Link { .. }) => SyncAction::Relink,
        (PlacementKind::File { .. } | PlacementKind::Link { .. }, _) => SyncAction::Replace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_on_disk_needs_its_own_change() {
        use SyncAction::{Create, Displace, Leave, Relink, Replace, SetMode};
        let file = PlacementKind::File { mode: None, modified: None, size: 3, crc32: 7 };
        let folder = PlacementKind::Folder { mode: None, modified: None };
        let link = PlacementKind::Link { target: "a".into() };
        let on_disk = |size, crc32, fresh_mode| Existing::File { size, crc32, fresh_mode };
        let linked = |target: &str| Existing::Link { target: target.into() };
        let folder_with = |fresh_mode| Existing::Folder { fresh_mode };
        for (wanted, existing, expect) in [
            (&file, Existing::Nothing, Create),
            (&folder, Existing::Nothing, Create),
            (&link, Existing::Nothing, Create),
            (&file, on_disk(3, Some(7), None), Leave),
            (&file, on_disk(3, Some(7), Some(0o755)), SetMode(0o755)),
            (&file, on_disk(3, Some(8), None), Replace),
            (&file, on_disk(3, Some(8), Some(0o755)), Replace),
            // The size is right and the file cannot be read.
            (&file, on_disk(3, None, None), Replace),
            (&file, on_disk(4, None, None), Replace),
            (&file, on_disk(4, Some(7), None), Replace),
            (&file, folder_with(None), Displace),
            (&file, linked("a"), Replace),
            (&file, Existing::Special, Replace),
            (&folder, folder_with(None), Leave),
            (&folder, folder_with(Some(0o700)), SetMode(0o700)),
            (&folder, on_disk(0, Some(0), None), Displace),
            (&folder, linked("a"), Displace),
            (&folder, Existing::Special, Displace),
            (&link, linked("a"), Leave),
            (&link, linked("b"), Relink),
            (&link, on_disk(1, None, None), Replace),
            (&link, folder_with(None), Displace),
            (&link, Existing::Special, Replace),
        ] {
            assert_eq!(sync_action(wanted, &existing), expect, "{wanted:?} {existing:?}");
        }
    }
}
