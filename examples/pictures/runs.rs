//! The newest complete run of `cargo bench --bench transfer`, read from its file in `benches/runs/`.

use std::path::Path;

/// The words of a file that may be shown.
const COMPLETE: &str = "; complete run in full size;";

/// The results of one corpus, over loopback or by a link.
pub struct Section {
    /// `build` or `build by 20ms,100MB`.
    pub name: String,
    /// `2928 files, 290.6 MB in an archive of 162.3 MB`
    pub content: String,
    pub rows: Vec<Row>,
}

/// The results of one tool.
pub struct Row {
    pub tool: String,
    /// Seconds from beginning to end, and of the processor.
    pub wall: f64,
    pub processor: f64,
    /// Megabytes received.
    pub received: f64,
}

impl Section {
    /// Returns true for a result over loopback, with all of the tools.
    pub fn is_plain(&self) -> bool {
        !self.name.contains(' ') && self.name != "sync"
    }

    /// Returns the link of a result by a link.
    pub fn link(&self) -> Option<&str> {
        Some(self.name.split_once(" by ")?.1)
    }
}

/// Reads the newest complete run; the names of the files are their dates.
pub fn newest() -> Vec<Section> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/runs");
    let files = std::fs::read_dir(folder).expect("the results of the benchmarks");
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().rev().map(|file| std::fs::read_to_string(file).expect("a text"));
    let newest = texts.into_iter().find(|text| text.contains(COMPLETE));
    newest.expect("a complete run").split("\n## ").skip(1).filter_map(section).collect()
}

fn section(text: &str) -> Option<Section> {
    let mut lines = text.lines();
    let (name, content) = lines.next()?.split_once(": ")?;
    let rows = lines.filter_map(row).collect();
    Some(Section { name: name.to_owned(), content: in_words(content), rows })
}

/// Returns `2928 files (+463 folders), 290.6 MB in 162.3 MB` in words.
fn in_words(content: &str) -> String {
    let (files, sizes) = content.split_once(" (+").unwrap_or((content, ""));
    let files = if files == "1 files" { "1 file" } else { files };
    match sizes.split_once(" folders), ").and_then(|(_, sizes)| sizes.split_once(" in ")) {
        // Some kilobytes.
        None | Some(("0.0 MB", _)) => files.to_owned(),
        Some((bytes, packed)) => format!("{files}, {bytes} in an archive of {packed}"),
    }
}

/// Reads `| curl+unzip | 2.963 | 2.358 | 0.329 | 13.1 | 162.33 | …`; the heads of tables are no rows.
fn row(line: &str) -> Option<Row> {
    let mut cells = line.strip_prefix("| ")?.split(" | ");
    let tool = cells.next()?.replace("\\|", "|");
    let mut number = || cells.next()?.trim().parse::<f64>().ok();
    let (wall, user, system, _memory, received) =
        (number()?, number()?, number()?, number()?, number()?);
    Some(Row { tool, wall, processor: user + system, received })
}
