//! `--dotenv`: what was fetched or started, for `artifacts:reports:dotenv` and the jobs that come later.

use std::io::Write;
use std::path::Path;

use crate::disk::AtomicFile;
use crate::error::{Context, Error};
use crate::interrupt::Interrupt;
use crate::lookup::FoundJob;
use crate::model::{JobId, Pipeline};
use crate::plan::OnConflict;
use crate::refusal::Refusal;

/// What is handed on; what is not known is empty.
#[derive(Debug, Default)]
pub struct Values<'a> {
    pub job: Option<JobId>,
    pub project: Option<u64>,
    pub pipeline: Option<&'a Pipeline>,
}

impl<'a> Values<'a> {
    /// Those of a job that was fetched.
    pub fn of(found: Option<&'a FoundJob>) -> Values<'a> {
        let Some(found) = found else { return Values::default() };
        Values { job: found.id(), project: found.project_id(), pipeline: found.pipeline.as_ref() }
    }

    /// Writes the five variables.
    pub fn write(&self, file: &Path, interrupt: &Interrupt) -> Result<(), Error> {
        let text = text(self)?;
        let mut whole = AtomicFile::create_beside(file, interrupt)?;
        whole.write_all(text.as_bytes()).with_context(|| format!("writing {}", file.display()))?;
        Ok(whole.commit(OnConflict::Overwrite)?)
    }
}

fn text(values: &Values<'_>) -> Result<String, Refusal> {
    let pipeline = values.pipeline;
    let values = [
        ("JOB_ID", values.job.map(|id| id.to_string())),
        ("PIPELINE_ID", pipeline.map(|pipeline| pipeline.id.to_string())),
        ("PROJECT_ID", values.project.map(|id| id.to_string())),
        ("REF", pipeline.and_then(|pipeline| pipeline.ref_.clone())),
        ("SHA", pipeline.and_then(|pipeline| pipeline.sha.clone())),
    ];
    let mut text = String::new();
    for (name, value) in values {
        let value = value.unwrap_or_default();
        // A line break would set a variable of the server's choice in later jobs.
        if value.contains(['\n', '\r']) {
            return Err(Refusal::LineBreak { name });
        }
        text += &format!("DOWNRIVER_{name}={value}\n");
    }
    Ok(text)
}
