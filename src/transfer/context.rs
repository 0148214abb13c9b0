//! The subject of a transfer: the jobs that are looked up, and the cache for their archives.

use crate::disk::Cache;
use crate::error::Error;
use crate::lookup::{Ctx, FoundJob, JobQuery, Scope};

/// Called with the jobs once everything of them is staged, before anything is put in place. An error
/// ends the transfer and leaves the destination as it was.
pub type BeforeCommit<'a> = &'a (dyn Fn(&[&FoundJob]) -> Result<(), Error> + Sync);

/// The jobs whose artifacts are transferred, and the means to do it.
#[derive(Clone, Copy)]
pub struct Transfer<'a> {
    pub ctx: &'a Ctx<'a>,
    pub scope: &'a Scope,
    pub query: &'a JobQuery,
    /// Archives of earlier runs.
    pub cache: Option<&'a Cache>,
    pub before_commit: BeforeCommit<'a>,
}

impl<'a> Transfer<'a> {
    /// Returns a transfer that reads archives and puts nothing in place.
    pub fn reading(ctx: &'a Ctx<'a>, scope: &'a Scope, query: &'a JobQuery) -> Transfer<'a> {
        Transfer { ctx, scope, query, cache: None, before_commit: &|_| Ok(()) }
    }
}
