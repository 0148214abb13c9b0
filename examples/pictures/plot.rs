//! The results of the benchmarks as bars: the newest thorough run of each corpus in
//! `benches/runs/`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use super::theme;

/// A run with fewer rounds than this is too rough to be shown.
const ROUNDS: u32 = 5;
const CORPORA: [&str; 5] = ["small", "build", "many", "stored", "big"];
const ROW: usize = 18;
/// The left ends of the bars of both columns, and the length of the longest, in pixels.
const COLUMNS: [(&str, usize); 2] = [("time (s)", 130), ("processor (s)", 500)];
const LONGEST: f64 = 280.0;

struct Corpus {
    /// `build: 2928 files, 290.6 MB in an archive of 162.3 MB`
    heading: String,
    /// Tool, seconds of time, seconds of the processor.
    tools: Vec<(String, [f64; 2])>,
}

pub fn speed() -> String {
    let corpora = corpora();
    let shown = || CORPORA.iter().filter_map(|name| corpora.get(*name));
    let mut bars = String::new();
    let mut y = 50;
    for corpus in shown() {
        writeln!(bars, r#"<text x="20" y="{y}" class="b">{}</text>"#, corpus.heading).unwrap();
        for (tool, seconds) in &corpus.tools {
            y += ROW;
            let class = if tool == "downriver" { "ours" } else { "other" };
            writeln!(bars, r#"<text x="120" y="{y}" text-anchor="end">{tool}</text>"#).unwrap();
            for (column, (_, x)) in COLUMNS.iter().enumerate() {
                let most = corpus.tools.iter().map(|(_, seconds)| seconds[column]);
                let most = most.fold(f64::MIN_POSITIVE, f64::max);
                let length = (seconds[column] / most * LONGEST).round().max(1.0);
                let (top, after) = (y - 12, x + length as usize + 6);
                writeln!(
                    bars,
                    r#"<rect x="{x}" y="{top}" width="{length}" height="14" class="{class}"/><text x="{after}" y="{y}">{:.3}</text>"#,
                    seconds[column]
                )
                .unwrap();
            }
        }
        y += ROW * 2;
    }
    let headings = COLUMNS.map(|(name, x)| format!(r#"<text x="{x}" y="24">{name}</text>"#));
    format!(
        r#"<svg width="860" height="{y}" viewBox="0 0 860 {y}" xmlns="http://www.w3.org/2000/svg">
<style>
    text {{ font: 13px sans-serif }}
    .b {{ font-weight: bold }}
{}</style>
<rect width="100%" height="100%" rx="5" class="bg"/>
<g class="fg">
{}
{bars}</g>
</svg>
"#,
        theme::rules(&theme::PLOT),
        headings.join("\n")
    )
}

/// The results as a Markdown table: seconds of time, and of the processor.
pub fn table() -> String {
    let corpora = corpora();
    let shown = || CORPORA.iter().filter_map(|name| corpora.get(*name));
    let tools = |corpus: &Corpus, cell: fn(&(String, [f64; 2])) -> String| {
        let cells = corpus.tools.iter().map(cell);
        cells.map(|cell| format!(" {cell} |")).collect::<String>()
    };
    let Some(first) = shown().next() else { return String::new() };
    let mut table = format!("| |{}\n", tools(first, |(name, _)| name.replace('|', "\\|")));
    writeln!(table, "| --- |{}", tools(first, |_| "---".to_owned())).unwrap();
    for corpus in shown() {
        let times =
            tools(corpus, |(_, [wall, processor])| format!("{wall:.2} s, {processor:.2} s"));
        writeln!(table, "| {} |{times}", corpus.heading).unwrap();
    }
    table
}

/// Of each corpus the newest run; the names of the files are their dates.
fn corpora() -> BTreeMap<String, Corpus> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/runs");
    let files = std::fs::read_dir(folder).expect("the results of the benchmarks");
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut corpora = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a text");
        let rounds = text.split_once("medians of ").and_then(|(_, rest)| rest.split(' ').next());
        let rounds: u32 = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(0);
        if rounds < ROUNDS || !text.contains("; loopback HTTP; full size;") {
            continue;
        }
        for part in text.split("\n## ").skip(1) {
            let heading = heading(part.lines().next().unwrap_or_default());
            let name = heading.split(':').next().unwrap_or_default().to_owned();
            let tools = part.lines().filter_map(tool).collect();
            corpora.insert(name, Corpus { heading, tools });
        }
    }
    corpora
}

/// Returns a heading in plain words for `build: 2928 files (+463 folders), 290.6 MB in 162.3 MB`.
fn heading(run: &str) -> String {
    let (files, sizes) = run.split_once(" (+").unwrap_or((run, ""));
    let files = files.replace(": 1 files", ": 1 file");
    match sizes.split_once(" folders), ").and_then(|(_, sizes)| sizes.split_once(" in ")) {
        // Some kilobytes.
        None | Some(("0.0 MB", _)) => files,
        Some((bytes, packed)) => format!("{files}, {bytes} in an archive of {packed}"),
    }
}

/// `| curl+unzip | 2.963 | 2.358 | 0.329 | …`: time, and that of the processor.
fn tool(row: &str) -> Option<(String, [f64; 2])> {
    let mut cells = row.strip_prefix("| ")?.split(" | ");
    let name = cells.next()?.to_owned();
    let mut number = || cells.next()?.trim().parse::<f64>().ok();
    let (wall, user, system) = (number()?, number()?, number()?);
    Some((name, [wall, user + system]))
}
