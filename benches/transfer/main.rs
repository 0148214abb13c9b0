//! Benchmark of downloading and unpacking archives: downriver and the other installed tools run in
//! turn, and the results are written to `benches/runs/`:
//! `cargo bench --bench transfer -- [--full] [--runs N] [--link 20ms,100MB,6MB] [CORPUS…]`.
//!
//! A complete run, without the last three arguments, measures everything that `docs/speed.md` shows:
//! all corpora over loopback, and one of them by simulated links. `--full` makes the archives as
//! large as those of real builds (up to 1 GB unpacked), and takes about twelve minutes on two cores;
//! without it they are a quarter of that. Put `TMPDIR` on a tmpfs, so that the disk is not measured.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench"
)]

mod contenders;
mod corpus;
mod link;
mod measure;
mod options;
mod report;
mod serve;

use std::path::{Path, PathBuf};
use std::process::Command;

use contenders::{Contender, Task, contenders};
use corpus::Corpus;
use measure::{Sample, run};
use options::Options;
use report::Report;
use serve::Servers;

fn main() {
    let options = Options::parse(std::env::args().skip(1).filter(|arg| arg != "--bench"));
    let place = tempfile::tempdir().unwrap();
    let mut report = Report::new(&options);
    for name in options.corpora() {
        let corpus = Corpus::make(name, options.part(), place.path());
        let older = (name == corpus::SYNC).then(|| unpack_older(place.path(), options.part()));
        for link in options.links(name) {
            let rows = compare(&corpus, link, &options, place.path(), older.as_deref());
            report.add(&corpus, link, &rows);
        }
        std::fs::remove_file(&corpus.archive).unwrap();
    }
    report.save();
}

/// Runs the contenders in turn, so that other load on the machine affects all of them equally.
fn compare(
    corpus: &Corpus,
    link: Option<&str>,
    options: &Options,
    place: &Path,
    older: Option<&Path>,
) -> Vec<(Contender, Vec<Sample>)> {
    let task = match (older, link) {
        (Some(_), _) => Task::Update,
        (None, Some(_)) => Task::FetchByLink,
        (None, None) => Task::Fetch,
    };
    let servers = Servers::start(&corpus.archive, link.map(|link| link.parse().expect("a link")));
    let contenders = contenders(&servers, task).into_iter();
    let mut rows: Vec<_> = contenders.map(|contender| (contender, Vec::new())).collect();
    // The first round checks the results. Over loopback it also warms up the caches, and is not
    // measured; by a link, caches do not matter.
    let warm_up = usize::from(link.is_none());
    for round in 0..warm_up + options.runs(link) {
        for (contender, samples) in &mut rows {
            let folder = place.join("run");
            std::fs::create_dir(&folder).unwrap();
            if let Some(older) = older.filter(|_| contender.updates) {
                copy(older, &folder.join("out"));
            }
            let sample = run(contender, &servers, &folder);
            if round == 0 {
                contender.defect = corpus.defect(&folder.join("out"));
            }
            if round >= warm_up {
                samples.push(sample);
            }
            std::fs::remove_dir_all(&folder).unwrap();
        }
    }
    rows
}

/// Unpacks the archive that [`corpus::SYNC`] is a later version of, and returns its folder.
fn unpack_older(place: &Path, part: u64) -> PathBuf {
    let corpus = Corpus::make("build", part, place);
    let servers = Servers::start(&corpus.archive, None);
    let folder = place.join("older");
    std::fs::create_dir(&folder).unwrap();
    if let Some(ours) = contenders(&servers, Task::Fetch).first() {
        run(ours, &servers, &folder);
    }
    std::fs::remove_file(&corpus.archive).unwrap();
    folder.join("out")
}

/// Copies a folder with all modes and dates.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.is_ok_and(|status| status.success()));
}
