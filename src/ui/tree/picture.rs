//! The tree as a picture: a line for each pipeline, job and bridge, indented with branches.

use std::collections::HashSet;

use anstyle::Style;
use jiff::Timestamp;

use super::labels::{archive_label, bridge_problem, empty_reason, heading, job_problem};
use super::status_style::{StatusStyle, status_style};
use crate::model::tree::{BridgeTree, LeftOut, PipelineTree, SubTree};
use crate::model::{Job, PipelineId, Status};
use crate::sanitize::sanitize;
use crate::ui::style::FAINT;

/// The capabilities of the terminal, and the current time.
#[derive(Debug, Clone, Copy)]
pub struct PictureOptions {
    /// If false, everything is ASCII, including names.
    pub utf8: bool,
    pub color: bool,
    /// The time with which expiry dates are compared.
    pub now: Timestamp,
}

/// Draws a tree. The text has several lines and does not end with a line break.
pub fn picture(tree: &PipelineTree, options: PictureOptions) -> String {
    let mut renderer = Renderer { options, lines: Vec::new(), drawn: HashSet::new() };
    let first = renderer.pipeline(tree);
    renderer.lines.push(first);
    renderer.below(tree, "");
    let text = renderer.lines.join("\n");
    if options.utf8 { text } else { to_ascii(&text) }
}

struct Renderer {
    options: PictureOptions,
    lines: Vec<String>,
    drawn: HashSet<PipelineId>,
}

impl Renderer {
    fn below(&mut self, tree: &PipelineTree, margin: &str) {
        self.drawn.insert(tree.at.id);
        let Ok(SubTree { jobs, bridges }) = &tree.below else { return };
        let count = jobs.len() + bridges.len();
        for (i, job) in jobs.iter().enumerate() {
            let line = format!("{margin}{}{}", self.branch(i + 1 == count), self.job(job));
            self.lines.push(line);
        }
        for (i, BridgeTree { bridge, downstream }) in bridges.iter().enumerate() {
            let last = jobs.len() + i + 1 == count;
            let parts =
                [Some(format!("bridge {}", sanitize(&bridge.name))), bridge_problem(bridge)];
            let mut line = format!(
                "{margin}{}{}",
                self.branch(last),
                self.with_symbol(&bridge.status, &parts)
            );
            let Some(downstream) = downstream else {
                self.lines.push(line);
                continue;
            };
            let arrow = if self.options.utf8 { "→" } else { "->" };
            line.push_str(&format!(" {arrow} {}", self.pipeline(downstream)));
            self.lines.push(line);
            self.below(downstream, &format!("{margin}{}", self.trunk(last)));
        }
    }

    fn job(&self, job: &Job) -> String {
        let id = self.styled(FAINT, &format!("({})", job.id));
        let name = format!("job {} {id}", sanitize(&job.name));
        self.with_symbol(
            &job.status,
            &[Some(name), job_problem(job), archive_label(job, self.options.now)],
        )
    }

    fn pipeline(&self, tree: &PipelineTree) -> String {
        let [name, version, status] = heading(tree);
        let status = self.styled(status_style(&tree.pipeline.status).style, &status);
        let why = match tree.below {
            Err(LeftOut::Met) if self.drawn.contains(&tree.at.id) => Some("see above".to_owned()),
            Err(LeftOut::Met) => Some("see below".to_owned()),
            _ => empty_reason(tree),
        };
        join_parts(&[Some(name), Some(version), Some(status), why])
    }

    fn with_symbol(&self, status: &Status, parts: &[Option<String>]) -> String {
        let StatusStyle { symbol, ascii, style, .. } = status_style(status);
        let symbol = if self.options.utf8 { symbol.to_owned() } else { format!("{ascii:4}") };
        format!("{} {}", self.styled(style, &symbol), join_parts(parts))
    }

    fn styled(&self, style: Style, text: &str) -> String {
        if self.options.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn branch(&self, last: bool) -> &'static str {
        match (self.options.utf8, last) {
            (true, false) => "├─ ",
            (true, true) => "└─ ",
            (false, false) => "|- ",
            (false, true) => "`- ",
        }
    }

    fn trunk(&self, last: bool) -> &'static str {
        match (self.options.utf8, last) {
            (_, true) => "   ",
            (true, false) => "│  ",
            (false, false) => "|  ",
        }
    }
}

/// Joins the parts that are present with two spaces, because the parts contain single spaces.
fn join_parts(parts: &[Option<String>]) -> String {
    let parts = parts.iter().flatten().filter(|part| !part.is_empty());
    parts.map(String::as_str).collect::<Vec<_>>().join("  ")
}

/// Writes every character outside ASCII as `\u{…}`.
fn to_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() { ascii.push(c) } else { ascii.extend(c.escape_unicode()) }
    }
    ascii
}
