//! Hundreds of fetches through a stand-in that fails at random:
//! `cargo bench --bench soak -- [--runs N] [--seed S] [--size BYTES]`.
//!
//! Says what came of them, and how memory and open files grew; fails when one is not as it must be.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench"
)]

#[path = "../../tests/fake/mod.rs"]
mod fake;
#[path = "../../tests/it/outside.rs"]
mod outside;
mod rounds;
#[path = "../../src/archive/zip_builder.rs"]
mod zip_builder;

use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What a run may keep more than it did when a tenth was over, in KiB.
const MOST: usize = 32 << 10;

fn main() -> ExitCode {
    let runs = number("--runs", 300);
    let seed = number("--seed", 1);
    let size = number("--size", 20_000_000);
    let mut soak = rounds::Soak::new(size as usize, seed);
    let (mut violations, start) = (Vec::new(), Instant::now());
    let mut early = (0, 0);
    for run in 1..=runs {
        if let Err(wrong) = soak.fetch() {
            println!("run {run}: {wrong}");
            violations.push(run);
        }
        if run == (runs / 10).max(1) {
            early = (memory("VmRSS"), open_files());
        }
    }
    // Connections of the stand-in that were hung up need a moment.
    std::thread::sleep(Duration::from_millis(500));
    let late = (memory("VmRSS"), open_files());
    println!("{runs} fetches of {size} bytes, seed {seed}, in {:.0?}", start.elapsed());
    for (outcome, count) in &soak.outcomes {
        println!("{count:6}  exit {outcome}");
    }
    println!(
        "memory: {} KiB after a tenth, {} KiB at the end, {} KiB at most (with the stand-in)",
        early.0,
        late.0,
        memory("VmHWM")
    );
    println!("open files: {} after a tenth, {} at the end", early.1, late.1);
    let grown = late.0 > early.0 + MOST || late.1 > early.1;
    println!("violations: {violations:?}, grown: {grown}");
    if violations.is_empty() && !grown { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn number(flag: &str, default: u64) -> u64 {
    let mut args = std::env::args().skip_while(|arg| arg != flag).skip(1);
    args.next().map_or(default, |number| number.parse().expect("a number"))
}

/// KiB, as Linux tells; 0 elsewhere.
fn memory(what: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
