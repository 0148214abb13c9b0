//! What `fetch` prints: paths for people, one document for scripts.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Missing;
use crate::commands::unpack::Unpacked;
use crate::disk::Placed;
use crate::flow::Found;
use crate::plan::What;
use crate::shown::shown;
use crate::step::{Step, Watch};
use crate::ui::Ui;

/// The document of `--json`.
pub(super) fn document(fetched: Vec<Value>, missing: Vec<Value>) -> Value {
    json!({ "fetched": fetched, "missing": missing })
}

pub(super) fn missing(missing: &Missing) -> Vec<Value> {
    let one =
        |(wanted, refusal): &(String, _)| json!({ "job": wanted, "reason": format!("{refusal}") });
    missing.iter().map(one).collect()
}

/// One archive that was kept as a file.
pub(super) fn kept(found: &Found, file: &Path, bytes: u64) -> Value {
    fetched(found, Vec::new(), Some(file), None, bytes)
}

/// The archives whose files were put in place, told and listed in their order.
pub(super) fn placed(
    unpacked: Vec<Unpacked>,
    placed: &Placed,
    dir: &Path,
    ui: &Ui,
) -> std::io::Result<Vec<Value>> {
    let written: HashSet<&PathBuf> = placed.written.iter().collect();
    let mut values = Vec::new();
    for Unpacked { found, folder, plan, bytes } in unpacked {
        let (mut files, mut total) = (Vec::new(), 0);
        for placement in
            plan.placements.iter().filter(|placement| written.contains(&placement.path))
        {
            let size = match &placement.what {
                What::File { size, .. } => *size,
                What::Link { target } => target.len() as u64,
                What::Folder { .. } => continue,
            };
            total += size;
            ui.line(path(&plain(&dir.join(&placement.path))))?;
            let below = placement.path.strip_prefix(&folder).unwrap_or(&placement.path);
            files.push(json!({ "path": slashes(below), "size": size }));
        }
        let at = plain(&dir.join(&folder));
        ui.step(&Step::Placed { files: files.len(), bytes: total, at: &at.to_string_lossy() });
        values.push(fetched(&found, files, None, Some(&at), bytes));
    }
    Ok(values)
}

/// A path as a person reads it.
pub(super) fn path(path: &Path) -> String {
    shown(&path.to_string_lossy()).to_string()
}

fn fetched(
    found: &Found,
    files: Vec<Value>,
    output: Option<&Path>,
    dir: Option<&Path>,
    bytes: u64,
) -> Value {
    let (job, pipeline) = (found.job.as_ref(), found.pipeline.as_ref());
    let text = |path: &Path| path.to_string_lossy().into_owned();
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
        "bridge": found.bridge,
        "files": files,
        "output": output.map(text),
        "dir": dir.map(text),
        "bytes_transferred": bytes,
    })
}

/// `./a` is `a`.
fn plain(path: &Path) -> PathBuf {
    let plain: PathBuf = path.strip_prefix(".").unwrap_or(path).to_owned();
    if plain.as_os_str().is_empty() { PathBuf::from(".") } else { plain }
}

/// Paths in JSON are written with `/` on every system.
fn slashes(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}
