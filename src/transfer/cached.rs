//! Archives from the cache, and downloads into it.
//!
//! A fault of the cache is only a warning, and the archive is downloaded.

use std::fs::File;
use std::time::SystemTime;

use super::context::Transfer;
use super::download::download;
use crate::disk::{CacheKey, CacheLookup};
use crate::error::Error;
use crate::lookup::{Ctx, FoundJob};
use crate::model::ArchiveAt;
use crate::sanitize::sanitize;
use crate::step::Step;

/// Returns the archive from the cache, or downloads it into the cache, with the bytes received.
/// None without a cache, and for an archive that cannot be cached.
pub fn acquire(transfer: &Transfer<'_>, found: &FoundJob) -> Result<Option<(File, u64)>, Error> {
    let ctx = transfer.ctx;
    let (Some(cache), Some(key)) = (transfer.cache, key(ctx, found)) else { return Ok(None) };
    let label = found.label();
    let warn = |what: String| {
        ctx.watch.step(&Step::Warning(&format!("{}: {what}", sanitize(&label))));
    };
    match cache.lookup(&key, now(ctx)) {
        CacheLookup::Hit(archive) => {
            ctx.watch.step(&Step::Cached { label: &label, bytes: key.size });
            return Ok(Some((archive, 0)));
        }
        CacheLookup::Damaged => {
            warn("its archive in the cache was damaged; downloading it again".into());
        }
        CacheLookup::Miss => {}
    }
    if !cache.fits(key.size) {
        warn("its archive is larger than --cache-size, so it will not be kept".into());
        return Ok(None);
    }
    let mut writer = match cache.begin_write() {
        Ok(writer) => writer,
        Err(error) => {
            warn(format!("{error}; going on without the cache"));
            return Ok(None);
        }
    };
    let bytes = match download(ctx, found, ctx.gitlab.download(&found.at)?, &mut writer) {
        Ok(bytes) => bytes,
        Err(error) if is_local(&error) => {
            warn(format!("{error}; going on without the cache"));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let (archive, failure) = cache.insert(&key, writer, now(ctx))?;
    if let Some(failure) = failure {
        warn(format!("{failure}; it is not kept in the cache"));
    }
    Ok(Some((archive, bytes)))
}

/// Removes the archives that this run added to the cache, if one of them turned out to be broken, so
/// that the next run downloads it again.
pub fn forget_broken<T>(transfer: &Transfer<'_>, result: Result<T, Error>) -> Result<T, Error> {
    if let (Some(cache), Err(error)) = (transfer.cache, &result)
        && error.as_archive().is_some()
    {
        cache.forget();
    }
    result
}

/// Returns the key of an archive; None where GitLab did not tell enough to recognise it later.
fn key(ctx: &Ctx<'_>, found: &FoundJob) -> Option<CacheKey> {
    let ArchiveAt::Job { id, .. } = &found.at else { return None };
    let size = found.size()?;
    Some(CacheKey { server: ctx.gitlab.server(), job: *id, size })
}

fn now(ctx: &Ctx<'_>) -> SystemTime {
    ctx.clock.now().into()
}

/// Returns true if the file in the cache could not be written.
fn is_local(error: &Error) -> bool {
    match error.root() {
        Error::GitLab(error) => error.is_local(),
        Error::Io(_) => true,
        _ => false,
    }
}
