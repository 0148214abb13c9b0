//! Fetches through a stand-in that fails at random, by a seed: each ends right or with a clear
//! error, and leaves nothing behind. A short version is among the tests.

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

/// A fetch that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// What a fetch asks for, in turn.
const REQUESTS: [&str; 4] =
    ["GET pipelines/10/bridges", "GET pipelines/20/jobs", "GET jobs/201/artifacts", "GET store/*"];

/// One stand-in with one archive, for any number of fetches.
pub struct Soak {
    fake: Fake,
    rng: Rng,
    archive: Vec<u8>,
    /// What lands: paths with contents, sorted.
    files: Vec<(String, Vec<u8>)>,
    /// How often each thing came of a fetch.
    pub outcomes: BTreeMap<String, usize>,
}

impl Soak {
    /// With an archive of about so many bytes.
    pub fn new(size: usize, seed: u64) -> Soak {
        let mut items = vec![
            file("large.bin", noise(size / 2, seed)),
            file("packed.bin", noise(size / 4, seed + 1)).deflated(),
            file("bin/run", "#!/bin/sh\n").mode(0o100_755),
        ];
        // Windows may put a copy in its place.
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

    /// One fetch.
    ///
    /// # Errors
    /// What was not as it must be, with the faults that led to it.
    pub fn fetch(&mut self) -> Result<(), String> {
        self.fake.calm();
        let mut told = Vec::new();
        for _ in 0..self.rng.usize(0..=3) {
            let fault = self.fault();
            told.push(format!("{fault:?}"));
            self.fake.fault(fault);
        }
        let place = tempfile::tempdir().unwrap();
        let way = self.rng.choice(["-D out", "-D .", "-o it.zip"]).unwrap_or("-D out");
        let (exit, said) = self.run(place.path(), way)?;
        let wrong = self.wrong(place.path(), way, exit, &said);
        let error = said.lines().find(|line| line.starts_with("error: ")).unwrap_or("whole");
        *self.outcomes.entry(kind(exit, error)).or_default() += 1;
        wrong.map_or(Ok(()), |wrong| Err(format!("{wrong}\n{way}\n{told:#?}\n{said}")))
    }

    /// How it ended, and all that was said.
    fn run(&self, dir: &Path, way: &str) -> Result<(u8, String), String> {
        let (stdout, stderr) = (Pipe::new(usize::MAX), Pipe::new(usize::MAX));
        let stream = |pipe: &Pipe| Stream { writer: Box::new(pipe.clone()), terminal: false };
        let line = format!("downriver fetch build --timeout 300ms {way}");
        let vars = [
            ("CI_API_V4_URL", self.fake.api_url()),
            ("CI_PROJECT_ID", "1".to_owned()),
            ("CI_PIPELINE_ID", "10".to_owned()),
            ("GITLAB_TOKEN", self.fake.token("private").0),
        ];
        let env = Env {
            args: line.split(' ').map(Into::into).collect(),
            vars: vars.map(|(name, value)| (name.to_owned(), value)).into(),
            dir: dir.to_owned(),
            stdin: Box::new(std::io::empty()),
            stdout: stream(&stdout),
            stderr: stream(&stderr),
            clock: Arc::new(FakeClock::default()),
            interrupt: Interrupt::default(),
        };
        let (tell, told) = mpsc::channel();
        let run = std::thread::spawn(move || tell.send(downriver::run(env).code()));
        let exit = told.recv_timeout(LONGEST);
        let said = String::from_utf8_lossy(&stderr.bytes()).into_owned();
        let exit = exit.map_err(|error| format!("it hangs or panicked: {error}\n{said}"))?;
        let _ = run.join();
        Ok((exit, said))
    }

    fn wrong(&self, place: &Path, way: &str, exit: u8, said: &str) -> Option<String> {
        let there = files(place);
        if let Some(secret) = self.fake.secrets().iter().find(|secret| said.contains(*secret)) {
            return Some(format!("a secret is said: {secret}"));
        }
        if exit != 0 {
            return match (exit, there.is_empty(), said.contains("error: ")) {
                (3..=6, true, true) => None,
                (_, false, _) => Some(format!("it failed and left {} files", there.len())),
                _ => Some(format!("no clear error, exit {exit}")),
            };
        }
        let whole = match way {
            "-o it.zip" => there == [("it.zip".to_owned(), self.archive.clone())],
            _ => there == self.landed(way.trim_start_matches("-D ")),
        };
        (!whole).then(|| format!("it succeeded with other files: {}", there.len()))
    }

    fn landed(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let below =
            |name: &str| if folder == "." { name.into() } else { format!("{folder}/{name}") };
        self.files.iter().map(|(name, bytes)| (below(name), bytes.clone())).collect()
    }

    /// Any of the ways in which the stand-in can fail, somewhere.
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

/// The exit code, and what the error is about, without what differs from run to run.
fn kind(exit: u8, error: &str) -> String {
    let words = error.rsplit(": ").next().unwrap_or_default();
    let words = words.replace(|c: char| c.is_ascii_digit(), "");
    format!("{exit} {}", words.chars().take(60).collect::<String>())
}

/// Everything below a folder that is no folder: links by where they point.
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
