//! The pictures of the README, each with its file name.

use std::sync::Arc;

use crate::fake::{Fake, World};
use crate::story::stage::{self, Scene};

#[path = "bars.rs"]
mod bars;
#[path = "plot.rs"]
mod plot;

pub use plot::table;

/// The width in columns at which lines are wrapped.
const WIDTH: usize = 100;

/// Renders all pictures as SVG, with their file names.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("tree.svg", terminal(&[session("downriver tree")])),
        ("refusal.svg", terminal(&[session("downriver fetch biuld-repo -D vendor")])),
        (
            "explain.svg",
            terminal(&[session("downriver explain build-repo --bridge build-sharecode")]),
        ),
        ("progress.svg", terminal(&[bars::three_downloads(WIDTH)])),
        ("speed.svg", plot::speed()),
    ]
}

/// Runs a command in the demo. Returns the prompt with the command, and its output.
fn session(command: &'static str) -> String {
    let fake = Arc::new(Fake::start(World::named("two-repos")));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let coloured = Box::leak(format!("{command} --color always").into_boxed_str());
    let (_, output) = stage::play(&Scene::new("", coloured), &fake, folder.path());
    // The port of the stand-in differs on every run.
    let api = fake.api_url();
    let output = output.replace(&api, "https://gitlab.test/api/v4");
    format!("{}\n{output}", prompt(command))
}

/// Formats the prompt with a command.
fn prompt(command: &str) -> String {
    format!("\x1b[32m$\x1b[0m \x1b[1m{command}\x1b[0m")
}

/// Renders text with colour codes as an SVG of a terminal.
fn terminal(parts: &[String]) -> String {
    let lines = parts.iter().flat_map(|part| part.trim_end().lines());
    let lines: Vec<String> = lines.flat_map(wrapped).collect();
    let term = anstyle_svg::Term::new().palette(anstyle_svg::WIN10_CONSOLE).min_width_px(860);
    let picture = term.render_svg(&lines.join("\n"));
    picture.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Wraps a line at the width; continuation lines are indented further.
fn wrapped(line: &str) -> Vec<String> {
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

/// Returns the width of a text: one column for each character, none for escape codes.
fn columns(text: &str) -> usize {
    let mut codes = text.split("\x1b[");
    let first = codes.next().map_or(0, |plain| plain.chars().count());
    first
        + codes
            .filter_map(|code| code.split_once('m'))
            .map(|(_, t)| t.chars().count())
            .sum::<usize>()
}
