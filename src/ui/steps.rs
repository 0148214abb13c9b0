//! The steps of a run, printed on standard error as they happen.

use super::age::age;
use super::style::FAINT;
use super::totals::bytes;
use super::verbosity::Verbosity;
use super::{streams::Ui, totals};
use crate::sanitize::{sanitize, sanitize_whole};
use crate::step::{Step, SyncCounts, Watch};

impl Watch for Ui {
    fn step(&self, step: &Step<'_>) {
        match step {
            Step::Latest { project, pipeline, of } => {
                let now = self.clock.now();
                let age = pipeline.created_at.as_deref().and_then(|at| age(at, now));
                let age = age.map(|age| format!(", created {age}")).unwrap_or_default();
                let text = format!(
                    "pipeline {} of project {project}, the newest of {of}: {}{age}",
                    pipeline.id, pipeline.status
                );
                // A repeated lookup finds the same pipeline, with another age.
                if self.is_new(&format!("pipeline {}", pipeline.id)) {
                    self.message(Verbosity::Normal, &text);
                }
            }
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
                    sanitize(bridge),
                    at.id,
                    at.project,
                    pipeline.status
                ),
            ),
            Step::Jobs { at, status, jobs } => {
                let jobs = count(jobs.len(), "job");
                self.message(
                    Verbosity::Verbose,
                    &self.styled(FAINT, &format!("pipeline {} ({status}): {jobs}", at.id)),
                );
            }
            // The candidates that were not chosen are printed by `explain` only.
            Step::Chosen { .. } => {}
            Step::Archives(archives) => self.progress().totals.expect(archives),
            Step::Job { label, named, status, size } => {
                let mut progress = self.progress();
                progress.clear_wait();
                progress.begin(label, *size, self.clock.elapsed());
                drop(progress);
                let status = status.map(|status| format!(", {status}")).unwrap_or_default();
                let size = size.map(|size| format!(", {}", bytes(size))).unwrap_or_default();
                let job = if *named { "job " } else { "" };
                self.stage(3, &format!("{job}{}{status}{size}", sanitize(label)));
            }
            Step::LastPipeline { pipeline, ref_, tip, retried } => {
                let next = match (retried, tip) {
                    (true, _) => "it is retried",
                    (false, Some(_)) => "the ref has moved on since, so a new one is started",
                    (false, None) => "a new one is started",
                };
                let (id, status, ref_) = (pipeline.id, &pipeline.status, sanitize(ref_));
                let text = format!("pipeline {id} of ref `{ref_}` ({status}): {next}");
                self.message(Verbosity::Normal, &text);
            }
            Step::Playing { name, id, .. } => {
                let text = format!("playing the manual job {} ({id})", sanitize(name));
                self.message(Verbosity::Normal, &text);
            }
            // The error of the run says so.
            Step::NothingToPlay => {}
            Step::Polled => {}
            Step::Bytes { label, done, total } => {
                let line = self.progress().update(label, *done, *total, self.clock.elapsed());
                if let Some(line) = line {
                    self.stage(4, &line);
                }
            }
            Step::Downloaded { label, bytes: count, took } => {
                self.progress().complete(label, *count, self.clock.elapsed());
                self.stage(
                    4,
                    &format!("{}: {}", sanitize(label), totals::size_and_time(*count, *took)),
                );
            }
            Step::Cached { label, bytes: count } => {
                self.progress().totals.remove(label);
                self.stage(4, &format!("{}: {} from the cache", sanitize(label), bytes(*count)));
            }
            Step::Placed { label, files, bytes: size, at } => {
                let (files, size) = (count(*files, "file"), bytes(*size));
                self.result(label, &format!("{files} ({size}) in {}", sanitize(at)));
            }
            Step::Removed { path } => {
                let line = self.styled(FAINT, &format!("removed {}", sanitize_whole(path)));
                self.message(Verbosity::Verbose, &line);
            }
            Step::Synced { label, counts, bytes: size, at } => {
                let counts = sync_counts(*counts);
                let (size, at) = (bytes(*size), sanitize(at));
                self.result(label, &format!("{counts} ({size} written) in {at}"));
            }
            Step::Saved { label, bytes: size, file } => {
                self.result(label, &format!("{} in {}", bytes(*size), sanitize(file)));
            }
            Step::Exchange(exchange) => {
                self.message(Verbosity::Verbose, &self.styled(FAINT, &exchange.to_string()));
            }
            Step::Retry { reason, pause, number, of } => {
                let seconds = pause.as_secs_f64();
                self.warn(&format!(
                    "{}; trying again in {seconds:.1} s ({number} of {of})",
                    sanitize(reason)
                ));
            }
            // Polling prints only changed reasons. On a terminal a live line shows the wait.
            Step::Waiting { reason, pause } => {
                let mut progress = self.progress();
                progress.totals.pause(self.clock.elapsed());
                progress.show_wait(reason);
                drop(progress);
                self.message(
                    Verbosity::Verbose,
                    &format!("looking again in {:.1} s", pause.as_secs_f64()),
                );
                if self.is_new(reason) {
                    self.message(Verbosity::Normal, &format!("waiting: {reason}"));
                }
            }
            Step::Warning(warning) => self.warn(warning),
        }
    }
}

impl Ui {
    /// Prints the last line of a job, after the summary of all downloads.
    fn result(&self, label: &str, text: &str) {
        let summary = self.progress().take_summary();
        summary.into_iter().for_each(|summary| self.stage(4, &summary));
        self.stage(4, &format!("{}: {text}", sanitize(label)));
    }

    /// Prints a line of one of the four stages. Polling repeats the first three, whose lines are
    /// printed only once.
    fn stage(&self, number: u8, text: &str) {
        if number < 4 && !self.is_new(text) {
            return;
        }
        let stage = self.styled(FAINT, &format!("[{number}/4]"));
        self.message(Verbosity::Normal, &format!("{stage} {text}"));
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Words the counts of a `--sync`, such as `3 files the same, 1 changed, 0 new, 2 removed`.
fn sync_counts(counts: SyncCounts) -> String {
    let SyncCounts { unchanged, modes, changed, new, removed } = counts;
    let modes = match modes {
        0 => String::new(),
        modes => format!(" ({} corrected)", count(modes, "mode")),
    };
    let same = count(unchanged, "file");
    format!("{same} the same{modes}, {changed} changed, {new} new, {removed} removed")
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::args::OutputArgs;
    use crate::clock::Clock;
    use crate::env::Stream;

    /// A clock that the test sets.
    #[derive(Default)]
    struct TestClock(Mutex<Duration>);

    impl Clock for TestClock {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn elapsed(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn sleep(&self, _: Duration) {}
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns the log of steps, each at its second.
    fn log_of(steps: &[(u64, Step<'_>)]) -> String {
        let (log, clock) = (Log::default(), Arc::new(TestClock::default()));
        let stream = |writer: Box<dyn Write + Send>| Stream { writer, terminal: false };
        let (out, err) = (stream(Box::new(io::sink())), stream(Box::new(log.clone())));
        let ui = Ui::new(out, err, &OutputArgs::default(), true, clock.clone());
        for (second, step) in steps {
            *clock.0.lock().unwrap() = Duration::from_secs(*second);
            ui.step(step);
        }
        let log = log.0.lock().unwrap().clone();
        String::from_utf8(log).unwrap()
    }

    const MIB: u64 = 1 << 20;

    fn job(label: &str) -> Step<'_> {
        Step::Job { label, named: true, status: None, size: None }
    }

    fn bytes(label: &str, done: u64) -> Step<'_> {
        Step::Bytes { label, done: done * MIB, total: Some(100 * MIB) }
    }

    fn downloaded(label: &str, seconds: u64) -> Step<'_> {
        Step::Downloaded { label, bytes: 100 * MIB, took: Duration::from_secs(seconds) }
    }

    #[test]
    fn a_slow_download_is_logged_every_ten_seconds() {
        let mut steps = vec![(30, job("build (1)"))];
        steps.extend((31..80).map(|second| (second, bytes("build (1)", 2 * (second - 30)))));
        steps.push((80, downloaded("build (1)", 50)));
        steps.push((81, Step::Placed { label: "build (1)", files: 1, bytes: MIB, at: "out" }));
        assert_eq!(
            log_of(&steps),
            "[3/4] job build (1)\n\
             [4/4] build (1): 20.0 MiB of 100.0 MiB, 2.0 MiB/s, 40s left\n\
             [4/4] build (1): 40.0 MiB of 100.0 MiB, 2.0 MiB/s, 30s left\n\
             [4/4] build (1): 60.0 MiB of 100.0 MiB, 2.0 MiB/s, 20s left\n\
             [4/4] build (1): 80.0 MiB of 100.0 MiB, 2.0 MiB/s, 10s left\n\
             [4/4] build (1): 100.0 MiB in 50.0 s, 2.0 MiB/s\n\
             [4/4] build (1): 1 file (1.0 MiB) in out\n"
        );
    }

    #[test]
    fn several_downloads_are_logged_by_their_totals() {
        let archives = ["a", "b", "c"].map(|label| (label.to_owned(), Some(100 * MIB)));
        let mut steps = vec![(0, Step::Archives(&archives)), (0, job("a")), (0, job("b"))];
        for second in 1..20 {
            steps.push((second, bytes("a", 5 * second)));
            steps.push((second, bytes("b", 5 * second)));
        }
        let cached = Step::Cached { label: "c", bytes: 100 * MIB };
        steps.extend([(20, downloaded("a", 20)), (20, job("c")), (20, cached)]);
        steps.push((20, downloaded("b", 20)));
        steps.extend(
            ["a (1)", "b (2)"]
                .map(|label| (21, Step::Placed { label, files: 1, bytes: MIB, at: "out" })),
        );
        assert_eq!(
            log_of(&steps),
            "[3/4] job a\n\
             [3/4] job b\n\
             [4/4] 0 of 3 archives: 95.0 MiB of 300.0 MiB, 9.5 MiB/s, 22s left\n\
             [4/4] a: 100.0 MiB in 20.0 s, 5.0 MiB/s\n\
             [3/4] job c\n\
             [4/4] c: 100.0 MiB from the cache\n\
             [4/4] b: 100.0 MiB in 20.0 s, 5.0 MiB/s\n\
             [4/4] 2 archives: 200.0 MiB in 20.0 s, 10.0 MiB/s\n\
             [4/4] a (1): 1 file (1.0 MiB) in out\n\
             [4/4] b (2): 1 file (1.0 MiB) in out\n"
        );
    }
}
