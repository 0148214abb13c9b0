//! The picture: one line for each pipeline, job and bridge, with branches in front.

use std::collections::HashSet;

use anstyle::Style;
use jiff::Timestamp;

use super::{archive_of, bridge_trouble, head, job_trouble, mark, nothing_below};
use crate::model::tree::{BridgeTree, LeftOut, PipelineTree, SubTree};
use crate::model::{Job, PipelineId, Status};
use crate::sanitize::sanitize;
use crate::ui::FAINT;

/// What the picture is drawn for.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Otherwise ASCII, names included.
    pub utf8: bool,
    pub color: bool,
    /// For what has expired.
    pub now: Timestamp,
}

/// Draws a tree. The text is of several lines and has no line break at its end.
pub fn picture(tree: &PipelineTree, look: Look) -> String {
    let mut pen = Pen { look, lines: Vec::new(), drawn: HashSet::new() };
    let head = pen.pipeline(tree);
    pen.lines.push(head);
    pen.below(tree, "");
    let text = pen.lines.join("\n");
    if look.utf8 { text } else { ascii(&text) }
}

struct Pen {
    look: Look,
    lines: Vec<String>,
    drawn: HashSet<PipelineId>,
}

impl Pen {
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
            let words =
                [Some(format!("bridge {}", sanitize(&bridge.name))), bridge_trouble(bridge)];
            let mut line =
                format!("{margin}{}{}", self.branch(last), self.marked(&bridge.status, &words));
            let Some(downstream) = downstream else {
                self.lines.push(line);
                continue;
            };
            let arrow = if self.look.utf8 { "→" } else { "->" };
            line.push_str(&format!(" {arrow} {}", self.pipeline(downstream)));
            self.lines.push(line);
            self.below(downstream, &format!("{margin}{}", self.trunk(last)));
        }
    }

    fn job(&self, job: &Job) -> String {
        let id = self.painted(FAINT, &format!("({})", job.id));
        let name = format!("job {} {id}", sanitize(&job.name));
        self.marked(&job.status, &[Some(name), job_trouble(job), archive_of(job, self.look.now)])
    }

    fn pipeline(&self, tree: &PipelineTree) -> String {
        let [name, version, status] = head(tree);
        let status = self.painted(mark(&tree.pipeline.status).style, &status);
        let why = match tree.below {
            Err(LeftOut::Met) if self.drawn.contains(&tree.at.id) => Some("see above".to_owned()),
            Err(LeftOut::Met) => Some("see below".to_owned()),
            _ => nothing_below(tree),
        };
        spaced(&[Some(name), Some(version), Some(status), why])
    }

    fn marked(&self, status: &Status, words: &[Option<String>]) -> String {
        let mark = mark(status);
        let sign = if self.look.utf8 { mark.sign.to_owned() } else { format!("{:4}", mark.ascii) };
        format!("{} {}", self.painted(mark.style, &sign), spaced(words))
    }

    fn painted(&self, style: Style, text: &str) -> String {
        if self.look.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn branch(&self, last: bool) -> &'static str {
        match (self.look.utf8, last) {
            (true, false) => "├─ ",
            (true, true) => "└─ ",
            (false, false) => "|- ",
            (false, true) => "`- ",
        }
    }

    fn trunk(&self, last: bool) -> &'static str {
        match (self.look.utf8, last) {
            (_, true) => "   ",
            (true, false) => "│  ",
            (false, false) => "|  ",
        }
    }
}

/// The parts that there are, far enough apart to be told from one another.
fn spaced(words: &[Option<String>]) -> String {
    let words = words.iter().flatten().filter(|word| !word.is_empty());
    words.map(String::as_str).collect::<Vec<_>>().join("  ")
}

fn ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() { ascii.push(c) } else { ascii.extend(c.escape_unicode()) }
    }
    ascii
}
