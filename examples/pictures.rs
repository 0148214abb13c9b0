//! `cargo run --example pictures`: regenerates the pictures in `docs/pictures/`, and prints the
//! table of measurements.
//!
//! They show the program's output in the demo and the results in `benches/runs/`. `cargo test`
//! checks that they are up to date.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    std::fs::create_dir_all(&folder)?;
    for (name, picture) in album::all() {
        std::fs::write(folder.join(name), picture)?;
    }
    println!("{}", album::table());
    Ok(())
}
