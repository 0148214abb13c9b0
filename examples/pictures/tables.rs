//! The tables of `docs/speed.md`, from the newest complete run of the benchmark.

use super::runs::{self, Row, Section};

/// Puts the tables of today between the marks of a page, such as `<!-- speed -->` and
/// `<!-- /speed -->`.
pub fn with_tables(page: &str) -> String {
    let run = runs::newest();
    let tables = [("speed", speed(&run)), ("sync", sync(&run)), ("links", links(&run))];
    tables.iter().fold(page.to_owned(), |page, (name, table)| {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let (before, rest) = page.split_once(&begin).expect("the begin of a table");
        let (_, after) = rest.split_once(&end).expect("the end of a table");
        format!("{before}{begin}{table}{end}{after}")
    })
}

/// Seconds of time and of the processor, of every tool and corpus.
fn speed(run: &[Section]) -> String {
    let sections: Vec<&Section> = run.iter().filter(|section| section.is_plain()).collect();
    let tools = sections.first().map_or(&[][..], |first| &first.rows);
    let head = tools.iter().map(|row| row.tool.clone());
    let rows = sections.iter().map(|section| {
        let times = |row: &Row| format!("{:.2} s, {:.2} s", row.wall, row.processor);
        let title = format!("{}: {}", section.name, section.content);
        (title, section.rows.iter().map(times).collect())
    });
    table(head, rows)
}

/// Seconds and megabytes of an update in which little has changed.
fn sync(run: &[Section]) -> String {
    let section = run.iter().filter(|section| section.name == "sync");
    let rows = section.flat_map(|section| &section.rows).map(|row| {
        let cells = vec![format!("{:.2} s", row.wall), format!("{:.1} MB", row.received)];
        (row.tool.clone(), cells)
    });
    table(["time", "received"].map(str::to_owned).into_iter(), rows)
}

/// Seconds of every tool by each of the links.
fn links(run: &[Section]) -> String {
    let sections: Vec<&Section> = run.iter().filter(|section| section.link().is_some()).collect();
    let head = sections.iter().filter_map(|section| section.link()).map(described);
    let tools = sections.first().map_or(&[][..], |first| &first.rows);
    let rows = tools.iter().enumerate().map(|(number, row)| {
        let times = sections.iter().filter_map(|section| section.rows.get(number));
        (row.tool.clone(), times.map(|row| format!("{:.1} s", row.wall)).collect())
    });
    table(head, rows)
}

/// `20 ms, 100 MB/s, 6 MB/s each connection` for `20ms,100MB,6MB`.
fn described(link: &str) -> String {
    let spaced = link.replace("ms", " ms").replace("MB", " MB/s").replace(',', ", ");
    if link.matches(',').count() > 1 { spaced + " each connection" } else { spaced }
}

/// A Markdown table: the heads of all columns but the first, and rows that begin with a title.
fn table(
    head: impl Iterator<Item = String>,
    rows: impl Iterator<Item = (String, Vec<String>)>,
) -> String {
    let head: Vec<String> = head.collect();
    let rule = vec!["---".to_owned(); head.len()];
    let rows = [(String::new(), head), ("---".to_owned(), rule)].into_iter().chain(rows);
    let line = |(title, cells): (String, Vec<String>)| {
        let cells = [title].into_iter().chain(cells).map(|cell| cell.replace('|', "\\|"));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    rows.map(line).collect()
}
