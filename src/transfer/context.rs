//! The subject of a transfer: the jobs that are looked up, and the cache for their archives.

use crate::disk::Cache;
use crate::lookup::{Ctx, JobQuery, Scope};

/// The jobs whose artifacts are transferred, and the means to do it.
#[derive(Clone, Copy)]
pub struct Transfer<'a> {
    pub ctx: &'a Ctx<'a>,
    pub scope: &'a Scope,
    pub query: &'a JobQuery,
    /// Archives of earlier runs.
    pub cache: Option<&'a Cache>,
}
