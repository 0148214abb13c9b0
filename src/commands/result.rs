//! The printed result of a command: paths for people, one JSON document for scripts.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use crate::lookup::{Ended, FoundJob};
use crate::model::{Job, Pipeline};
use crate::sanitize::{escape_path, sanitize};
use crate::select::retention::relative_to;
use crate::transfer::{Synced, TransferResult, TransferredJob};
use crate::ui::Ui;

/// Prints the path of each file that was written, relative to the destination (`--list`).
pub fn print_files(result: &TransferResult, output: Option<&Path>, ui: &Ui) -> io::Result<()> {
    for job in &result.jobs {
        if let Some(file) = output {
            ui.path_line(file.as_os_str().as_encoded_bytes())?;
        }
        for (path, _) in &job.files {
            let mut path = path.as_os_str().as_encoded_bytes().to_vec();
            if cfg!(windows) {
                path.iter_mut().filter(|byte| **byte == b'\\').for_each(|byte| *byte = b'/');
            }
            ui.path_line(&path)?;
        }
    }
    Ok(())
}

/// The `--json` document of a transfer.
#[derive(Serialize)]
pub struct Document<'a> {
    fetched: Vec<Fetched<'a>>,
    missing: Vec<Value>,
}

/// A job with its files, of which there can be a million: they are converted while they are written.
pub struct Fetched<'a> {
    job: &'a TransferredJob,
    /// All fields. `files` is null, and replaced by the files of the job when it is written.
    fields: Value,
}

#[derive(Serialize)]
struct FetchedFile {
    /// Relative to the folder of the job.
    path: String,
    size: u64,
}

/// Returns the `--json` document of a transfer.
pub fn document<'a>(result: &'a TransferResult, output: Option<&Path>, dir: &Path) -> Document<'a> {
    let fetched = result.jobs.iter().map(|job| Fetched { job, fields: fields(job, output, dir) });
    let missing = result.missing.iter();
    let missing = missing.map(|(job, why)| json!({ "job": job, "reason": why.to_string() }));
    Document { fetched: fetched.collect(), missing: missing.collect() }
}

impl Serialize for Fetched<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.fields.as_object().into_iter().flatten() {
            match key.as_str() {
                "files" => map.serialize_entry(key, &Files(self.job))?,
                _ => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

/// The files of a job, as the field `files`.
struct Files<'a>(&'a TransferredJob);

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let TransferredJob { folder, files, .. } = self.0;
        serializer.collect_seq(files.iter().map(|(path, size)| FetchedFile {
            path: slashes(path.strip_prefix(folder).unwrap_or(path)),
            size: *size,
        }))
    }
}

/// Returns the fields of a job, with null for its files.
fn fields(job: &TransferredJob, output: Option<&Path>, dir: &Path) -> Value {
    let TransferredJob { found, folder, bytes, synced, .. } = job;
    let mut value = self::found(found);
    value["files"] = Value::Null;
    value["output"] = json!(output.map(slashes));
    value["dir"] = json!(output.is_none().then(|| slashes(&plain(&dir.join(folder)))));
    value["bytes_transferred"] = json!(bytes);
    if let Some(Synced { unchanged, removed, .. }) = synced {
        let removed = removed.iter().map(|path| slashes(&relative_to(path, folder)));
        value["unchanged"] = json!(unchanged);
        value["removed"] = removed.collect();
    }
    value
}

/// Returns a job without its pipeline.
pub fn job(job: &Job) -> Value {
    json!({ "id": job.id, "name": job.name, "status": job.status, "web_url": job.web_url })
}

/// Returns a job with its pipeline and the bridge that triggered it; unknown fields are null.
pub fn found(found: &FoundJob) -> Value {
    let (job, pipeline) = (found.job.as_ref(), found.pipeline.as_ref());
    json!({
        "job": {
            "id": found.id(),
            "name": found.name(),
            "status": job.map(|job| &job.status),
            "web_url": job.and_then(|job| job.web_url.as_ref()),
        },
        "pipeline": {
            "id": pipeline.map(|pipeline| pipeline.id),
            "project_id": found.project_id(),
            "ref": pipeline.and_then(|pipeline| pipeline.ref_.as_ref()),
            "sha": pipeline.and_then(|pipeline| pipeline.sha.as_ref()),
            "web_url": pipeline.and_then(|pipeline| pipeline.web_url.as_ref()),
        },
        "bridge": found.bridges.last(),
    })
}

/// Returns a line with the id, project, status and address of a pipeline.
pub fn pipeline_line(ended: &Ended) -> String {
    let Ended { at, pipeline, .. } = ended;
    let url = pipeline.web_url.as_deref().map(|url| format!("  {}", sanitize(url)));
    let url = url.unwrap_or_default();
    format!("pipeline {} of project {}: {}{url}", at.id, at.project, pipeline.status)
}

/// Returns a pipeline with its failed jobs.
pub fn ended(ended: &Ended) -> Value {
    let failed = ended.failed.iter();
    let failed =
        failed.map(|job| json!({ "id": job.id, "name": job.name, "web_url": job.web_url }));
    pipeline(&ended.pipeline, ended.project_id(), &failed.collect::<Vec<_>>())
}

/// Returns a pipeline of the `--json` document.
pub fn pipeline(pipeline: &Pipeline, project: Option<u64>, failed: &[Value]) -> Value {
    json!({
        "id": pipeline.id,
        "project_id": project,
        "status": pipeline.status,
        "ref": pipeline.ref_,
        "sha": pipeline.sha,
        "web_url": pipeline.web_url,
        "failed_jobs": failed,
    })
}

/// Removes `.` segments: `./a` becomes `a`.
fn plain(path: &Path) -> PathBuf {
    let plain = path.strip_prefix(".").unwrap_or(path);
    let plain = if plain.as_os_str().is_empty() { Path::new(".") } else { plain };
    plain.components().collect()
}

/// Returns a path with `/` as its separator, the form in JSON on every system.
fn slashes(path: &Path) -> String {
    let path = escape_path(path).into_owned();
    if cfg!(windows) { path.replace('\\', "/") } else { path }
}
