//! The tree as a Mermaid diagram, which GitLab draws in issues and merge requests.
//!
//! Symbols and names are in quoted labels, in which every character except letters, digits and a
//! few others is written as `#code;`. So a name cannot end the label, the line or the code fence,
//! start markup, or add to the `&` characters, whose number GitLab limits. GitLab renders diagrams
//! of up to 2,000 characters at once and larger ones on a click, so the ids are short.

use jiff::Timestamp;

use super::labels::{archive_label, bridge_problem, empty_reason, heading, job_problem};
use super::status_style::status_style;
use crate::model::Status;
use crate::model::tree::{BridgeTree, LeftOut, PipelineTree, SubTree};
use crate::sanitize::sanitize;

const CLASSES: [(&str, &str); 4] = [
    ("good", "fill:#d5f0dc,stroke:#217645,color:#111"),
    ("bad", "fill:#fbdcd6,stroke:#b3260e,color:#111"),
    ("moving", "fill:#d6e6fb,stroke:#1f5fae,color:#111"),
    ("still", "fill:#ececef,stroke:#737278,color:#111"),
];

/// Draws the diagram with its code fence; the text does not end with a line break.
pub fn mermaid(tree: &PipelineTree, now: Timestamp) -> String {
    let mut diagram = Diagram { now, nodes: Vec::new(), edges: Vec::new() };
    diagram.pipeline(tree);
    let classes = CLASSES.iter().map(|(name, style)| format!("  classDef {name} {style}"));
    let lines: Vec<String> = ["```mermaid".to_owned(), "flowchart LR".to_owned()]
        .into_iter()
        .chain(diagram.nodes)
        .chain(diagram.edges)
        .chain(classes)
        .chain(["```".to_owned()])
        .collect();
    lines.join("\n")
}

struct Diagram {
    now: Timestamp,
    nodes: Vec<String>,
    edges: Vec<String>,
}

impl Diagram {
    fn pipeline(&mut self, tree: &PipelineTree) {
        let id = tree.at.id;
        let [name, version, status] = heading(tree).map(Some);
        match &tree.below {
            // Mermaid cannot draw an empty subgraph.
            Ok(SubTree { jobs, bridges }) if jobs.len() + bridges.len() > 0 => {
                let title = quoted(&[name, version, status]);
                self.nodes.push(format!("  subgraph p{id}[{title}]"));
                for job in jobs {
                    let label = [
                        Some(with_symbol(&job.status, &job.name)),
                        job_problem(job),
                        archive_label(job, self.now),
                    ];
                    self.node(&format!("j{}", job.id), &label, &job.status);
                }
                for BridgeTree { bridge, .. } in bridges {
                    let label =
                        [Some(with_symbol(&bridge.status, &bridge.name)), bridge_problem(bridge)];
                    self.node(&format!("b{}", bridge.id), &label, &bridge.status);
                }
                self.nodes.push("  end".to_owned());
                for BridgeTree { bridge, downstream } in bridges {
                    if let Some(downstream) = downstream {
                        self.edges.push(format!("  b{} --> p{}", bridge.id, downstream.at.id));
                        self.pipeline(downstream);
                    }
                }
            }
            // The pipeline is already in the diagram; the edge is enough.
            Err(LeftOut::Met) => {}
            _ => {
                let label = [name, version, status, empty_reason(tree)];
                self.node(&format!("p{id}"), &label, &tree.pipeline.status);
            }
        }
    }

    fn node(&mut self, id: &str, label: &[Option<String>], status: &Status) {
        self.nodes.push(format!("  {id}[{}]:::{}", quoted(label), status_style(status).class));
    }
}

/// Puts the symbol of the status before a name, so that the name cannot start a list or a heading.
fn with_symbol(status: &Status, name: &str) -> String {
    format!("{} {}", status_style(status).symbol, sanitize(name))
}

/// Joins the parts that are present into a quoted and escaped label.
fn quoted(parts: &[Option<String>]) -> String {
    let parts = parts.iter().flatten().filter(|part| !part.is_empty());
    let label = parts.map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut text = String::from("\"");
    for c in label.chars() {
        if c.is_alphanumeric() || " ,.:()-_/✔✘●○⊘»◌".contains(c) {
            text.push(c);
        } else {
            text.push_str(&format!("#{};", u32::from(c)));
        }
    }
    text.push('"');
    text
}
