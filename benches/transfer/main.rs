//! Benchmark of downloading and unpacking archives: downriver and the other installed tools run in
//! turn, and the results are written to `benches/runs/`:
//! `cargo bench --bench transfer -- [--full] [--runs N] [--link 20ms,100MB] [CORPUS…]`.
//!
//! `--full` makes the archives as large as those of real builds (up to 1 GB unpacked); without it
//! they are a quarter of that. `--link` simulates a network with that round-trip time and rate. Put
//! `TMPDIR` on a tmpfs, so that the disk is not measured.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench"
)]

mod corpus;
mod link;
mod measure;
mod report;
mod serve;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use corpus::Corpus;
use measure::{Contender, Sample, contenders, run};
use serve::Server;

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let full = remove_flag(&mut args, "--full").is_some();
    let runs: usize = match remove_flag(&mut args, "--runs") {
        Some(at) => args.remove(at).parse().expect("a number of runs"),
        None => 5,
    };
    let link = remove_flag(&mut args, "--link").map(|at| args.remove(at));
    let place = tempfile::tempdir().unwrap();
    let part = if full { 1 } else { 4 };
    let mut report = String::new();
    for name in
        corpus::NAMES.iter().filter(|name| args.is_empty() || args.contains(&(**name).to_owned()))
    {
        let corpus = Corpus::make(name, part, place.path());
        println!("{}", corpus.describe());
        let link = link.as_ref().map(|link| Arc::new(link.parse().expect("a link")));
        let server = Server::start(&corpus.archive, link);
        let older = (*name == corpus::SYNC).then(|| extract_older(place.path(), part));
        let rows = compare(&corpus, &server, runs, place.path(), older.as_deref());
        let table = report::table(&corpus, &rows);
        println!("{table}");
        report.push_str(&table);
        std::fs::remove_file(&corpus.archive).unwrap();
    }
    report::save(&report, full, runs, link.as_deref());
}

/// Runs the contenders in turn, so that other load on the machine affects all of them equally.
fn compare(
    corpus: &Corpus,
    server: &Server,
    runs: usize,
    place: &Path,
    older: Option<&Path>,
) -> Vec<(Contender, Vec<Sample>)> {
    let mut rows: Vec<(Contender, Vec<Sample>)> = contenders(server, older.is_some())
        .into_iter()
        .map(|contender| (contender, Vec::new()))
        .collect();
    // The first round warms up the caches and checks the results; it is not measured.
    for round in 0..=runs {
        for (contender, samples) in &mut rows {
            let folder = place.join("run");
            std::fs::create_dir(&folder).unwrap();
            if let Some(older) = older.filter(|_| contender.updates) {
                copy(older, &folder.join("out"));
            }
            let sample = run(contender, server, &folder);
            match round {
                0 => contender.defect = corpus.defect(&folder.join("out")),
                _ => samples.push(sample),
            }
            std::fs::remove_dir_all(&folder).unwrap();
        }
    }
    rows
}

/// Extracts the archive that [`corpus::SYNC`] is a later version of, and returns its folder.
fn extract_older(place: &Path, part: u64) -> PathBuf {
    let corpus = Corpus::make(&"build", part, place);
    let server = Server::start(&corpus.archive, None);
    let folder = place.join("older");
    std::fs::create_dir(&folder).unwrap();
    if let Some(ours) = contenders(&server, false).first() {
        run(ours, &server, &folder);
    }
    std::fs::remove_file(&corpus.archive).unwrap();
    folder.join("out")
}

/// Copies a folder with all modes and dates.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.is_ok_and(|status| status.success()));
}

/// Removes a flag, and returns its position.
fn remove_flag(args: &mut Vec<String>, flag: &str) -> Option<usize> {
    let at = args.iter().position(|arg| arg == flag)?;
    args.remove(at);
    Some(at)
}
