//! Soak test: hundreds of fetches from a stand-in that injects random faults:
//! `cargo bench --bench soak -- [--runs N] [--seed S] [--size BYTES]`.
//!
//! Prints the outcomes and the growth of memory and open files. Fails if a fetch ends wrongly or
//! resources leak.
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

/// The allowed growth of memory in KiB, measured from the end of the first tenth of the runs.
const MAX_GROWTH: usize = 32 << 10;

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
    // The stand-in needs a moment to close aborted connections.
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
    let grown = late.0 > early.0 + MAX_GROWTH || late.1 > early.1;
    println!("violations: {violations:?}, grown: {grown}");
    if violations.is_empty() && !grown { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn number(flag: &str, default: u64) -> u64 {
    let mut args = std::env::args().skip_while(|arg| arg != flag).skip(1);
    args.next().map_or(default, |number| number.parse().expect("a number"))
}

/// Reads a field of `/proc/self/status` in KiB; returns 0 where there is none.
fn memory(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
