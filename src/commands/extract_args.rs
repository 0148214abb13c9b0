//! The flags about files, for the commands that extract archives.

use clap::{Args, ValueEnum};

use crate::args::size;
use crate::plan::{self, Mtime};
use crate::select::file_pattern::Patterns;
use crate::select::files::FileRules;
use crate::select::job_folder::Separate;
use crate::select::link;
use crate::select::name::System;
use crate::settings::Usage;
use crate::transfer::ExtractOptions;

/// The choice of entries to extract, and the handling of conflicts, links and large archives.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where to")]
pub struct ExtractArgs {
    /// Extract only these files of the archive; `**` crosses folders; repeatable
    #[arg(long, value_name = "GLOB")]
    path: Vec<String>,
    /// Leave out these files of the archive; repeatable
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Remove this many leading folders from each path, as tar does
    #[arg(long, value_name = "N", default_value_t = 0)]
    strip_components: usize,
    /// Extract all files directly into DIR, without the folders of the archive; files of one name and different contents are refused
    #[arg(long, conflicts_with_all = ["strip_components", "delete"])]
    flatten: bool,
    /// Extract each job into a folder of its own below DIR: DIR/JOB-NAME, with `bridge` DIR/BRIDGE-NAME/JOB-NAME, with `id` DIR/JOB-ID
    #[arg(long, value_name = "BY", num_args = 0..=1, require_equals = true, default_missing_value = "job")]
    separate: Option<SeparateArg>,
    /// Treatment of files that exist already
    #[arg(long, value_name = "WHAT", default_value = "overwrite")]
    on_conflict: OnConflict,
    /// Make the chosen files equal to those of the archive: download and replace only those that differ
    #[arg(long, conflicts_with = "on_conflict")]
    sync: bool,
    /// With --sync and --dir: also remove files and empty folders below DIR that none of the archives holds; --exclude protects what it names
    #[arg(long, requires_all = ["sync", "dir"])]
    pub delete: bool,
    /// The modification time of what is written: as the archive says, the time of this run, or the time of the job's commit
    #[arg(long, value_name = "TIME", default_value = "archive")]
    mtime: MtimeArg,
    /// Print the path of each file that was written on standard output, relative to DIR
    #[arg(long)]
    pub list: bool,
    /// Sync files and folders to the disk before they are put in place, so that a power failure loses none of them
    #[arg(long)]
    durable: bool,
    /// Treatment of links; `keep-inside` refuses an archive with one that leaves DIR
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "keep-inside",
        help_heading = "Unusual archives"
    )]
    symlinks: Symlinks,
    /// Refuse archives that are larger than this when extracted
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "64GiB", help_heading = "Unusual archives")]
    max_size: u64,
    /// Refuse archives with more entries than this
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
enum SeparateArg {
    Job,
    Bridge,
    Id,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MtimeArg {
    Archive,
    Now,
    Commit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Symlinks {
    KeepInside,
    All,
    Skip,
    Copy,
}

impl ExtractArgs {
    /// Returns if and how each job gets a folder of its own.
    pub fn separate(&self) -> Option<Separate> {
        self.separate.map(|separate| match separate {
            SeparateArg::Job => Separate::Job,
            SeparateArg::Bridge => Separate::Bridge,
            SeparateArg::Id => Separate::Id,
        })
    }

    /// Converts the flags to the options of an extraction.
    ///
    /// # Errors
    /// A usage error for a glob that cannot be parsed.
    pub fn options(&self) -> Result<ExtractOptions, Usage> {
        let patterns = Patterns::new(&self.path, &self.exclude)
            .map_err(|error| Usage::new(format!("a pattern cannot be read: {error}")))?;
        let rules = FileRules {
            patterns,
            strip_components: self.strip_components,
            flatten: self.flatten,
            symlinks: match self.symlinks {
                Symlinks::KeepInside => link::Symlinks::KeepInside,
                Symlinks::All => link::Symlinks::All,
                Symlinks::Skip => link::Symlinks::Skip,
                Symlinks::Copy => link::Symlinks::Copy,
            },
            takes_links: true,
            max_size: self.max_size,
            max_entries: self.max_entries,
            system: System::here(),
            lists_held: self.delete,
        };
        let on_conflict = match self.on_conflict {
            OnConflict::Overwrite => plan::OnConflict::Overwrite,
            OnConflict::Skip => plan::OnConflict::Skip,
            OnConflict::Fail => plan::OnConflict::Fail,
        };
        let mtime = match self.mtime {
            MtimeArg::Archive => Mtime::Archive,
            MtimeArg::Now => Mtime::Now,
            MtimeArg::Commit => Mtime::Commit,
        };
        Ok(ExtractOptions {
            rules,
            on_conflict,
            mtime,
            durable: self.durable,
            sync: self.sync,
            delete: self.delete,
            directory_first: false,
        })
    }
}
