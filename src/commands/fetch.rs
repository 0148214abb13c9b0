//! `fetch`.
use super::World;
use crate::args::{Speech, Waiting};
use crate::exit::Exit;
use clap::Args;
/// x
#[derive(Debug, Args)]
pub struct Fetch {
    #[command(flatten)]
    pub waiting: Waiting,
    #[command(flatten)]
    pub speech: Speech,
}
impl Fetch {
    pub fn run(self, _world: World) -> anyhow::Result<Exit> {
        Ok(Exit::Done)
    }
}
