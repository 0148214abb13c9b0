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

use std::path::Path;
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
    let mut report = String::new();
    for name in
        corpus::NAMES.iter().filter(|name| args.is_empty() || args.contains(&(**name).to_owned()))
    {
        let corpus = Corpus::make(name, if full { 1 } else { 4 }, place.path());
        println!("{}", corpus.describe());
        let link = link.as_ref().map(|link| Arc::new(link.parse().expect("a link")));
        let server = Server::start(&corpus.archive, link);
        let rows = compare(&corpus, &server, runs, place.path());
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
) -> Vec<(Contender, Vec<Sample>)> {
    let mut rows: Vec<(Contender, Vec<Sample>)> =
        contenders(server).into_iter().map(|contender| (contender, Vec::new())).collect();
    // The first round warms up the caches and checks the results; it is not measured.
    for round in 0..=runs {
        for (contender, samples) in &mut rows {
            let folder = place.join("run");
            std::fs::create_dir(&folder).unwrap();
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

/// Removes a flag, and returns its position.
fn remove_flag(args: &mut Vec<String>, flag: &str) -> Option<usize> {
    let at = args.iter().position(|arg| arg == flag)?;
    args.remove(at);
    Some(at)
}
