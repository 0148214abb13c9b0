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

/// Flags for every destination that has temporary files of its own.
const TARGETS: [&str; 11] = [
    "-D out",
    "-D .",
    "-o it.zip",
    "-D out --streams 4",
    "-D out --durable",
    "-D out --cache cache",
    "-o it.zip --cache cache",
    "-D out --sync",
    "-D out --sync --delete",
    "-D new/out --dotenv vars.env",
    "-D out --dotenv nowhere/vars.env",
];

/// The requests of a fetch, in order.
const REQUESTS: [&str; 4] =
    ["GET pipelines/10/bridges", "GET pipelines/20/jobs", "GET jobs/201/artifacts", "GET store/*"];

/// A path and its content.
type File = (String, Vec<u8>);

/// The end of a run.
struct Ended {
    exit: u8,
    stderr_text: String,
    /// The files when the cleanup after a signal had ended.
    at_signal: Option<Vec<File>>,
}

/// The temporary directory of a run that was killed.
const STALE: &str = ".downriver-00000000dead";

/// A stand-in with one archive, for any number of fetches.
pub struct Soak {
    fake: Fake,
    rng: Rng,
    archive: Vec<u8>,
    /// The files of the archive: paths with contents, sorted.
    files: Vec<File>,
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
        let target = TARGETS[self.rng.usize(0..TARGETS.len())];
        fill(place.path(), self.rng.bool());
        let before = files(place.path());
        let signal =
            (self.rng.usize(0..8) == 0).then(|| Duration::from_millis(self.rng.u64(0..400)));
        let Ended { exit, stderr_text, at_signal } = self.run(place.path(), target, signal)?;
        let found = files(place.path());
        let problem = at_signal
            // Files that are open stay on Windows until the process has ended.
            .filter(|_| cfg!(unix))
            .and_then(|found| self.problem(target, &before, found, None, ""))
            .or_else(|| {
                self.problem(target, &before, found, signal.is_none().then_some(exit), &stderr_text)
            });
        let error = stderr_text.lines().find(|line| line.starts_with("error: ")).unwrap_or("whole");
        let error = if signal.is_some() { "a signal" } else { error };
        *self.outcomes.entry(outcome(exit, error)).or_default() += 1;
        problem.map_or(Ok(()), |problem| {
            Err(format!("{problem}\n{target} {signal:?}\n{faults:#?}\n{stderr_text}"))
        })
    }

    /// Runs the program, with a signal after this time if there is one.
    fn run(&self, dir: &Path, target: &str, signal: Option<Duration>) -> Result<Ended, String> {
        let (stdout, stderr) = (Pipe::new(usize::MAX), Pipe::new(usize::MAX));
        let stream = |pipe: &Pipe| Stream { writer: Box::new(pipe.clone()), terminal: false };
        let line = format!("downriver fetch build --timeout 300ms {target}");
        let vars = [
            ("CI_API_V4_URL", self.fake.api_url()),
            ("CI_PROJECT_ID", "1".to_owned()),
            ("CI_PIPELINE_ID", "10".to_owned()),
            ("GITLAB_TOKEN", self.fake.token("private").0),
        ];
        let interrupt = Interrupt::default();
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
            interrupt: interrupt.clone(),
        };
        let (sender, receiver) = mpsc::channel();
        let run = std::thread::spawn(move || sender.send(downriver::run(env).code()));
        let at_signal = signal.map(|after| {
            std::thread::sleep(after);
            // The process would end where the cleanup has ended.
            let _cleanup = interrupt.clean_up(|| true);
            files(dir)
        });
        let exit = receiver.recv_timeout(TIMEOUT);
        let stderr_text = String::from_utf8_lossy(&stderr.bytes()).into_owned();
        let exit = exit.map_err(|error| format!("it hangs or panicked: {error}\n{stderr_text}"))?;
        let _ = run.join();
        Ok(Ended { exit, stderr_text, at_signal })
    }

    /// Describes a wrong outcome, or returns None for an allowed one. Without an exit code, which a
    /// signal decides, all files or none may be there.
    fn problem(
        &self,
        target: &str,
        before: &[File],
        mut found: Vec<File>,
        exit: Option<u8>,
        stderr_text: &str,
    ) -> Option<String> {
        if let Some(secret) =
            self.fake.secrets().iter().find(|secret| stderr_text.contains(*secret))
        {
            return Some(format!("a secret was printed: {secret}"));
        }
        // The cache may keep the archive whatever becomes of the run.
        found.retain(|(name, bytes)| !(name.starts_with("cache/http") && *bytes == self.archive));
        // Of a killed run: the next one removes it when it has something temporary of its own.
        let stale = |(name, _): &File| name.starts_with(STALE);
        let removed = cfg!(not(unix)) || !found.iter().any(stale);
        found.retain(|file| !stale(file));
        let before: Vec<&File> = before.iter().filter(|file| !stale(file)).collect();
        let unchanged = found.iter().eq(before.iter().copied());
        let whole = removed && self.is_whole(target, &before, found.clone());
        let allowed = if target.contains("nowhere") { 9..=9 } else { 3..=6 };
        match exit {
            None if unchanged || whole => None,
            None => Some(format!("a signal left {:?}", names(&found))),
            Some(0) => (!whole).then(|| format!("it succeeded with {:?}", names(&found))),
            Some(_) if !unchanged => Some(format!("it failed and left {:?}", names(&found))),
            Some(exit) if allowed.contains(&exit) && stderr_text.contains("error: ") => None,
            Some(exit) => Some(format!("no clear error, exit {exit}")),
        }
    }

    /// Returns true if the files are those of a run that succeeded.
    fn is_whole(&self, target: &str, before: &[&File], mut found: Vec<File>) -> bool {
        let variables = found.iter().position(|(name, _)| name == "vars.env");
        if variables.map(|at| found.remove(at)).is_some() != target.contains("--dotenv") {
            return false;
        }
        let words: Vec<&str> = target.split(' ').collect();
        let deletes = target.contains("--delete");
        let mut expected: BTreeMap<String, Vec<u8>> =
            before.iter().map(|it| (*it).clone()).collect();
        expected.retain(|name, _| !(deletes && name.starts_with("out/")));
        match words[..] {
            ["-o", file, ..] => drop(expected.insert(file.to_owned(), self.archive.clone())),
            [_, ".", ..] => expected.extend(self.files.clone()),
            _ => expected.extend(
                self.files.iter().map(|(name, it)| (format!("{}/{name}", words[1]), it.clone())),
            ),
        }
        found.into_iter().eq(expected)
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
        match self.rng.usize(0..=28) {
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
            19 => fault.without_header("Content-Range").header("Content-Range", "bytes 0-4/5"),
            // A proxy that compresses, or says so.
            20 => fault.gzip(),
            21 => fault.deflate(),
            22 => fault.header("Content-Encoding", "br"),
            // Silence before the answer, and bytes that drip into the limits of time.
            23 => fault.first_byte_after(Duration::from_millis(at as u64 % 500)),
            24 => Fault::on(REQUESTS[at % 2]).drip(Duration::from_millis(5)),
            // Addresses as curl and browsers follow them, and a page in place of an answer.
            25 => fault.redirect(["x.zip", "../y z", "?x=1", "//", "http://[::1"][at % 5]),
            26 => fault.body(200, "text/html", "<!DOCTYPE html><title>Sign in</title>"),
            // Names without bound, and values that are none.
            27 => fault.json(200, &json!([{"id": 201, "name": "x".repeat(at % 3_000_000)}])),
            _ => fault.length(u64::MAX - at as u64),
        }
    }
}

/// Returns the exit code with the end of the error message, without digits, which differ by run.
fn outcome(exit: u8, error: &str) -> String {
    let words = error.rsplit(": ").next().unwrap_or_default();
    let words = words.replace(|c: char| c.is_ascii_digit(), "");
    format!("{exit} {}", words.chars().take(60).collect::<String>())
}

/// Makes files of the user, and if `killed` those of a run that was killed.
fn fill(place: &Path, killed: bool) {
    let stale =
        [format!("{STALE}/lock"), format!("{STALE}/tree/many/0/0"), format!("{STALE}/file")];
    let mine = ["mine", "bin/run", "out/old", "out/bin/run", "out/many/0/0"].map(str::to_owned);
    for name in mine.into_iter().chain(stale.into_iter().filter(|_| killed)) {
        let path = place.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "old").unwrap();
    }
}

/// Returns all files below a folder with their contents, sorted by name; for links, their targets.
fn files(place: &Path) -> Vec<File> {
    let (mut all, mut left) = (Vec::new(), vec![place.to_owned()]);
    while let Some(folder) = left.pop() {
        // The run may go on meanwhile, and remove its temporary files.
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let Ok(path) = entry.map(|entry| entry.path()) else { continue };
            let name = path.strip_prefix(place).unwrap().display().to_string().replace('\\', "/");
            if path.is_symlink() {
                let target = std::fs::read_link(&path).unwrap_or_default();
                all.push((name, target.display().to_string().into_bytes()));
            } else if path.is_dir() {
                left.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                all.push((name, bytes));
            }
        }
    }
    all.sort();
    all
}

fn names(files: &[File]) -> Vec<&str> {
    files.iter().map(|(name, _)| &**name).collect()
}
