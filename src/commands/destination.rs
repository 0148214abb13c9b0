//! The destination of fetched artifacts: a folder, a file or standard output.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::app::App;
use super::delete_guard::check_deletable;
use crate::disk::{AtomicFile, Cache, Staging};
use crate::error::Error;
use crate::plan::PlacementPath;
use crate::sanitize::{escape_path, sanitize};
use crate::settings::{Usage, home_dir};
use crate::transfer::{self, ExtractOptions, ReportDestination, Transfer, TransferResult};

/// The destination flags of a command.
#[derive(Debug)]
pub struct Destination<'a> {
    pub dir: &'a Path,
    pub output: Option<&'a Path>,
    /// The type of the reports to fetch instead of the archives.
    pub report: Option<&'a str>,
    /// Files in the folder that are not of the archives are removed.
    pub delete: bool,
    /// The file of `--dotenv`, which is put in place after the artifacts.
    pub dotenv: Option<&'a Path>,
}

impl Destination<'_> {
    /// Returns if the archive goes to standard output, which then holds nothing else.
    pub fn is_stdout(&self) -> bool {
        self.output.is_some_and(|file| file.as_os_str() == "-")
    }

    /// Refuses to mix an archive with other output or to overwrite it, to show it on a terminal,
    /// and to remove files from a folder that certainly holds others.
    pub fn check_flags(&self, app: &App) -> Result<(), Usage> {
        if self.delete {
            check_deletable(&self.dest(app), &app.env.dir, home_dir(&app.env).as_deref())?;
        }
        if !self.is_stdout() {
            self.output.map_or(Ok(()), |file| not_a_folder(file, app))?;
            return match (self.output, self.dotenv) {
                (Some(file), Some(dotenv)) if self.is_same(app, file, dotenv) => {
                    Err(Usage::new("--output and --dotenv name the same file"))
                }
                _ => Ok(()),
            };
        }
        if app.ui.wants_json() {
            return Err(Usage::new("--json and --output - both want standard output"));
        }
        if app.ui.stdout_is_terminal() {
            return Err(Usage::new("an archive is nothing for a terminal")
                .hint("send it on, as in `--output - | bsdtar -tf -`, or name a file"));
        }
        Ok(())
    }

    /// Refuses to extract into the folder of the cache, where an archive could replace another one.
    pub fn check_cache(&self, cache: Option<&Cache>, app: &App) -> Result<(), Usage> {
        let at = cache.and_then(|cache| cache.path_in(&self.dest(app)));
        if self.output.is_none() && at.is_some_and(|at| at.as_os_str().is_empty()) {
            return Err(Usage::new("--cache and --dir name the same folder, where an archive could replace what is cached")
                .hint("name another folder with --cache (or DOWNRIVER_CACHE)"));
        }
        Ok(())
    }

    /// Checks that the destination can be written, and leaves it as it was.
    pub fn check_writable(&self, app: &App) -> Result<(), Error> {
        match self.output {
            _ if self.is_stdout() => {}
            Some(file) => {
                drop(AtomicFile::create_beside(&self.at(app, file), &app.env.interrupt)?);
            }
            None => drop(Staging::new_in(&self.dest(app), &app.env.interrupt)?),
        }
        Ok(())
    }

    /// Transfers the archives of the jobs, or the files in them, to the destination.
    pub fn transfer(
        &self,
        app: &App,
        transfer: &Transfer<'_>,
        options: &ExtractOptions,
    ) -> Result<TransferResult, Error> {
        if let Some(kind) = self.report {
            let result = self.transfer_reports(app, transfer, options, kind)?;
            self.warn_of_overwritten(app, &result);
            return Ok(result);
        }
        let result = match self.output {
            _ if self.is_stdout() => {
                transfer::write_archive(transfer, |archive| app.ui.copy(archive))
            }
            Some(file) => transfer::save_archive(transfer, options, &self.at(app, file)),
            None => transfer::extract(transfer, options, &self.dest(app)),
        };
        let result = transfer::forget_broken(transfer, result)?;
        self.warn_of_overwritten(app, &result);
        Ok(result)
    }

    /// Warns of a fetched file that the file of `--dotenv` is about to replace.
    fn warn_of_overwritten(&self, app: &App, result: &TransferResult) {
        let Some(dotenv) = self.dotenv.filter(|_| self.output.is_none()) else { return };
        for job in &result.jobs {
            let replaced = |(path, _): &&(PlacementPath, u64)| {
                dotenv.file_name() == path.file_name()
                    && self.is_same(app, &self.dir.join(path), dotenv)
            };
            if let Some((path, _)) = job.files.iter().find(replaced) {
                let (path, label) = (escape_path(path), job.found.label());
                let (path, label) = (sanitize(&path), sanitize(&label));
                app.ui.warn(&format!("`{path}` of {label} is replaced by the file of --dotenv"));
            }
        }
    }

    /// Returns true if two paths name the same regular file, or the same new one.
    fn is_same(&self, app: &App, one: &Path, other: &Path) -> bool {
        let real = |path: &Path| {
            let path = self.at(app, path);
            let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
            let folder = folder.zip(path.file_name());
            folder.map(|(folder, name)| folder.join(name)).unwrap_or(path)
        };
        let (one, other) = (real(one), real(other));
        one == other && one.metadata().map_or(true, |found| found.is_file())
    }

    fn transfer_reports(
        &self,
        app: &App,
        transfer: &Transfer<'_>,
        options: &ExtractOptions,
        kind: &str,
    ) -> Result<TransferResult, Error> {
        let (file, dest);
        let mut out = |report: &mut File| app.ui.copy(report);
        let destination = match self.output {
            _ if self.is_stdout() => ReportDestination::Out(&mut out),
            Some(output) => {
                file = self.at(app, output);
                ReportDestination::File { file: &file, options }
            }
            None => {
                dest = self.dest(app);
                ReportDestination::Folder { dest: &dest, options }
            }
        };
        transfer::reports(transfer, kind, destination)
    }

    /// Returns a path relative to the current directory as an absolute one.
    fn at(&self, app: &App, path: &Path) -> PathBuf {
        app.env.dir.join(path).components().collect()
    }

    /// Returns the absolute path of the destination folder, without `.` segments.
    fn dest(&self, app: &App) -> PathBuf {
        self.at(app, self.dir)
    }
}

/// Refuses a FILE that can only be a folder.
fn not_a_folder(file: &Path, app: &App) -> Result<(), Usage> {
    let is_separator = |byte: &u8| *byte == b'/' || cfg!(windows) && *byte == b'\\';
    let last = file.as_os_str().as_encoded_bytes().rsplit(is_separator).next();
    let named_like_one = matches!(last, Some(b"" | b"." | b".."));
    if !named_like_one && !app.env.dir.join(file).is_dir() {
        return Ok(());
    }
    let name = escape_path(file);
    Err(Usage::new(format!("`{}` is a folder, and --output names a file", sanitize(&name)))
        .hint("add a file name, or extract into the folder with --dir"))
}
