//! The folder and the size limit of the cache of archives.

use std::path::PathBuf;

use bytesize::ByteSize;

use super::sourced::{Setting, Source, Sourced};
use super::variables::variable;
use crate::args::{CacheArgs, size};
use crate::env::Env;
use crate::sanitize::sanitize;
use crate::usage::Usage;

const DEFAULT_MAX_BYTES: u64 = 10 << 30;

/// The folder of the cache, and how many bytes it may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    pub dir: Sourced<PathBuf>,
    pub max_bytes: Sourced<u64>,
}

/// Returns the cache of `--cache` or `DOWNRIVER_CACHE`, or None if neither is given.
///
/// # Errors
/// A `DOWNRIVER_CACHE_SIZE` that is no size.
pub fn cache(args: &CacheArgs, env: &Env) -> Result<Option<CacheSettings>, Usage> {
    let dir = match &args.cache {
        Some(dir) => Some(Sourced { value: dir.clone(), source: Source::Flag("--cache") }),
        None => variable(env, &["DOWNRIVER_CACHE"])
            .map(|Sourced { value, source }| Sourced { value: value.into(), source }),
    };
    let Some(Sourced { value, source }) = dir else { return Ok(None) };
    Ok(Some(CacheSettings {
        dir: Sourced { value: env.dir.join(value), source },
        max_bytes: max_bytes(args, env)?,
    }))
}

fn max_bytes(args: &CacheArgs, env: &Env) -> Result<Sourced<u64>, Usage> {
    if let Some(value) = args.cache_size {
        return Ok(Sourced { value, source: Source::Flag("--cache-size") });
    }
    let Some(Sourced { value, source }) = variable(env, &["DOWNRIVER_CACHE_SIZE"]) else {
        return Ok(Sourced { value: DEFAULT_MAX_BYTES, source: Source::Default });
    };
    match size(&value) {
        Ok(value) => Ok(Sourced { value, source }),
        Err(hint) => {
            Err(Usage::new(format!("{source} is `{}`, which is no size", sanitize(&value)))
                .hint(hint))
        }
    }
}

impl CacheSettings {
    /// Lists these settings for `explain`.
    pub fn settings_list(self) -> [Setting; 2] {
        let CacheSettings { dir, max_bytes } = self;
        let size = ByteSize(max_bytes.value).display().iec().to_string();
        [
            Setting {
                name: "cache",
                value: dir.value.to_string_lossy().into_owned(),
                source: dir.source,
            },
            Setting { name: "cache size", value: size, source: max_bytes.source },
        ]
    }
}
