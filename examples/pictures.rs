//! `cargo run --example pictures`: regenerates the pictures in `docs/pictures/`, and the tables of
//! `docs/speed.md`.
//!
//! They show the program's output in the demo, and the newest complete run in `benches/runs/`.
//! `cargo test` checks that they are up to date.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a program of its own, not a part of the product"
)]

use std::path::Path;

#[path = "pictures/album.rs"]
mod album;
#[path = "../tests/fake/mod.rs"]
mod fake;
#[allow(dead_code, reason = "only its runner is needed")]
#[path = "demo/story.rs"]
mod story;

fn main() -> std::io::Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    std::fs::create_dir_all(docs.join("pictures"))?;
    for (name, picture) in album::all() {
        std::fs::write(docs.join("pictures").join(name), picture)?;
    }
    let page = std::fs::read_to_string(docs.join("speed.md"))?;
    std::fs::write(docs.join("speed.md"), album::with_tables(&page))
}
