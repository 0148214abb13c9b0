//! Flags about the cache of archives.
#![allow(rustdoc::broken_intra_doc_links, reason = "help texts name variables in brackets")]

use std::path::PathBuf;

use clap::Args;

use super::value_parser::size;

/// The folder and the size limit of the cache of archives.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "For the next run")]
pub struct CacheArgs {
    /// Cache whole archives in this folder, and read them from there when they are needed again [DOWNRIVER_CACHE]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// The maximum size of the cache; the least recently used archives are removed first [DOWNRIVER_CACHE_SIZE] [default: 10GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub cache_size: Option<u64>,
}
