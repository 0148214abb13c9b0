//! Protection of a cache below the destination from the files of archives: a later run would take
//! such a file for the archive of another job.

use std::path::{Path, PathBuf};

use crate::lookup::Ctx;
use crate::plan::{Placement, PlacementKind, Plan};
use crate::sanitize::{escape_path, join_names};
use crate::select::name::System;
use crate::step::Step;

/// Removes from the plans what would be in the cache or would replace a folder above it, and warns of
/// it. `cache` is relative to the destination.
pub fn leave_out(ctx: &Ctx<'_>, plans: &mut [Plan], cache: &Path, system: System) {
    let mut left_out = Vec::new();
    for plan in plans {
        plan.placements.retain(|placement| {
            let changes = changes_cache(placement, cache, system);
            if changes {
                left_out.push(escape_path(&placement.path).into_owned());
            }
            !changes
        });
    }
    if !left_out.is_empty() {
        let names = join_names(&left_out, 3);
        let warning = format!("left out {names}: the folder of --cache is there");
        ctx.watch.step(&Step::Warning(&warning));
    }
}

/// Returns true if an entry is in the cache, or takes the place of a folder above it. `cache` is
/// relative to the destination.
fn changes_cache(placement: &Placement, cache: &Path, system: System) -> bool {
    let keys = |path: &Path| -> PathBuf {
        let keys = path.iter().map(|part| system.key(part.as_encoded_bytes()).into_owned());
        keys.map(|key| String::from_utf8_lossy(&key).into_owned()).collect()
    };
    let (path, cache) = (keys(&placement.path), keys(cache));
    let is_folder = matches!(placement.kind, PlacementKind::Folder { .. });
    path.starts_with(&cache) && !(is_folder && path == cache)
        || cache.starts_with(&path) && !is_folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_the_cache_is_left_out() {
        let folder = || PlacementKind::Folder { mode: None, modified: None };
        let link = || PlacementKind::Link { target: "x".into() };
        for (path, kind, changes) in [
            ("ci/cache/a.zip", link(), true),
            ("ci/cache/d/e", folder(), true),
            ("ci/cache", link(), true),
            ("ci", link(), true),
            ("ci/cache", folder(), false),
            ("ci", folder(), false),
            ("ci/cached", link(), false),
            ("cache/a.zip", link(), false),
            ("CI/Cache/a.zip", link(), false),
        ] {
            let placement = Placement { entry: 0, path: path.into(), kind };
            let cache = Path::new("ci/cache");
            assert_eq!(changes_cache(&placement, cache, System::Unix), changes, "{path}");
            let folds = changes || path.starts_with("CI");
            assert_eq!(changes_cache(&placement, cache, System::Mac), folds, "{path}");
        }
    }
}
