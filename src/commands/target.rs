//! Where what is fetched lands: in a folder, in a file, or on standard output.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::world::World;
use crate::flow::{self, Address, Ctx, How, Landing, ReportPlace, Wanted};
use crate::settings::Usage;

/// What the flags about where to say.
#[derive(Debug)]
pub struct Target<'a> {
    pub dir: &'a Path,
    pub output: Option<&'a Path>,
    /// Not the archives, but the report files of this type.
    pub report: Option<&'a str>,
}

impl Target<'_> {
    /// Whether the archive goes to standard output, which is then for nothing else.
    pub fn is_stdout(&self) -> bool {
        self.output.is_some_and(|file| file.as_os_str() == "-")
    }

    /// Refuses to mix an archive with other output, or to show it on a terminal.
    pub fn may_be(&self, world: &World) -> Result<(), Usage> {
        if !self.is_stdout() {
            return Ok(());
        }
        if world.ui.wants_json() {
            return Err(Usage::new("--json and --output - both want standard output"));
        }
        if world.ui.shows_output() {
            return Err(Usage::new("an archive is nothing for a terminal")
                .hint("send it on, as in `--output - | bsdtar -tf -`, or name a file"));
        }
        Ok(())
    }

    /// The jobs' archives, or what is in them, brought there.
    pub fn land(
        &self,
        world: &World,
        ctx: &Ctx<'_>,
        address: &Address,
        wanted: &Wanted,
        how: &How,
    ) -> anyhow::Result<Landing> {
        if let Some(kind) = self.report {
            return self.land_reports(world, ctx, address, wanted, how, kind);
        }
        let landed = match self.output {
            _ if self.is_stdout() => {
                flow::stream(ctx, address, wanted, |archive| world.ui.copy(archive))
            }
            Some(file) => flow::keep(ctx, address, wanted, how.on_conflict, &self.at(world, file)),
            None => flow::extract(ctx, address, wanted, how, &self.dest(world)),
        };
        flow::doubted(ctx, landed)
    }

    fn land_reports(
        &self,
        world: &World,
        ctx: &Ctx<'_>,
        address: &Address,
        wanted: &Wanted,
        how: &How,
        kind: &str,
    ) -> anyhow::Result<Landing> {
        let on_conflict = how.on_conflict;
        let (file, dest);
        let mut out = |report: &mut File| world.ui.copy(report);
        let place = match self.output {
            _ if self.is_stdout() => ReportPlace::Out(&mut out),
            Some(output) => {
                file = self.at(world, output);
                ReportPlace::File { file: &file, on_conflict }
            }
            None => {
                dest = self.dest(world);
                ReportPlace::Folder { dest: &dest, separate: how.separate, on_conflict }
            }
        };
        flow::reports(ctx, address, wanted, kind, place)
    }

    fn at(&self, world: &World, path: &Path) -> PathBuf {
        world.env.dir.join(path)
    }

    /// The folder in full, without the `.` that stands for the one where the run began.
    fn dest(&self, world: &World) -> PathBuf {
        self.at(world, self.dir).components().collect()
    }
}
