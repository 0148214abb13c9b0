//! The printed result of a command: paths for people, one JSON document for scripts.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::ser::Serializer;
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

/// A job with its files.
#[derive(Serialize)]
pub struct Fetched<'a> {
    bridge: Value,
    bytes_transferred: u64,
    dir: Option<String>,
    files: Files<'a>,
    job: Value,
    output: Option<String>,
    pipeline: Value,
    #[serde(flatten)]
    synced: Option<Changes>,
}

/// The fields that `--sync` adds. Paths are relative to the folder of the job.
#[derive(Serialize)]
struct Changes {
    removed: Vec<String>,
    unchanged: usize,
}

#[derive(Serialize)]
struct FetchedFile {
    /// Relative to the folder of the job.
    path: String,
    size: u64,
}

/// Returns the `--json` document of a transfer.
pub fn document<'a>(result: &'a TransferResult, output: Option<&Path>, dir: &Path) -> Document<'a> {
    let fetched = result.jobs.iter().map(|job| fetched(job, output, dir));
    let missing = result.missing.iter();
    let missing = missing.map(|(job, why)| json!({ "job": job, "reason": why.to_string() }));
    Document { fetched: fetched.collect(), missing: missing.collect() }
}

/// The files of a job. There can be a million, so they are converted while they are written.
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

fn fetched<'a>(job: &'a TransferredJob, output: Option<&Path>, dir: &Path) -> Fetched<'a> {
    let mut found = found(&job.found);
    let folder = &job.folder;
    Fetched {
        bridge: found["bridge"].take(),
        bytes_transferred: job.bytes,
        dir: output.is_none().then(|| slashes(&plain(&dir.join(folder)))),
        files: Files(job),
        job: found["job"].take(),
        output: output.map(slashes),
        pipeline: found["pipeline"].take(),
        synced: job.synced.as_ref().map(|Synced { unchanged, removed, .. }| Changes {
            removed: removed.iter().map(|path| slashes(&relative_to(path, folder))).collect(),
            unchanged: *unchanged,
        }),
    }
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
