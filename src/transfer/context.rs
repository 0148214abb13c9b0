//! The subject of a transfer: the jobs that are looked up, and the cache for their archives.

use std::path::PathBuf;

use crate::disk::Cache;
use crate::error::Error;
use crate::lookup::{Ctx, FoundJob, JobQuery, Scope};
use crate::refusal::Refusal;
use crate::select::job_folder::{Separate, check_distinct, job_folder};
use crate::select::name::System;

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
    /// Gives each job a folder of its own.
    pub separate: Option<Separate>,
    pub before_commit: BeforeCommit<'a>,
}

impl<'a> Transfer<'a> {
    /// Returns a transfer that reads archives and puts nothing in place.
    pub fn reading(ctx: &'a Ctx<'a>, scope: &'a Scope, query: &'a JobQuery) -> Transfer<'a> {
        Transfer { ctx, scope, query, cache: None, separate: None, before_commit: &|_| Ok(()) }
    }

    /// Returns the folder of a job, relative to the destination; empty where jobs share one.
    pub fn job_folder(&self, found: &FoundJob) -> PathBuf {
        job_folder(&found.separated(&found.label()), self.separate)
    }

    /// Refuses jobs that would share a folder although each is to have its own.
    pub fn check_folders(&self, found: &[FoundJob]) -> Result<(), Refusal> {
        let labels: Vec<String> = found.iter().map(FoundJob::label).collect();
        let jobs = found.iter().zip(&labels).map(|(found, label)| found.separated(label));
        check_distinct(&jobs.collect::<Vec<_>>(), self.separate, System::here())
    }
}
