//! All pictures of the documents, each with the name of its file.

use std::sync::Arc;

use crate::fake::{Fake, World};
use crate::story::stage::{self, Scene};

#[path = "bars.rs"]
mod bars;
#[path = "plot.rs"]
mod plot;
#[path = "runs.rs"]
mod runs;
#[path = "tables.rs"]
mod tables;
#[path = "theme.rs"]
mod theme;

pub use tables::with_tables;

/// The width at which long lines are wrapped, in columns.
const WIDTH: usize = 100;

pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("tree.svg", terminal(&[played("downriver tree")])),
        ("refusal.svg", terminal(&[played("downriver fetch biuld-repo -D vendor")])),
        (
            "explain.svg",
            terminal(&[played("downriver explain build-repo --bridge build-sharecode")]),
        ),
        ("progress.svg", terminal(&[bars::three(WIDTH)])),
        ("speed.svg", plot::speed()),
    ]
}

/// A command line and the output of the program in the story of the demo.
fn played(typed: &'static str) -> String {
    let fake = Arc::new(Fake::start(World::named("two-repos")));
    let folder = tempfile::tempdir().expect("a folder for what is fetched");
    let coloured = Box::leak(format!("{typed} --color always").into_boxed_str());
    let (_, answer) = stage::play(&Scene::new("", coloured), &fake, folder.path());
    // The stand-in is elsewhere each time.
    let api = fake.api_url();
    let answer = answer.replace(&api, "https://gitlab.test/api/v4");
    format!("{}\n{answer}", prompt(typed))
}

/// The line in which something is typed.
fn prompt(typed: &str) -> String {
    format!("\x1b[32m$\x1b[0m \x1b[1m{typed}\x1b[0m")
}

/// Text with colours, as a terminal shows it.
fn terminal(parts: &[String]) -> String {
    let lines = parts.iter().flat_map(|part| part.trim_end().lines());
    let lines: Vec<String> = lines.flat_map(broken).collect();
    let term = anstyle_svg::Term::new().min_width_px(860);
    theme::recoloured(&term.render_svg(&lines.join("\n")))
}

/// A line in pieces of no more than the width; those after the first are indented further.
fn broken(line: &str) -> Vec<String> {
    let indent = " ".repeat(line.len() - line.trim_start().len());
    let mut pieces = vec![indent.clone()];
    for word in line.trim_start().split_inclusive(' ') {
        let piece = pieces.last_mut().expect("one at least");
        if piece.trim().is_empty() || columns(piece) + columns(word.trim_end()) <= WIDTH {
            piece.push_str(word);
        } else {
            pieces.push(format!("{indent}      {word}"));
        }
    }
    pieces
}

/// How many columns a text takes, where each letter takes one and an escape code none.
fn columns(text: &str) -> usize {
    let mut codes = text.split("\x1b[");
    let first = codes.next().map_or(0, |plain| plain.chars().count());
    first
        + codes
            .filter_map(|code| code.split_once('m'))
            .map(|(_, t)| t.chars().count())
            .sum::<usize>()
}
