//! Report files (`artifacts: reports:`), which GitLab gives out one by one since 19.4.
//!
//! Older servers ignore the parameter that asks for a report, and send the archive instead, which is
//! recognised by its first bytes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::acquire::{Acquired, acquire_each};
use super::context::Transfer;
use super::download::Spool;
use super::options::ExtractOptions;
use super::progress::Progress;
use super::result::{TransferResult, TransferredJob};
use crate::disk::{self, AtomicFile, Committed, Staging};
use crate::error::{Context, Error};
use crate::lookup::{Ctx, FoundJob, JobQuery, Lists, Scope};
use crate::plan::{OnConflict, PlacementPath};
use crate::refusal::Refusal;
use crate::select::merge_plans::Clash;
use crate::select::name::folder_name;
use crate::select::reports as select_reports;
use crate::step::Step;

/// The first bytes of a zip archive, and of an empty one.
const ZIP: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The destination of reports.
pub enum ReportDestination<'a> {
    /// Each under its own name, below the folder of its job.
    Folder {
        dest: &'a Path,
        options: &'a ExtractOptions,
    },
    File {
        file: &'a Path,
        options: &'a ExtractOptions,
    },
    Out(&'a mut dyn FnMut(&mut File) -> io::Result<u64>),
}

/// A report that was downloaded.
struct Report {
    name: String,
    file: File,
    bytes: u64,
}

/// Downloads the reports of one type of the wanted jobs, and puts them in place.
pub fn reports(
    transfer: &Transfer<'_>,
    kind: &str,
    destination: ReportDestination<'_>,
) -> Result<TransferResult, Error> {
    let Transfer { ctx, scope, query, .. } = *transfer;
    // A job can have reports and no archive, so the archive is required only where the job itself
    // cannot be read: by its id, with a job token.
    let unreadable = ctx.gitlab.has_job_token() && matches!(scope, Scope::Jobs { .. });
    let query = JobQuery { archive: unreadable, lists: Lists::Preferred, ..query.clone() };
    let transfer = Transfer { query: &query, ..*transfer };
    let Acquired { archives: reports, missing, .. } =
        acquire_each(&transfer, 1, |found, _| download_report(ctx, found, kind))?;
    let found: Vec<&FoundJob> = reports.iter().map(|(found, _)| found).collect();
    (transfer.before_commit)(&found)?;
    let jobs = match destination {
        ReportDestination::Folder { dest, options } => {
            into_folder(&transfer, reports, dest, options)?
        }
        ReportDestination::File { file, options } => into_file(&transfer, reports, file, options)?,
        ReportDestination::Out(out) => {
            let mut jobs = Vec::new();
            for (found, mut report) in reports {
                out(&mut report.file)?;
                jobs.push(transferred(found, PathBuf::new(), Vec::new(), report.bytes));
            }
            jobs
        }
    };
    Ok(TransferResult { jobs, missing })
}

/// Downloads one report.
///
/// # Errors
/// A refusal if the job has no such report.
fn download_report(ctx: &Ctx<'_>, found: &FoundJob, kind: &str) -> Result<Report, Error> {
    let (project, id) = found.project_and_id()?;
    let listed = select_reports::listed(found.job.as_ref(), kind)?;
    let zip = select_reports::is_zip(listed, kind);
    let label = found.label();
    let (status, size) =
        (found.job.as_ref().map(|job| &job.status), listed.and_then(|artifact| artifact.size));
    let named = found.name().is_some();
    ctx.watch.step(&Step::Job { label: &label, named, status, size });
    let progress = Progress::start(ctx, found);
    let file = disk::temp_file()?;
    let mut sniffed = ReportFile { file, head: Vec::new(), zip, archive: false };
    let got = ctx.gitlab.download_report(project, id, kind, size, &mut sniffed, Spool::restart);
    let bytes = match got {
        _ if sniffed.archive => {
            let job = label.clone();
            return Err(Refusal::ReportsUnknown { job, wanted: kind.to_owned() }.into());
        }
        Ok(bytes) => bytes,
        Err(error) if error.is_missing_artifact() => {
            let job = found.job.as_ref();
            let refusal = select_reports::missing(job, &label, kind, ctx.clock.now());
            return Err(refusal.map_or_else(|| error.into(), Into::into));
        }
        Err(error) => return Err(error.into()),
    };
    progress.finish(bytes);
    let named = listed.and_then(|artifact| artifact.filename.clone());
    let ending = if sniffed.head.starts_with(&GZIP) { ".gz" } else { "" };
    let name = named.unwrap_or_else(|| format!("{kind}{ending}"));
    let mut file = sniffed.file;
    file.rewind().context("reading a temporary file")?;
    Ok(Report { name: folder_name(&name), file, bytes })
}

fn into_folder(
    transfer: &Transfer<'_>,
    reports: Vec<(FoundJob, Report)>,
    dest: &Path,
    options: &ExtractOptions,
) -> Result<Vec<TransferredJob>, Error> {
    let staging = Staging::new_in(dest, transfer.ctx.interrupt)?.durable(options.durable);
    let mut holders: HashMap<PathBuf, String> = HashMap::new();
    let mut staged = Vec::new();
    for (found, mut report) in reports {
        let label = found.label();
        let folder = transfer.job_folder(&found);
        let path = folder.join(&report.name);
        if let Some(first) = holders.insert(path.clone(), label.clone()) {
            return Err(Clash::Both { path, first, second: label }.into());
        }
        let new = staging.create_file(&path, None)?;
        io::copy(&mut report.file, &mut &new)
            .with_context(|| format!("writing {}", path.display()))?;
        new.finish(None)?;
        staged.push((found, folder, path, report.bytes));
    }
    let Committed { skipped, warnings } = staging.commit(options.on_conflict)?;
    for warning in warnings {
        transfer.ctx.watch.step(&Step::Warning(&warning));
    }
    let jobs = staged.into_iter().map(|(found, folder, path, bytes)| {
        let files = if skipped.contains(&path) {
            Vec::new()
        } else {
            vec![(PlacementPath::from(&*path), bytes)]
        };
        transferred(found, folder, files, bytes)
    });
    Ok(jobs.collect())
}

fn into_file(
    transfer: &Transfer<'_>,
    reports: Vec<(FoundJob, Report)>,
    file: &Path,
    options: &ExtractOptions,
) -> Result<Vec<TransferredJob>, Error> {
    let on_conflict = options.on_conflict;
    if file.is_file() && on_conflict != OnConflict::Overwrite {
        return match on_conflict {
            OnConflict::Fail => Err(disk::Error::Conflict { paths: vec![file.to_owned()] }.into()),
            OnConflict::Overwrite | OnConflict::Skip => Ok(Vec::new()),
        };
    }
    let mut jobs = Vec::new();
    for (found, mut report) in reports {
        let mut whole =
            AtomicFile::create_beside(file, transfer.ctx.interrupt)?.durable(options.durable);
        whole.require_free_space(report.bytes.into())?;
        io::copy(&mut report.file, &mut whole)
            .with_context(|| format!("writing {}", file.display()))?;
        whole.commit(on_conflict)?;
        jobs.push(transferred(found, PathBuf::new(), Vec::new(), report.bytes));
    }
    Ok(jobs)
}

fn transferred(
    found: FoundJob,
    folder: PathBuf,
    files: Vec<(PlacementPath, u64)>,
    bytes: u64,
) -> TransferredJob {
    TransferredJob { found, folder, files, bytes, synced: None }
}

/// A file that refuses to hold an archive, unless the report is one.
struct ReportFile {
    file: File,
    /// The first bytes.
    head: Vec<u8>,
    /// The report is itself a zip.
    zip: bool,
    /// An archive was refused.
    archive: bool,
}

impl Write for ReportFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = u64::try_from(4 - self.head.len()).unwrap_or(0);
        bytes.take(most).read_to_end(&mut self.head)?;
        if !self.zip && ZIP.iter().any(|zip| self.head == zip) {
            self.archive = true;
            return Err(io::Error::other("an archive in place of a report"));
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Spool for ReportFile {
    fn restart(&mut self) -> io::Result<()> {
        self.head.clear();
        self.file.restart()
    }

    fn check(&mut self) -> io::Result<()> {
        self.file.check()
    }
}
