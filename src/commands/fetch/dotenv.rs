//! `--dotenv`: what was fetched, for `artifacts:reports:dotenv` and the jobs that come later.

use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::disk::WholeFile;
use crate::flow::Found;
use crate::interrupt::Interrupt;
use crate::refusal::Refusal;

/// Writes the five variables of the first job; what is not known is empty.
pub(super) fn write(
    file: &Path,
    found: Option<&Found>,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    let text = text(found)?;
    let mut whole = WholeFile::beside(file, interrupt)?;
    whole.write_all(text.as_bytes()).with_context(|| format!("writing {}", file.display()))?;
    Ok(whole.keep()?)
}

fn text(found: Option<&Found>) -> Result<String, Refusal> {
    let pipeline = found.and_then(|found| found.pipeline.as_ref());
    let values = [
        ("JOB_ID", found.and_then(Found::id).map(|id| id.to_string())),
        ("PIPELINE_ID", pipeline.map(|pipeline| pipeline.id.to_string())),
        ("PROJECT_ID", found.and_then(Found::project_id).map(|id| id.to_string())),
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
