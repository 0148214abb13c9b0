//! Fetches from a stand-in with random faults, reproducible by a seed. Each must either succeed with
//! the right files or fail with a clear error and leave no files. The tests run a short version.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use downriver::env::{Env, Stream};
use downriver::interrupt::Interrupt;
use fastrand::Rng;
use serde_json::json;

use crate::fake::{Fake, Fault, World, noise};
use crate::outside::{FakeClock, Pipe};
use crate::zip_builder::{ZipItem, file, link, zip};

/// The time after which a fetch is considered to hang.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The requests of a fetch, in order.
const REQUESTS: [&str; 4] =
    ["GET pipelines/10/bridges", "GET pipelines/20/jobs", "GET jobs/201/artifacts", "GET store/*"];

/// A stand-in with one archive, for any number of fetches.
pub struct Soak {
    fake: Fake,
    rng: Rng,
    archive: Vec<u8>,
    /// The files of the archive: paths with contents, sorted.
    files: Vec<(String, Vec<u8>)>,
    /// The number of fetches by outcome.
    pub outcomes: BTreeMap<String, usize>,
}

impl Soak {
    /// Starts a stand-in with an archive of about `size` bytes.
    pub fn new(size: usize, seed: u64) -> Soak {
        let mut items = vec![
            file("large.bin", noise(size / 2, seed)),
            file("packed.bin", noise(size / 4, seed + 1)).deflated(),
            file("bin/run", "#!/bin/sh\n").mode(0o100_755),
        ];
        // On Windows a link may become a copy.
        items.extend(cfg!(unix).then(|| link("run", "bin/run")));
        items.extend((0..200).map(|i| {
            let item = file(format!("many/{}/{i}", i % 7), noise(size / 800 + i, i as u64));
            if i % 2 == 0 { item } else { item.deflated().but(|item| item.flags = 8) }
        }));
        let archive = zip(&items);
        let name = |item: &ZipItem| String::from_utf8(item.name.clone()).unwrap();
        let mut files: Vec<_> = items.iter().map(|item| (name(item), item.data.clone())).collect();
        files.sort();
        let world = World::from_json(json!({
            "server": {"archives": "redirect"},
            "projects": [
                {"id": 1, "pipelines": [
                    {"id": 10, "bridges": [{"id": 90, "name": "down", "downstream": 20}]},
                ]},
                {"id": 2, "pipelines": [{"id": 20, "jobs": [
                    {"id": 201, "name": "build", "archive": {"made": "it"}},
                ]}]},
            ],
        }));
        let fake = Fake::start(world.made("it", archive.clone()));
        Soak { fake, rng: Rng::with_seed(seed), archive, files, outcomes: BTreeMap::new() }
    }

    /// Runs a fetch with random faults.
    ///
    /// # Errors
    /// A wrong outcome, with the faults that led to it.
    pub fn fetch(&mut self) -> Result<(), String> {
        self.fake.calm();
        let mut faults = Vec::new();
        for _ in 0..self.rng.usize(0..=3) {
            let fault = self.fault();
            faults.push(format!("{fault:?}"));
            self.fake.fault(fault);
        }
        let place = tempfile::tempdir().unwrap();
        let target = self.rng.choice(["-D out", "-D .", "-o it.zip"]).unwrap_or("-D out");
        let (exit, stderr_text) = self.run(place.path(), target)?;
        let problem = self.problem(place.path(), target, exit, &stderr_text);
        let error = stderr_text.lines().find(|line| line.starts_with("error: ")).unwrap_or("whole");
        *self.outcomes.entry(outcome(exit, error)).or_default() += 1;
        problem.map_or(Ok(()), |problem| {
            Err(format!("{problem}\n{target}\n{faults:#?}\n{stderr_text}"))
        })
    }

    /// Returns the exit code and the output on standard error.
    fn run(&self, dir: &Path, target: &str) -> Result<(u8, String), String> {
        let (stdout, stderr) = (Pipe::new(usize::MAX), Pipe::new(usize::MAX));
        let stream = |pipe: &Pipe| Stream { writer: Box::new(pipe.clone()), terminal: false };
        let line = format!("downriver fetch build --timeout 300ms {target}");
        let vars = [
            ("CI_API_V4_URL", self.fake.api_url()),
            ("CI_PROJECT_ID", "1".to_owned()),
            ("CI_PIPELINE_ID", "10".to_owned()),
            ("GITLAB_TOKEN", self.fake.token("private").0),
        ];
        let env = Env {
            args: line.split(' ').map(Into::into).collect(),
            vars: vars.map(|(name, value)| (name.to_owned(), value)).into(),
            not_unicode: Default::default(),
            dir: dir.to_owned(),
            stdin: Box::new(std::io::empty()),
            keyboard: None,
            stdout: stream(&stdout),
            stderr: stream(&stderr),
            clock: Arc::new(FakeClock::default()),
            interrupt: Interrupt::default(),
        };
        let (sender, receiver) = mpsc::channel();
        let run = std::thread::spawn(move || sender.send(downriver::run(env).code()));
        let exit = receiver.recv_timeout(TIMEOUT);
        let stderr_text = String::from_utf8_lossy(&stderr.bytes()).into_owned();
        let exit = exit.map_err(|error| format!("it hangs or panicked: {error}\n{stderr_text}"))?;
        let _ = run.join();
        Ok((exit, stderr_text))
    }

    /// Describes a wrong outcome, or returns None for an allowed one.
    fn problem(&self, place: &Path, target: &str, exit: u8, stderr_text: &str) -> Option<String> {
        let there = files(place);
        if let Some(secret) =
            self.fake.secrets().iter().find(|secret| stderr_text.contains(*secret))
        {
            return Some(format!("a secret was printed: {secret}"));
        }
        if exit != 0 {
            return match (exit, there.is_empty(), stderr_text.contains("error: ")) {
                (3..=6, true, true) => None,
                (_, false, _) => Some(format!("it failed and left {} files", there.len())),
                _ => Some(format!("no clear error, exit {exit}")),
            };
        }
        let whole = match target {
            "-o it.zip" => there == [("it.zip".to_owned(), self.archive.clone())],
            _ => there == self.expected_files(target.trim_start_matches("-D ")),
        };
        (!whole).then(|| format!("it succeeded with other files: {}", there.len()))
    }

    fn expected_files(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let below =
            |name: &str| if folder == "." { name.into() } else { format!("{folder}/{name}") };
        self.files.iter().map(|(name, bytes)| (below(name), bytes.clone())).collect()
    }

    /// Returns a random fault of a random request.
    fn fault(&mut self) -> Fault {
        let at = self.rng.usize(0..self.archive.len());
        let request = REQUESTS[self.rng.usize(0..REQUESTS.len())];
        let fault = Fault::on(request).after(self.rng.usize(0..=1));
        let fault = match self.rng.usize(0..=9) {
            0 => fault.always(),
            _ => fault.times(self.rng.usize(1..=3)),
        };
        let statuses = [400, 401, 403, 404, 408, 410, 416, 429, 500, 502, 503, 504];
        let status = statuses[self.rng.usize(0..statuses.len())];
        match self.rng.usize(0..=19) {
            0..=2 => fault.status(status),
            3 => fault.close(),
            4 => fault.reset(),
            5 | 6 => fault.cut(at),
            7 | 8 => fault.cut(at).torn(),
            9 => fault.chunked().cut(at),
            10 => fault.until_close().cut(at),
            11 => fault.until_close().cut(at).torn(),
            12 => fault.stall(at),
            13 => fault.length(at as u64),
            14 => fault.extra("more than that"),
            15 => fault.sign_in_page(),
            16 => fault.storage_refuses(),
            17 => fault.redirect(["{api}{self}", "{store}/gone", "file:///x"][at % 3]),
            18 => fault.without_header("ETag").header("ETag", "\"other\""),
            _ => fault.without_header("Content-Range").header("Content-Range", "bytes 0-4/5"),
        }
    }
}

/// Returns the exit code with the end of the error message, without digits, which differ by run.
fn outcome(exit: u8, error: &str) -> String {
    let words = error.rsplit(": ").next().unwrap_or_default();
    let words = words.replace(|c: char| c.is_ascii_digit(), "");
    format!("{exit} {}", words.chars().take(60).collect::<String>())
}

/// Returns all files below a folder with their contents; for links, their targets.
fn files(place: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut all, mut left) = (Vec::new(), vec![place.to_owned()]);
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(place).unwrap().display().to_string().replace('\\', "/");
            if path.is_symlink() {
                let target = std::fs::read_link(&path).unwrap().display().to_string();
                all.push((name, target.into_bytes()));
            } else if path.is_dir() {
                left.push(path);
            } else {
                all.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    all.sort();
    all
}
