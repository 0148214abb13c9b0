//! Archives that an earlier run has kept in a cache, and those that this one keeps there.
//!
//! A cache is a convenience: whatever is wrong with it is told, and the archive is downloaded.

use std::fs::File;
use std::time::SystemTime;

use super::fetch::{Spool, whole};
use super::{Ctx, FoundJob};
use crate::archive;
use crate::disk::{CacheLookup, CacheWriter, Key};
use crate::gitlab;
use crate::model::ArchiveAt;
use crate::sanitize::sanitize;
use crate::step::Step;

/// The archive from the cache, or downloaded into it, with the count of bytes that were received.
/// None where there is no cache, or none for this archive.
pub(super) fn take(ctx: &Ctx<'_>, found: &FoundJob) -> anyhow::Result<Option<(File, u64)>> {
    let (Some(cache), Some(key)) = (ctx.cache, key(ctx, found)) else { return Ok(None) };
    let label = found.label();
    let warn = |what: String| {
        ctx.watch.step(&Step::Warning(&format!("{}: {what}", sanitize(&label))));
    };
    match cache.take(&key, now(ctx)) {
        CacheLookup::Whole(archive) => {
            ctx.watch.step(&Step::Cached { label: &label, bytes: key.size });
            return Ok(Some((archive, 0)));
        }
        CacheLookup::Damaged => {
            warn("its archive in the cache was damaged; downloading it again".into())
        }
        CacheLookup::Nothing => {}
    }
    if !cache.holds(key.size) {
        warn("its archive is larger than --cache-size, so it will not be kept".into());
        return Ok(None);
    }
    let mut coming = match cache.begin() {
        Ok(coming) => coming,
        Err(error) => {
            warn(format!("{error}; going on without the cache"));
            return Ok(None);
        }
    };
    let bytes = match whole(ctx, found, ctx.gitlab.download(&found.at)?, &mut coming) {
        Ok(bytes) => bytes,
        Err(error) if is_of_disk(&error) => {
            warn(format!("{error:#}; going on without the cache"));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let (archive, reason) = cache.keep(&key, coming, now(ctx))?;
    if let Some(reason) = reason {
        warn(format!("{reason}; it is not kept in the cache"));
    }
    Ok(Some((archive, bytes)))
}

/// Hands on what came of archives. What turned out to be none is not kept for the next run, which
/// would otherwise never see a better one.
pub fn doubted<T>(ctx: &Ctx<'_>, landed: anyhow::Result<T>) -> anyhow::Result<T> {
    if let (Some(cache), Err(error)) = (ctx.cache, &landed)
        && error.is::<archive::Error>()
    {
        cache.forget();
    }
    landed
}

/// None where GitLab did not tell enough about the archive to know it again.
fn key(ctx: &Ctx<'_>, found: &FoundJob) -> Option<Key> {
    let ArchiveAt::Job { id, .. } = &found.at else { return None };
    let size = found.size()?;
    Some(Key { server: ctx.gitlab.server(), job: *id, size })
}

fn now(ctx: &Ctx<'_>) -> SystemTime {
    ctx.clock.now().into()
}

fn is_of_disk(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(gitlab::Error::is_local)
}

impl Spool for CacheWriter {
    fn restart(&mut self) -> std::io::Result<()> {
        CacheWriter::restart(self)
    }
}
