//! The tree as a Mermaid diagram, which GitLab draws in issues and merge requests.
//!
//! Marks and names stand in quoted labels, in which everything but plain letters, digits and a
//! few signs is written as `#code;`: nothing in a name can end the label, the line or the fence,
//! start markup, or count as one of the `&` of which GitLab allows few. GitLab draws up to 2,000
//! characters by itself and more on a click, so ids are short and there is no decoration.

use jiff::Timestamp;

use super::{archive_of, bridge_trouble, head, job_trouble, mark, nothing_below};
use crate::model::Status;
use crate::model::tree::{BridgeTree, LeftOut, PipelineTree, SubTree};

const CLASSES: [(&str, &str); 4] = [
    ("good", "fill:#d5f0dc,stroke:#217645,color:#111"),
    ("bad", "fill:#fbdcd6,stroke:#b3260e,color:#111"),
    ("moving", "fill:#d6e6fb,stroke:#1f5fae,color:#111"),
    ("still", "fill:#ececef,stroke:#737278,color:#111"),
];

/// The diagram with its fences, without a line break at its end.
pub fn mermaid(tree: &PipelineTree, now: Timestamp) -> String {
    let mut page = Page { now, nodes: Vec::new(), edges: Vec::new() };
    page.pipeline(tree);
    let classes = CLASSES.iter().map(|(name, style)| format!("  classDef {name} {style}"));
    let lines: Vec<String> = ["```mermaid".to_owned(), "flowchart LR".to_owned()]
        .into_iter()
        .chain(page.nodes)
        .chain(page.edges)
        .chain(classes)
        .chain(["```".to_owned()])
        .collect();
    lines.join("\n")
}

struct Page {
    now: Timestamp,
    nodes: Vec<String>,
    edges: Vec<String>,
}

impl Page {
    fn pipeline(&mut self, tree: &PipelineTree) {
        let id = tree.at.id;
        let [name, version, status] = head(tree).map(Some);
        match &tree.below {
            // A subgraph with nothing in it cannot be drawn.
            Ok(SubTree { jobs, bridges }) if jobs.len() + bridges.len() > 0 => {
                let title = quoted(&[name, version, status]);
                self.nodes.push(format!("  subgraph p{id}[{title}]"));
                for job in jobs {
                    let label = [
                        Some(marked(&job.status, &job.name)),
                        job_trouble(job),
                        archive_of(job, self.now),
                    ];
                    self.node(&format!("j{}", job.id), &label, &job.status);
                }
                for BridgeTree { bridge, .. } in bridges {
                    let label =
                        [Some(marked(&bridge.status, &bridge.name)), bridge_trouble(bridge)];
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
            // It is in the diagram already, and needs no more than the arrow.
            Err(LeftOut::Met) => {}
            _ => {
                let label = [name, version, status, nothing_below(tree)];
                self.node(&format!("p{id}"), &label, &tree.pipeline.status);
            }
        }
    }

    fn node(&mut self, id: &str, label: &[Option<String>], status: &Status) {
        self.nodes.push(format!("  {id}[{}]:::{}", quoted(label), mark(status).class));
    }
}

/// The mark comes first, so that no name starts a list or a heading.
fn marked(status: &Status, name: &str) -> String {
    format!("{} {}", mark(status).sign, crate::sanitize::sanitize(name))
}

fn quoted(words: &[Option<String>]) -> String {
    let words = words.iter().flatten().filter(|word| !word.is_empty());
    let label = words.map(String::as_str).collect::<Vec<_>>().join(", ");
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
