//! The report of the benchmark: its tables and its file in `benches/runs/`.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use crate::corpus::Corpus;
use crate::measure::{Contender, Sample};

/// Formats the medians of each contender, and the median ratio to downriver in the same round.
pub fn table(corpus: &Corpus, rows: &[(Contender, Vec<Sample>)]) -> String {
    let mut text = format!("## {}\n\n", corpus.describe());
    text.push_str("| | wall s | user s | system s | MiB | MB received | requests | wall × | CPU × | |\n|---|---|---|---|---|---|---|---|---|---|\n");
    let Some((_, ours)) = rows.first() else { return text };
    for (contender, samples) in rows {
        let of = |value: fn(&Sample) -> f64| median(samples.iter().map(value));
        let paired = |value: fn(&Sample) -> f64| {
            median(samples.iter().zip(ours).map(|(theirs, our)| value(theirs) / value(our)))
        };
        let _ = writeln!(
            text,
            "| {} | {:.3} | {:.3} | {:.3} | {:.1} | {:.2} | {:.0} | {:.2} | {:.2} | {} |",
            contender.name,
            of(|it| it.wall),
            of(|it| it.user),
            of(|it| it.system),
            of(|it| it.memory),
            of(|it| it.bytes as f64 / 1e6),
            of(|it| it.requests as f64),
            paired(|it| it.wall),
            paired(|it| it.user + it.system),
            contender.defect.unwrap_or_default(),
        );
    }
    text.push('\n');
    text
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Writes the report to a dated file, with a description of the machine.
pub fn save(report: &str, full: bool, runs: usize, link: Option<&str>) {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H%MZ").to_string();
    let stdout_of = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().ok();
        output.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned()).unwrap_or_default()
    };
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let link = link.map(|link| format!(" by a link of {link}/s")).unwrap_or_default();
    let size = if full { "full size" } else { "a quarter of the full size" };
    let head = format!(
        "# {now}\n\n{} of {cores} cores, {}; load {load} at the end; loopback HTTP{link}; {size}; medians of {runs} runs, taken in turn. `×` is how many times what downriver took, paired. Peaks below about 13 MiB are not seen.\n\n",
        model.map_or("a processor", |(_, model)| model),
        stdout_of("uname", &["-sm"]),
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/runs");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{now}.md")), head + report).unwrap();
}
