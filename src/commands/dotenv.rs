//! `--dotenv`: writes the ids of a fetched job or started pipeline for `artifacts:reports:dotenv`.

use std::io::{Seek, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::disk::AtomicFile;
use crate::error::{Context, Error};
use crate::interrupt::Interrupt;
use crate::lookup::FoundJob;
use crate::model::{JobId, Pipeline};
use crate::plan::OnConflict;
use crate::refusal::Refusal;

/// The values of the variables; an unknown value is written as empty.
#[derive(Debug, Default)]
pub struct Values<'a> {
    /// In the order of the JOBs; None where GitLab did not tell an id.
    pub jobs: Vec<Option<JobId>>,
    pub project: Option<u64>,
    pub pipeline: Option<&'a Pipeline>,
}

impl<'a> Values<'a> {
    /// Returns the values of jobs that were fetched; all but the ids are of the first one.
    pub fn of(found: impl Iterator<Item = &'a FoundJob>) -> Values<'a> {
        let found: Vec<&FoundJob> = found.collect();
        let jobs = found.iter().map(|found| found.id()).collect();
        let Some(first) = found.first() else { return Values::default() };
        Values { jobs, project: first.project_id(), pipeline: first.pipeline.as_ref() }
    }
}

/// The file of `--dotenv`, if one was asked for: opened before the first request, so that it is known
/// to be writable, and put in place at the end.
#[derive(Debug, Default)]
pub struct DotenvFile(Mutex<Option<AtomicFile>>);

impl DotenvFile {
    /// Creates a temporary file beside `file`.
    ///
    /// # Errors
    /// If `file` cannot be written.
    pub fn create(file: Option<&Path>, interrupt: &Interrupt) -> Result<DotenvFile, Error> {
        let file = file.map(|file| AtomicFile::create_beside(file, interrupt)).transpose()?;
        Ok(DotenvFile(Mutex::new(file)))
    }

    /// Syncs the file to the disk before it is put in place, if `durable` is true.
    pub fn durable(self, durable: bool) -> DotenvFile {
        let file = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        DotenvFile(Mutex::new(file.map(|file| file.durable(durable))))
    }

    /// Writes the variables into the temporary file, in place of those that were written before.
    ///
    /// # Errors
    /// If a value has a line break, or the disk is full.
    pub fn stage(&self, values: &Values<'_>) -> Result<(), Error> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = file.as_mut() else { return Ok(()) };
        let text = text(values)?;
        let staged = (|| {
            file.file().set_len(0)?;
            file.file().rewind()?;
            file.write_all(text.as_bytes())?;
            file.check()
        })();
        staged.context("writing the file of --dotenv")
    }

    /// Puts the file in place.
    pub fn commit(self) -> Result<(), Error> {
        match self.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(file) => Ok(file.commit(OnConflict::Overwrite)?),
            None => Ok(()),
        }
    }
}

/// Returns the content of the file.
fn text(values: &Values<'_>) -> Result<String, Refusal> {
    let pipeline = values.pipeline;
    let ids: Vec<String> = values.jobs.iter().flatten().map(JobId::to_string).collect();
    let values = [
        ("JOB_ID", values.jobs.first().copied().flatten().map(|id| id.to_string())),
        ("JOB_IDS", Some(ids.join(","))),
        ("PIPELINE_ID", pipeline.map(|pipeline| pipeline.id.to_string())),
        ("PROJECT_ID", values.project.map(|id| id.to_string())),
        ("REF", pipeline.and_then(|pipeline| pipeline.ref_.clone())),
        ("SHA", pipeline.and_then(|pipeline| pipeline.sha.clone())),
    ];
    let mut text = String::new();
    for (name, value) in values {
        let value = value.unwrap_or_default();
        // A line break would let the server define a variable of later jobs.
        if value.contains(['\n', '\r']) {
            return Err(Refusal::LineBreak { name });
        }
        text += &format!("DOWNRIVER_{name}={value}\n");
    }
    Ok(text)
}
