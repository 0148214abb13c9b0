//! A listener that records requests and choices, grouped into the steps of the lookup.

use std::sync::{Arc, Mutex, PoisonError};

use crate::gitlab::{self, Client};
use crate::refusal::Candidate;
use crate::step::{Exchange, Step, Watch};
use crate::ui::Ui;

/// Records requests and choices; warnings are printed at once.
pub(super) struct Record {
    ui: Arc<Ui>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    steps: Vec<Taken>,
    /// Requests since the last choice.
    open: Vec<Exchange>,
}

/// A step of the lookup: the requests, and the choice that followed.
pub(super) struct Taken {
    /// The list that was chosen from: "bridges of pipeline …".
    pub(super) step: String,
    pub(super) requests: Vec<(Exchange, String)>,
    pub(super) candidates: Vec<Candidate>,
}

impl Record {
    pub(super) fn new(ui: Arc<Ui>) -> Record {
        Record { ui, kept: Mutex::default() }
    }

    /// Takes the recorded steps, and adds to each request the `curl` command that repeats it.
    /// Requests without a choice, because one of them failed, are a step of their own.
    pub(super) fn steps(&self, client: &Client) -> Vec<Taken> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut steps = std::mem::take(&mut kept.steps);
        let open = std::mem::take(&mut kept.open);
        if !open.is_empty() {
            steps.push(taken("requests", open, &[]));
        }
        for (request, curl) in steps.iter_mut().flat_map(|step| &mut step.requests) {
            *curl = client.curl(&request.address);
        }
        steps
    }
}

impl Watch for Record {
    fn step(&self, step: &Step<'_>) {
        match step {
            Step::Exchange(exchange) => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.open.push((*exchange).clone());
            }
            Step::Chosen { from, of, candidates } => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                // Several pipelines are asked at the same time, before any choice.
                let is_for_it = |exchange: &mut Exchange| match of {
                    Some(id) => gitlab::pipeline_in(&exchange.address).is_none_or(|of| of == *id),
                    None => true,
                };
                let requests = kept.open.extract_if(.., is_for_it).collect();
                kept.steps.push(taken(from, requests, candidates));
            }
            Step::Latest { .. } | Step::Warning(_) | Step::Retry { .. } | Step::Waiting { .. } => {
                self.ui.step(step)
            }
            _ => {}
        }
    }
}

fn taken(step: &str, requests: Vec<Exchange>, candidates: &[Candidate]) -> Taken {
    Taken {
        step: step.to_owned(),
        requests: requests.into_iter().map(|request| (request, String::new())).collect(),
        candidates: candidates.to_vec(),
    }
}
