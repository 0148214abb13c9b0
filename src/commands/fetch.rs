//! `fetch`: the main job, from an upstream pipeline to files on disk.

use std::path::PathBuf;

use clap::Args;

use super::World;
use super::unpack::Unpack;
use crate::args::{Connect, IfMissing, Lookup, Speech, Waiting, Which};
use crate::disk::WholeFile;
use crate::exit::Exit;
use crate::flow::{self, Fetch as Fetching, Fetched};
use crate::refusal::Refusal;
use crate::settings::Usage;

mod dotenv;
mod keep;
mod result;

/// Take the artifacts of jobs of downstream pipelines
#[derive(Debug, Args)]
pub struct Fetch {
    /// Names of jobs: exact, or the base name of a parallel or matrix job, or a glob; a web address of a pipeline or a job may come first
    #[arg(value_name = "[URL] JOB")]
    jobs: Vec<String>,
    /// Extract into this folder, which is made if missing
    #[arg(short = 'D', long, value_name = "DIR", default_value = ".", help_heading = "Where to")]
    dir: PathBuf,
    /// Keep the archive itself as FILE instead of extracting it; `-` is standard output
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["dir", "path", "exclude", "strip_components", "separate"], help_heading = "Where to")]
    output: Option<PathBuf>,
    #[command(flatten)]
    unpack: Unpack,
    /// Write DOWNRIVER_JOB_ID, _PIPELINE_ID, _PROJECT_ID, _REF and _SHA of what was fetched to FILE, for artifacts:reports:dotenv
    #[arg(long, value_name = "FILE", help_heading = "Where to")]
    dotenv: Option<PathBuf>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    lookup: Lookup,
    #[command(flatten)]
    pub waiting: Waiting,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    pub speech: Speech,
}

impl Fetch {
    pub fn run(mut self, mut world: World) -> anyhow::Result<Exit> {
        let to_stdout = self.output.as_ref().is_some_and(|file| file.as_os_str() == "-");
        if to_stdout && self.speech.json {
            return Err(Usage::new("--json and --output - both want standard output").into());
        }
        if to_stdout && world.ui.shows_output() {
            return Err(Usage::new("an archive is nothing for a terminal")
                .hint("send it on, as in `--output - | bsdtar -tf -`, or name a file")
                .into());
        }
        // One file holds one archive.
        self.which.one |= self.output.is_some();
        if self.output.is_none() {
            self.extract(world)
        } else if to_stdout {
            let fetch = self.fetch(&mut world, keep::nameless)?;
            for mut fetched in self.complete(&world, fetch)? {
                keep::judge(&mut fetched.archive, &fetched.found)?;
                world.ui.copy(&mut fetched.archive)?;
            }
            Ok(Exit::Done)
        } else {
            self.keep(world)
        }
    }

    /// The archive itself, as a file that appears whole.
    fn keep(self, mut world: World) -> anyhow::Result<Exit> {
        let shown = self.output.clone().unwrap_or_default();
        let file = world.env.dir.join(&shown);
        let interrupt = world.env.interrupt.clone();
        let fetch = self.fetch(&mut world, || Ok(WholeFile::beside(&file, &interrupt)?))?;
        let missing = result::missing(&fetch.missing);
        let mut done = Vec::new();
        for mut fetched in self.complete(&world, fetch)? {
            if let Some(archive) = fetched.archive.file() {
                keep::judge(archive, &fetched.found)?;
            }
            done.push(result::kept(&fetched.found, &shown, fetched.bytes));
            self.note(&world, Some(&fetched.found))?;
            fetched.archive.keep()?;
            world.ui.line(result::path(&shown))?;
        }
        if done.is_empty() {
            self.note(&world, None)?;
        }
        if world.ui.wants_json() {
            world.ui.document(&result::document(done, missing))?;
        }
        Ok(Exit::Done)
    }

    /// The files in the archives, all of them or none.
    fn extract(self, mut world: World) -> anyhow::Result<Exit> {
        let rules = self.unpack.rules()?;
        let dest = world.env.dir.join(&self.dir);
        let mut staging = crate::disk::Staging::beside(&dest, &world.env.interrupt)?;
        let fetch = self.fetch(&mut world, || Ok(staging.spool()?))?;
        let missing = result::missing(&fetch.missing);
        let fetched = self.complete(&world, fetch)?;
        let unpacked = self.unpack.all(fetched, &rules, &mut staging, &world)?;
        let first = unpacked.first().map(|unpacked| unpacked.found.clone());
        let placed = staging.put_in_place(self.unpack.on_conflict())?;
        let done = result::placed(unpacked, &placed, &self.dir, &world.ui)?;
        self.note(&world, first.as_ref())?;
        if world.ui.wants_json() {
            world.ui.document(&result::document(done, missing))?;
        }
        Ok(Exit::Done)
    }

    fn fetch<S: flow::Spool>(
        &self,
        world: &mut World,
        spool: impl FnMut() -> anyhow::Result<S>,
    ) -> anyhow::Result<Fetching<S>> {
        let (address, wanted, client) =
            world.look(&self.jobs, &self.lookup, &self.which, &self.connect)?;
        let ctx = world.ctx(&client, &self.waiting);
        flow::fetch(&ctx, &address, &wanted, spool)
    }

    /// What is missing is told, as far as the user wants to hear of it.
    fn complete<S>(&self, world: &World, fetch: Fetching<S>) -> anyhow::Result<Vec<Fetched<S>>> {
        if self.which.if_missing == IfMissing::Warn {
            for (wanted, refusal) in &fetch.missing {
                world.ui.warn(&format!("`{}` is missing: {refusal}", crate::shown::shown(wanted)));
            }
        }
        Ok(fetch.fetched)
    }

    fn note(&self, world: &World, found: Option<&flow::Found>) -> anyhow::Result<()> {
        match &self.dotenv {
            Some(file) => dotenv::write(&world.env.dir.join(file), found, &world.env.interrupt),
            None => Ok(()),
        }
    }
}

/// A list of refusals by the patterns they answer.
type Missing = [(String, Refusal)];
