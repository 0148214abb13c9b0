//! The output of `explain`: lines for people, a JSON document for scripts.

use anstyle::{AnsiColor, Style};
use bytesize::ByteSize;
use serde_json::{Value, json};

use super::record::Taken;
use crate::commands::result;
use crate::gitlab::Client;
use crate::lookup::{FoundJob, LookupResult};
use crate::sanitize::sanitize;
use crate::settings::Setting;
use crate::step::Exchange;

const CHOSEN: Style = AnsiColor::Green.on_default().bold();

/// The settings, the steps and the result of a lookup.
pub(super) struct Told<'a> {
    pub(super) settings: Vec<Setting>,
    pub(super) steps: Vec<Taken>,
    pub(super) finding: LookupResult,
    pub(super) client: &'a Client,
}

impl Told<'_> {
    /// Returns the lines for people; `color`: what was chosen is green and bold.
    pub(super) fn lines(&self, color: bool) -> Vec<String> {
        let chosen = |line: String| match color {
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
            for candidate in &step.candidates {
                lines.push(match &candidate.why_not {
                    None => chosen(format!("  + {}", sanitize(&candidate.name))),
                    Some(why_not) => format!("  - {}: {why_not}", sanitize(&candidate.name)),
                });
            }
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
