//! The flags about files, and the archives that become files by them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::World;
use crate::archive::Archive;
use crate::args::size;
use crate::disk::Staging;
use crate::extract;
use crate::flow::{Fetched, Found};
use crate::model::EntryKind;
use crate::plan::{self, Plan};
use crate::select::file_pattern::Patterns;
use crate::select::files::{self, Rules};
use crate::select::name::{System, folder_name};
use crate::select::{link, together};
use crate::settings::Usage;
use crate::shown::shown;

/// What of an archive becomes files, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where to")]
pub struct Unpack {
    /// Only these files of the archive; `**` crosses folders; repeatable
    #[arg(long, value_name = "GLOB")]
    path: Vec<String>,
    /// Not these files of the archive; repeatable
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Drop so many leading folders, as tar does
    #[arg(long, value_name = "N", default_value_t = 0)]
    strip_components: usize,
    /// Each job into DIR/JOB-NAME
    #[arg(long)]
    separate: bool,
    /// What to do about a file that is there already
    #[arg(long, value_name = "WHAT", default_value = "overwrite")]
    on_conflict: OnConflict,
    /// What to do about links; `keep-inside` refuses an archive with one that leaves DIR
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "keep-inside",
        help_heading = "Unusual archives"
    )]
    symlinks: Symlinks,
    /// The most bytes when unpacked
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "64GiB", help_heading = "Unusual archives")]
    max_size: u64,
    /// The most entries
    #[arg(long, value_name = "N", default_value_t = 1_000_000, help_heading = "Unusual archives")]
    max_entries: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    Overwrite,
    Skip,
    Fail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Symlinks {
    KeepInside,
    All,
    Skip,
    Copy,
}

/// A job whose files are staged.
#[derive(Debug)]
pub struct Unpacked {
    pub found: Found,
    /// Below the destination; empty where jobs are not separate.
    pub folder: PathBuf,
    pub plan: Plan,
    /// The bytes that were received.
    pub bytes: u64,
}

impl Unpack {
    /// The rules for one archive.
    pub fn rules(&self) -> Result<Rules, Usage> {
        let patterns = Patterns::new(&self.path, &self.exclude)
            .map_err(|error| Usage::new(format!("a pattern cannot be read: {error}")))?;
        Ok(Rules {
            patterns,
            strip_components: self.strip_components,
            symlinks: match self.symlinks {
                Symlinks::KeepInside => link::Symlinks::KeepInside,
                Symlinks::All => link::Symlinks::All,
                Symlinks::Skip => link::Symlinks::Skip,
                Symlinks::Copy => link::Symlinks::Copy,
            },
            max_size: self.max_size,
            max_entries: self.max_entries,
            system: System::here(),
        })
    }

    pub fn on_conflict(&self) -> plan::OnConflict {
        match self.on_conflict {
            OnConflict::Overwrite => plan::OnConflict::Overwrite,
            OnConflict::Skip => plan::OnConflict::Skip,
            OnConflict::Fail => plan::OnConflict::Fail,
        }
    }

    /// Judges all the archives, then unpacks them into the staging, every byte verified.
    pub fn all(
        &self,
        fetched: Vec<Fetched<File>>,
        rules: &Rules,
        staging: &mut Staging,
        world: &World,
    ) -> anyhow::Result<Vec<Unpacked>> {
        let (mut archives, mut plans) = (Vec::new(), Vec::new());
        for Fetched { found, archive, bytes } in fetched {
            let (archive, mut plan) = opened(archive, rules)
                .with_context(|| format!("unpacking the artifacts of {}", shown(&found.label())))?;
            for warning in plan.warnings.drain(..) {
                world.ui.warn(&format!("{}: {warning}", shown(&found.label())));
            }
            let folder = self.folder(&found);
            plans.push((found.label(), plan.below(&folder)));
            archives.push((found, folder, archive, bytes));
        }
        let warnings =
            together::settle(&mut plans, self.on_conflict(), rules.symlinks, rules.system)?;
        warnings.iter().for_each(|warning| world.ui.warn(warning));
        let mut unpacked = Vec::new();
        for ((found, folder, mut archive, bytes), (label, plan)) in archives.into_iter().zip(plans)
        {
            extract::stage(&mut archive, &plan, staging)
                .with_context(|| format!("unpacking the artifacts of {}", shown(&label)))?;
            unpacked.push(Unpacked { found, folder, plan, bytes });
        }
        Ok(unpacked)
    }

    fn folder(&self, found: &Found) -> PathBuf {
        match (self.separate, found.name(), found.id()) {
            (false, _, _) => PathBuf::new(),
            (true, Some(name), _) => PathBuf::from(folder_name(name)),
            (true, None, Some(id)) => PathBuf::from(format!("job-{id}")),
            (true, None, None) => PathBuf::from("job"),
        }
    }
}

fn opened(archive: File, rules: &Rules) -> anyhow::Result<(Archive<File>, Plan)> {
    let mut archive = Archive::open(archive)?;
    let links = archive.entries().iter().enumerate();
    let links: Vec<usize> =
        links.filter(|(_, e)| e.kind == EntryKind::Link).map(|(i, _)| i).collect();
    let mut targets = BTreeMap::new();
    for index in links {
        targets.insert(index, archive.link_target(index)?);
    }
    let plan = files::files(archive.entries(), &targets, rules)?;
    Ok((archive, plan))
}
