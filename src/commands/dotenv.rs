//! `--dotenv`: writes the ids of a fetched job or started pipeline for `artifacts:reports:dotenv`.

use std::io::Write;
use std::path::Path;

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

    /// Writes the variables.
    pub fn write(&self, file: &Path, interrupt: &Interrupt) -> Result<(), Error> {
        let text = text(self)?;
        let mut whole = AtomicFile::create_beside(file, interrupt)?;
        whole.write_all(text.as_bytes()).with_context(|| format!("writing {}", file.display()))?;
        Ok(whole.commit(OnConflict::Overwrite)?)
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
