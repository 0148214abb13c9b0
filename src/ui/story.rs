//! The steps of a run, told on standard error as they happen.

use bytesize::ByteSize;

use super::{FAINT, Ui, Voice, lock};
use crate::shown::shown;
use crate::step::{Step, Watch};

impl Watch for Ui {
    fn step(&self, step: &Step<'_>) {
        match step {
            Step::Bridges { of, bridges } => self.stage(
                1,
                &format!(
                    "pipeline {} of project {}: {}",
                    of.id,
                    of.project,
                    count(bridges.len(), "bridge")
                ),
            ),
            Step::Downstream { bridge, pipeline, at } => self.stage(
                2,
                &format!(
                    "bridge `{}`: pipeline {} of project {} ({})",
                    shown(bridge),
                    at.id,
                    at.project,
                    pipeline.status
                ),
            ),
            Step::Jobs { at, status, jobs } => {
                let jobs = count(jobs.len(), "job");
                self.tell(
                    Voice::Verbose,
                    &self.styled(FAINT, &format!("pipeline {} ({status}): {jobs}", at.id)),
                );
            }
            // The names of all that lost are for `explain`; a refusal lists the nearest.
            Step::Chosen { .. } => {}
            Step::Job { label, status, size } => {
                lock(&self.progress).arrived();
                let status = status.map(|status| format!(", {status}")).unwrap_or_default();
                let size = size.map(|size| format!(", {}", bytes(size))).unwrap_or_default();
                self.stage(3, &format!("job {}{status}{size}", shown(label)));
            }
            Step::Playing { label } => {
                self.tell(Voice::Normal, &format!("playing the manual job {}", shown(label)));
            }
            Step::Bytes { label, done, total } => {
                let line = lock(&self.progress).update(label, *done, *total, self.clock.elapsed());
                if let Some(line) = line {
                    self.stage(4, &line);
                }
            }
            Step::Downloaded { label, bytes: count, took } => {
                lock(&self.progress).done(label);
                let seconds = took.as_secs_f64();
                self.stage(4, &format!("{}: {} in {seconds:.1} s", shown(label), bytes(*count)));
            }
            Step::Cached { label, bytes: count } => {
                self.stage(4, &format!("{}: {} from the cache", shown(label), bytes(*count)));
            }
            Step::Placed { files, bytes: size, at } => {
                self.stage(
                    4,
                    &format!("{} ({}) in {}", count(*files, "file"), bytes(*size), shown(at)),
                );
            }
            Step::Exchange(exchange) => {
                self.tell(Voice::Verbose, &self.styled(FAINT, &exchange.to_string()));
            }
            Step::Retry { trouble, pause, number, of } => {
                let seconds = pause.as_secs_f64();
                self.warn(&format!(
                    "{}; trying again in {seconds:.1} s ({number} of {of})",
                    shown(trouble)
                ));
            }
            // A lookup that is asked again tells what has changed; on a terminal a live line shows
            // that the run is alive.
            Step::Waiting { why, pause } => {
                lock(&self.progress).waiting(why);
                self.tell(
                    Voice::Verbose,
                    &format!("looking again in {:.1} s", pause.as_secs_f64()),
                );
                if self.is_news(why) {
                    self.tell(Voice::Normal, &format!("waiting: {why}"));
                }
            }
            Step::Warning(warning) => self.warn(warning),
        }
    }
}

impl Ui {
    /// One of the four stages, told once: a lookup goes through the first ones again and again.
    fn stage(&self, number: u8, text: &str) {
        if number < 4 && !self.is_news(text) {
            return;
        }
        let stage = self.styled(FAINT, &format!("[{number}/4]"));
        self.tell(Voice::Normal, &format!("{stage} {text}"));
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn bytes(count: u64) -> String {
    ByteSize(count).display().iec().to_string()
}
