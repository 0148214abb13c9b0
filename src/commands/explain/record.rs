//! A watcher that keeps what happens, grouped into the steps of the lookup.

use std::sync::{Arc, Mutex, PoisonError};

use crate::gitlab::Client;
use crate::refusal::Candidate;
use crate::step::{Exchange, Step, Watch};
use crate::ui::Ui;

/// Keeps requests and choices; warnings go on to the person at once.
pub(super) struct Record {
    ui: Arc<Ui>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    steps: Vec<Taken>,
    /// Requests whose choice has not come yet.
    open: Vec<Exchange>,
}

/// A step as it was taken.
pub(super) struct Taken {
    /// What was chosen from: "bridges of pipeline …".
    pub(super) step: String,
    pub(super) requests: Vec<(Exchange, String)>,
    pub(super) candidates: Vec<Candidate>,
}

impl Record {
    pub(super) fn new(ui: Arc<Ui>) -> Record {
        Record { ui, kept: Mutex::default() }
    }

    /// The steps so far, each request with the `curl` line that repeats it by hand. Requests that
    /// led to no choice, because they failed, are a step of their own.
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
            Step::Chosen { from, candidates } => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                let open = std::mem::take(&mut kept.open);
                kept.steps.push(taken(from, open, candidates));
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
