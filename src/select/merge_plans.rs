//! Plans of several archives for one destination: which archive wins a path that two contain.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};

use super::link::{Links, Symlinks};
use super::name::System;
use crate::exit::Exit;
use crate::plan::{OnConflict, PlacementKind, Plan};
use crate::refusal::ArchiveRefusal;
use crate::sanitize::{escape_bytes, sanitize};

/// The reason why several archives cannot be extracted into one folder, although each alone could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clash {
    /// Two archives contain one path, and `--on-conflict fail` was given.
    Both { path: PathBuf, first: String, second: String },
    /// A path is a folder in one archive and a file or link in the other.
    FileAndFolder { path: PathBuf, first: String, second: String },
    /// Two paths that differ only in case or Unicode form, which is one path on this system.
    Spelling { path: PathBuf, first: String, second: String },
    /// Symlinks of several archives together lead out of the destination.
    Links { job: String, refusal: ArchiveRefusal },
}

impl Clash {
    /// Returns the exit code: links that lead out are the fault of the archives.
    pub fn exit(&self) -> Exit {
        match self {
            Clash::Both { .. } | Clash::FileAndFolder { .. } | Clash::Spelling { .. } => Exit::Disk,
            Clash::Links { .. } => Exit::Archive,
        }
    }
}

/// The plan and the placement that has a path.
struct Holder {
    plan: usize,
    path: PathBuf,
    folder: bool,
    /// The index in the placements of its plan; none for a folder without a placement of its own.
    placement: Option<usize>,
}

/// Resolves conflicts between plans for one folder, in the order of the jobs; each comes with the
/// name of its job. Placements that lose are removed from their plans, and returned as warnings.
///
/// # Errors
/// If the plans exclude each other.
pub fn settle(
    plans: &mut [(String, Plan)],
    on_conflict: OnConflict,
    symlinks: Symlinks,
    system: System,
) -> Result<Vec<String>, Clash> {
    // A single plan has no conflicts: `files::files` has checked it.
    if plans.len() < 2 {
        return Ok(Vec::new());
    }
    let mut holders: HashMap<Vec<u8>, Holder> = HashMap::new();
    let mut warnings = Vec::new();
    let mut losers = HashSet::new();
    for (number, (job, plan)) in plans.iter().enumerate() {
        for (index, placement) in plan.placements.iter().enumerate() {
            let folder = matches!(placement.kind, PlacementKind::Folder { .. });
            let ancestors = placement.path.ancestors().skip(1).filter(|up| *up != Path::new(""));
            let above = ancestors.map(|path| (path, true, None));
            for (path, folder, placement) in above.chain([(&*placement.path, folder, Some(index))])
            {
                let new = Holder { plan: number, path: path.to_owned(), folder, placement };
                let Some(old) = holders.get_mut(&key(path, system)) else {
                    holders.insert(key(path, system), new);
                    continue;
                };
                if old.plan == number {
                    old.placement = old.placement.or(new.placement);
                    continue;
                }
                let first = plans[old.plan].0.clone();
                let (path, second) = (new.path.clone(), job.clone());
                if old.path != new.path {
                    return Err(Clash::Spelling { path, first, second });
                }
                if old.folder != new.folder {
                    return Err(Clash::FileAndFolder { path, first, second });
                }
                if folder {
                    continue;
                }
                let (winner, loser) = match on_conflict {
                    OnConflict::Fail => return Err(Clash::Both { path, first, second }),
                    OnConflict::Overwrite => (job, std::mem::replace(old, new)),
                    OnConflict::Skip => (&plans[old.plan].0, new),
                };
                losers.extend(loser.placement.map(|placement| (loser.plan, placement)));
                let both = Clash::Both { path, first, second };
                warnings.push(format!("{both}; that of `{}` is taken", sanitize(winner)));
            }
        }
    }
    for (number, (_, plan)) in plans.iter_mut().enumerate() {
        let mut indices = 0..;
        plan.placements.retain(|_| {
            let index = indices.next().unwrap_or_default();
            !losers.contains(&(number, index))
        });
    }
    if symlinks == Symlinks::KeepInside {
        stay_inside(plans, system)?;
    }
    Ok(warnings)
}

/// Checks that no symlink leads out of the destination through symlinks of other archives.
fn stay_inside(plans: &[(String, Plan)], system: System) -> Result<(), Clash> {
    let mut links = Links::new(system);
    let all = || {
        plans.iter().flat_map(|(job, plan)| {
            plan.placements.iter().filter_map(move |placement| match &placement.kind {
                PlacementKind::Link { target } => Some((job, &*placement.path, target)),
                _ => None,
            })
        })
    };
    for (_, path, target) in all() {
        links.add(parts(path), target.as_encoded_bytes());
    }
    for (job, path, _) in all() {
        let followed =
            links.follow(parts(path), &escape_bytes(path.as_os_str().as_encoded_bytes()));
        followed.map_err(|refusal| Clash::Links { job: job.clone(), refusal })?;
    }
    Ok(())
}

fn parts(path: &Path) -> impl Iterator<Item = &[u8]> {
    path.iter().map(|component| component.as_encoded_bytes())
}

fn key(path: &Path, system: System) -> Vec<u8> {
    parts(path).map(|component| system.key(component)).collect::<Vec<_>>().join(&b'/')
}

impl Display for Clash {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (path, first, second, what) = match self {
            Clash::Both { path, first, second } => (path, first, second, "is"),
            Clash::FileAndFolder { path, first, second } => {
                (path, first, second, "is a folder in only one and is")
            }
            Clash::Spelling { path, first, second } => {
                (path, first, second, "is spelled in two ways and is")
            }
            Clash::Links { job, refusal } => {
                return write!(
                    f,
                    "together with the other jobs, of job `{}`: {refusal}",
                    sanitize(job)
                );
            }
        };
        let path = escape_bytes(path.as_os_str().as_encoded_bytes());
        write!(
            f,
            "`{}` {what} in the archives of both `{}` and `{}`",
            sanitize(&path),
            sanitize(first),
            sanitize(second)
        )
    }
}

impl std::error::Error for Clash {}

#[cfg(test)]
mod tests;
