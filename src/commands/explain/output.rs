//! The output of `explain`: lines for people, a JSON document for scripts.

use std::collections::HashSet;

use anstyle::{AnsiColor, Style};
use bytesize::ByteSize;
use serde_json::{Value, json};

use super::record::Taken;
use crate::commands::result;
use crate::gitlab::Client;
use crate::lookup::{FoundJob, LookupResult};
use crate::refusal::Candidate;
use crate::sanitize::sanitize;
use crate::settings::Setting;
use crate::step::Exchange;

/// The style of what was chosen.
const CHOSEN: Style = AnsiColor::Green.on_default().bold();
/// The number of names that a line lists; it counts the rest.
const MAX_NAMES: usize = 10;

pub(super) struct Told<'a> {
    pub(super) settings: Vec<Setting>,
    pub(super) steps: Vec<Taken>,
    pub(super) finding: LookupResult,
    pub(super) client: &'a Client,
    /// Colours what was chosen.
    pub(super) color: bool,
}

impl Told<'_> {
    /// Returns the lines for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let chosen = |line: String| match self.color {
            true => format!("{CHOSEN}{line}{CHOSEN:#}"),
            false => line,
        };
        let mut lines = vec!["settings".to_owned()];
        for Setting { name, value, source } in &self.settings {
            lines.push(format!("  {name:<10} {}  ({source})", sanitize(value)));
        }
        for (number, step) in self.steps.iter().enumerate() {
            lines.push(String::new());
            lines.push(format!("{}. {}", number + 1, step.step));
            for (request, curl) in &step.requests {
                lines.push(format!("  {request}"));
                lines.push(format!("    {curl}"));
            }
            lines.extend(candidate_lines(&step.candidates, self.color));
        }
        if !self.finding.found.is_empty() {
            lines.extend([String::new(), "would fetch".to_owned()]);
        }
        for found in &self.finding.found {
            lines.push(chosen(format!("  {}", archive(found))));
            lines.push(format!("    {}", self.client.curl_archive(&found.at)));
        }
        for (query, refusal) in &self.finding.missing {
            lines.push(format!("  missing: {}: {refusal}", sanitize(query)));
        }
        lines
    }

    pub(super) fn document(&self) -> Value {
        let settings = self.settings.iter().map(|Setting { name, value, source }| {
            json!({ "name": name, "value": value, "source": source.to_string() })
        });
        let would_fetch = self.finding.found.iter().map(|found| {
            let job = found.job.as_ref();
            let mut value = result::found(found);
            value["archive"] = json!({
                "size": job.and_then(|job| job.archive_size()),
                "expire_at": job.and_then(|job| job.artifacts_expire_at.as_ref()),
            });
            value
        });
        json!({
            "settings": settings.collect::<Vec<_>>(),
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
            "would_fetch": would_fetch.collect::<Vec<_>>(),
        })
    }
}

/// Returns a line for each candidate that was chosen, and one for all that were not for the same
/// reason, in the order of the candidates.
fn candidate_lines(candidates: &[Candidate], color: bool) -> Vec<String> {
    let chosen = |name: &str| match color {
        true => format!("{CHOSEN}  + {}{CHOSEN:#}", sanitize(name)),
        false => format!("  + {}", sanitize(name)),
    };
    let mut told = HashSet::new();
    let mut lines = Vec::new();
    for Candidate { name, why_not } in candidates {
        let Some(why_not) = why_not else {
            lines.push(chosen(name));
            continue;
        };
        if told.insert(why_not) {
            let alike = candidates.iter().filter(|it| it.why_not.as_ref() == Some(why_not));
            let names: Vec<String> = alike.map(|it| sanitize(&it.name).to_string()).collect();
            let shown = names.len().min(MAX_NAMES);
            let more = match names.len() - shown {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            lines.push(format!("  - {}{more}: {why_not}", names[..shown].join(", ")));
        }
    }
    lines
}

fn step(taken: &Taken) -> Value {
    let chosen = taken.candidates.iter().filter(|candidate| candidate.why_not.is_none());
    let candidates = taken.candidates.iter();
    let candidates = candidates.map(|c| json!({ "name": c.name, "why_not": c.why_not }));
    json!({
        "step": taken.step,
        "requests": taken.requests.iter().map(request).collect::<Vec<_>>(),
        "candidates": candidates.collect::<Vec<_>>(),
        "chosen": chosen.map(|candidate| &candidate.name).collect::<Vec<_>>(),
    })
}

fn request((exchange, curl): &(Exchange, String)) -> Value {
    json!({
        "method": exchange.method,
        "address": exchange.address,
        "status": exchange.outcome.as_ref().ok(),
        "error": exchange.outcome.as_ref().err(),
        "ms": u64::try_from(exchange.took.as_millis()).unwrap_or(u64::MAX),
        "bytes": exchange.bytes,
        "request_id": exchange.request_id,
        "curl": curl,
    })
}

/// Returns a line about a job: its pipeline, its bridge, and the size and expiry of its archive.
fn archive(found: &FoundJob) -> String {
    let job = found.job.as_ref();
    let size = job
        .and_then(|job| job.archive_size())
        .map(|size| ByteSize(size).display().iec().to_string());
    let expiry = match job.map(|job| job.artifacts_expire_at.as_deref()) {
        Some(Some(at)) => Some(format!("expires {}", sanitize(at))),
        Some(None) => Some("never expires".to_owned()),
        None => None,
    };
    let pipeline = found.pipeline.as_ref().map(|pipeline| format!("pipeline {}", pipeline.id));
    let bridge = found.bridges.last().map(|bridge| format!("bridge `{}`", sanitize(bridge)));
    let parts = [Some(format!("job {}", sanitize(&found.label()))), pipeline, bridge, size, expiry];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_passed_over_for_the_same_reason_is_one_line() {
        let rejected = |name: &str, why: &str| Candidate::rejected(name, why);
        let mut candidates = vec![
            rejected("lint", "not asked for"),
            Candidate::chosen("build"),
            rejected("a\u{1b}b", "failed"),
            rejected("test", "not asked for"),
        ];
        assert_eq!(
            candidate_lines(&candidates, false),
            ["  - lint, test: not asked for", "  + build", "  - a\\u{1b}b: failed"]
        );
        let colored = candidate_lines(&candidates, true);
        assert_eq!(colored[1], "\u{1b}[1m\u{1b}[32m  + build\u{1b}[0m");
        candidates.extend((0..20).map(|n| rejected(&n.to_string(), "not asked for")));
        assert_eq!(
            candidate_lines(&candidates, false)[0],
            "  - lint, test, 0, 1, 2, 3, 4, 5, 6, 7 and 12 more: not asked for"
        );
    }
}
