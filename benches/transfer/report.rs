//! The report of the benchmark: its tables and its file in `benches/runs/`.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use crate::contenders::{self, Contender};
use crate::corpus::Corpus;
use crate::measure::Sample;
use crate::options::Options;

const COLUMNS: &str = "| | wall s | user s | system s | MiB | MB received | requests | wall × | CPU × | |\n|---|---|---|---|---|---|---|---|---|---|\n";

/// The text of a file in `benches/runs/`, whose name is its date.
pub struct Report {
    date: String,
    text: String,
}

impl Report {
    /// Begins a report with a description of the machine and the tools.
    pub fn new(options: &Options) -> Report {
        let date = jiff::Timestamp::now().strftime("%Y-%m-%dT%H%MZ").to_string();
        let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let model = model.map_or("a processor", |(_, model)| model);
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let system = Command::new("uname").arg("-sm").output().ok().map(|output| output.stdout);
        let system = String::from_utf8_lossy(&system.unwrap_or_default()).trim().to_owned();
        let mut text = format!("# {date}\n\n{model} of {cores} cores, {system}; ");
        let _ = write!(
            text,
            "load {} at the start; {}; HTTP without TLS; {}.\n\n",
            load(),
            options.describe(),
            contenders::versions()
        );
        text += "Medians of runs taken in turn. `×` is how many times what downriver took, paired. Peaks below about 13 MiB are not seen.\n\n";
        Report { date, text }
    }

    /// Adds a table with the medians of each contender, and the median ratio to downriver in the
    /// same round, and prints it.
    pub fn add(&mut self, corpus: &Corpus, link: Option<&str>, rows: &[(Contender, Vec<Sample>)]) {
        let Some((_, ours)) = rows.first() else { return };
        let by_link = link.map(|link| format!(" by {link}")).unwrap_or_default();
        let mut table = format!("## {}{by_link}: {}\n\n", corpus.name, corpus.describe());
        let _ = write!(table, "Runs of each: {}.\n\n{COLUMNS}", ours.len());
        for (contender, samples) in rows {
            let of = |value: fn(&Sample) -> f64| median(samples.iter().map(value));
            let paired = |value: fn(&Sample) -> f64| {
                median(samples.iter().zip(ours).map(|(theirs, our)| value(theirs) / value(our)))
            };
            let _ = writeln!(
                table,
                "| {} | {:.3} | {:.3} | {:.3} | {:.1} | {:.2} | {:.0} | {:.2} | {:.2} | {} |",
                contender.name.replace('|', "\\|"),
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
        println!("{table}");
        self.text += &table;
        self.text.push('\n');
    }

    /// Writes the file.
    pub fn save(self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/runs");
        std::fs::create_dir_all(&folder).unwrap();
        let text = format!("{}Load {} at the end.\n", self.text, load());
        std::fs::write(folder.join(format!("{}.md", self.date)), text).unwrap();
    }
}

/// Returns the middle value; of an even number, the larger one of the two.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns the number of threads that ran or waited to run, over the last minute.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}
