//! Where archives are kept for the next run, if they are.

use std::path::PathBuf;

use bytesize::ByteSize;

use super::{Setting, Source, Sourced, Usage, variable};
use crate::args::{Caching, size};
use crate::env::Env;
use crate::sanitize::sanitize;

/// In bytes.
const MOST: u64 = 10 << 30;

/// A folder for archives, and how many bytes may be in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    pub dir: Sourced<PathBuf>,
    pub most: Sourced<u64>,
}

/// The cache of a flag or of a variable; none without them.
pub fn cache(caching: &Caching, env: &Env) -> Result<Option<CacheSettings>, Usage> {
    let dir = match &caching.cache {
        Some(dir) => Some(Sourced { value: dir.clone(), source: Source::Flag("--cache") }),
        None => variable(env, &["DOWNRIVER_CACHE"])
            .map(|Sourced { value, source }| Sourced { value: value.into(), source }),
    };
    let Some(Sourced { value, source }) = dir else { return Ok(None) };
    Ok(Some(CacheSettings {
        dir: Sourced { value: env.dir.join(value), source },
        most: most(caching, env)?,
    }))
}

fn most(caching: &Caching, env: &Env) -> Result<Sourced<u64>, Usage> {
    if let Some(value) = caching.cache_size {
        return Ok(Sourced { value, source: Source::Flag("--cache-size") });
    }
    let Some(Sourced { value, source }) = variable(env, &["DOWNRIVER_CACHE_SIZE"]) else {
        return Ok(Sourced { value: MOST, source: Source::Default });
    };
    match size(&value) {
        Ok(value) => Ok(Sourced { value, source }),
        Err(why) => {
            Err(Usage::new(format!("{source} is `{}`, which is no size", sanitize(&value)))
                .hint(why))
        }
    }
}

impl CacheSettings {
    /// For `explain`.
    pub fn told(self) -> [Setting; 2] {
        let CacheSettings { dir, most } = self;
        let size = ByteSize(most.value).display().iec().to_string();
        [
            Setting {
                name: "cache",
                value: dir.value.to_string_lossy().into_owned(),
                source: dir.source,
            },
            Setting { name: "cache size", value: size, source: most.source },
        ]
    }
}
