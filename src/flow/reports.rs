//! Report files (`artifacts: reports:`), which GitLab gives out one by one since 19.4.
//!
//! An older one does not know the parameter that asks for them, and sends the archive instead:
//! that is seen by its first bytes, before the rest of it comes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::fetch::{Each, Spool, each};
use super::{Ctx, FoundJob, JobQuery, Scope, TransferResult, TransferredJob};
use crate::disk::{self, AtomicFile, Staging};
use crate::gitlab;
use crate::model::Artifact;
use crate::plan::OnConflict;
use crate::refusal::{JobName, Refusal};
use crate::select::job;
use crate::select::merge_plans::Clash;
use crate::select::name::folder_name;
use crate::step::Step;

/// How an archive begins, an empty one too.
const ZIP: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Where reports are put.
pub enum ReportDestination<'a> {
    /// Each under its own name; `separate`: and below a folder named after its job.
    Folder {
        dest: &'a Path,
        separate: bool,
        on_conflict: OnConflict,
    },
    File {
        file: &'a Path,
        on_conflict: OnConflict,
    },
    Out(&'a mut dyn FnMut(&mut File) -> io::Result<u64>),
}

/// A report that is here.
struct Report {
    name: String,
    file: File,
    bytes: u64,
}

/// The reports of this type of the wanted jobs, put in their place.
pub fn reports(
    ctx: &Ctx<'_>,
    address: &Scope,
    query: &JobQuery,
    kind: &str,
    place: ReportDestination<'_>,
) -> anyhow::Result<TransferResult> {
    // A job can have reports and no archive, so it is looked at; unless its number is known and a
    // job token may not look.
    let blind = ctx.gitlab.has_job_token() && matches!(address, Scope::Job { .. });
    let query = JobQuery { archive: blind, listed: true, ..query.clone() };
    let Each { taken, missing } = each(ctx, address, &query, 1, |found, _| take(ctx, found, kind))?;
    let landed = match place {
        ReportDestination::Folder { dest, separate, on_conflict } => {
            into_folder(ctx, taken, dest, separate, on_conflict)?
        }
        ReportDestination::File { file, on_conflict } => into_file(ctx, taken, file, on_conflict)?,
        ReportDestination::Out(out) => {
            let mut landed = Vec::new();
            for (found, mut report) in taken {
                out(&mut report.file)?;
                landed.push(landed_as(found, PathBuf::new(), Vec::new(), report.bytes));
            }
            landed
        }
    };
    Ok(TransferResult { landed, missing })
}

/// Downloads one report, or says why there is none.
fn take(ctx: &Ctx<'_>, found: &FoundJob, kind: &str) -> anyhow::Result<Report> {
    let (project, id) = found.place()?;
    let listed = listed(found, kind)?;
    let format = listed.and_then(|artifact| artifact.file_format.as_deref());
    let zip = format == Some("zip") || (format.is_none() && matches!(kind, "archive" | "lsif"));
    let label = found.label();
    let (status, size) =
        (found.job.as_ref().map(|job| &job.status), listed.and_then(|artifact| artifact.size));
    ctx.watch.step(&Step::Job { label: &label, status, size });
    let start = ctx.clock.elapsed();
    let file = disk::temporary()?;
    let mut sniffed = Sniffed { file, head: Vec::new(), zip, archive: false };
    let got = ctx.gitlab.download_report(project, id, kind, size, &mut sniffed, Spool::restart);
    let unknown = || Refusal::ReportsUnknown { job: label.clone(), wanted: kind.to_owned() };
    let bytes = match got {
        _ if sniffed.archive => return Err(unknown().into()),
        Ok(bytes) => bytes,
        Err(error) => return Err(refused(ctx, found, error, unknown)),
    };
    let took = ctx.clock.elapsed().saturating_sub(start);
    ctx.watch.step(&Step::Downloaded { label: &label, bytes, took });
    let named = listed.and_then(|artifact| artifact.filename.clone());
    let ending = if sniffed.head.starts_with(&GZIP) { ".gz" } else { "" };
    let name = named.unwrap_or_else(|| format!("{kind}{ending}"));
    let mut file = sniffed.file;
    file.rewind().context("reading a temporary file")?;
    Ok(Report { name: folder_name(&name), file, bytes })
}

/// The report as the job lists it; none where the job itself is not known.
fn listed<'a>(found: &'a FoundJob, kind: &str) -> Result<Option<&'a Artifact>, Refusal> {
    let Some(job) = &found.job else { return Ok(None) };
    let listed = job.listed(kind);
    let types = || job.artifacts.iter().flatten().map(|artifact| &artifact.file_type);
    let reports = || types().filter(|kind| !matches!(kind.as_str(), "trace" | "metadata"));
    listed.map(Some).ok_or_else(|| Refusal::NoReport {
        job: JobName { name: job.name.clone(), id: job.id },
        wanted: kind.to_owned(),
        seen: reports().cloned().collect(),
    })
}

/// A report that is listed and not there has expired, or the server is older than it could tell.
fn refused(
    ctx: &Ctx<'_>,
    found: &FoundJob,
    error: gitlab::Error,
    unknown: impl Fn() -> Refusal,
) -> anyhow::Error {
    if error.status() != Some(404) {
        return error.into();
    }
    match found.job.as_ref().map(|job| job::gone(job, ctx.clock.now())) {
        Some(expired @ Refusal::Expired { .. }) => expired.into(),
        Some(_) => unknown().into(),
        None => error.into(),
    }
}

fn into_folder(
    ctx: &Ctx<'_>,
    taken: Vec<(FoundJob, Report)>,
    dest: &Path,
    separate: bool,
    on_conflict: OnConflict,
) -> anyhow::Result<Vec<TransferredJob>> {
    let staging = Staging::beside(dest, ctx.interrupt)?;
    let mut holders: HashMap<PathBuf, String> = HashMap::new();
    let mut staged = Vec::new();
    for (found, mut report) in taken {
        let label = found.label();
        let folder = match separate {
            true => PathBuf::from(folder_name(found.name().unwrap_or(&label))),
            false => PathBuf::new(),
        };
        let path = folder.join(&report.name);
        if let Some(first) = holders.insert(path.clone(), label.clone()) {
            return Err(Clash::Both { path, first, second: label }.into());
        }
        let mut new = staging.create(&path, None)?;
        io::copy(&mut report.file, &mut new)
            .with_context(|| format!("writing {}", path.display()))?;
        new.finish(None)?;
        staged.push((found, folder, path, report.bytes));
    }
    let skipped = staging.commit(on_conflict)?;
    let landed = staged.into_iter().map(|(found, folder, path, bytes)| {
        let files = if skipped.contains(&path) { Vec::new() } else { vec![(path, bytes)] };
        landed_as(found, folder, files, bytes)
    });
    Ok(landed.collect())
}

fn into_file(
    ctx: &Ctx<'_>,
    taken: Vec<(FoundJob, Report)>,
    file: &Path,
    on_conflict: OnConflict,
) -> anyhow::Result<Vec<TransferredJob>> {
    if file.is_file() && on_conflict != OnConflict::Overwrite {
        return match on_conflict {
            OnConflict::Fail => Err(disk::Error::Conflict { paths: vec![file.to_owned()] }.into()),
            OnConflict::Overwrite | OnConflict::Skip => Ok(Vec::new()),
        };
    }
    let mut landed = Vec::new();
    for (found, mut report) in taken {
        let mut whole = AtomicFile::beside(file, ctx.interrupt)?;
        whole.room_for(report.bytes.into())?;
        io::copy(&mut report.file, &mut whole)
            .with_context(|| format!("writing {}", file.display()))?;
        whole.keep(on_conflict)?;
        landed.push(landed_as(found, PathBuf::new(), Vec::new(), report.bytes));
    }
    Ok(landed)
}

fn landed_as(
    found: FoundJob,
    folder: PathBuf,
    files: Vec<(PathBuf, u64)>,
    bytes: u64,
) -> TransferredJob {
    TransferredJob { found, folder, files, bytes }
}

/// A file that takes no archive where none is wanted.
struct Sniffed {
    file: File,
    /// The first bytes.
    head: Vec<u8>,
    /// The report is itself a zip.
    zip: bool,
    /// An archive came.
    archive: bool,
}

impl Write for Sniffed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = u64::try_from(4 - self.head.len()).unwrap_or(0);
        bytes.take(most).read_to_end(&mut self.head)?;
        if !self.zip && ZIP.iter().any(|zip| self.head == zip) {
            self.archive = true;
            return Err(io::Error::other("an archive came"));
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Spool for Sniffed {
    fn restart(&mut self) -> io::Result<()> {
        self.head.clear();
        self.file.restart()
    }
}
