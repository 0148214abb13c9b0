//! Where what is fetched lands: in a folder, in a file, or on standard output.

use std::path::{Path, PathBuf};

use super::world::World;
use crate::flow::{self, Address, Ctx, How, Landing, Wanted};
use crate::settings::Usage;

/// What the flags about where to say.
#[derive(Debug)]
pub struct Target<'a> {
    pub dir: &'a Path,
    pub output: Option<&'a Path>,
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
        match self.output {
            _ if self.is_stdout() => {
                flow::stream(ctx, address, wanted, |archive| world.ui.copy(archive))
            }
            Some(file) => flow::keep(ctx, address, wanted, how.on_conflict, &self.at(world, file)),
            None => flow::extract(ctx, address, wanted, how, &self.at(world, self.dir)),
        }
    }

    fn at(&self, world: &World, path: &Path) -> PathBuf {
        world.env.dir.join(path)
    }
}
