//! Runs of the contenders, measured by the operating system.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use crate::serve::Server;

/// A program that downloads and unpacks the archive.
pub struct Contender {
    pub name: &'static str,
    /// The shell command; the files go to `out`.
    command: String,
    /// `out` holds an extracted older archive; otherwise it does not exist.
    pub updates: bool,
    /// The defect of its result, if there is one.
    pub defect: Option<&'static str>,
}

/// The measurements of one run; times in seconds.
#[derive(Clone, Copy)]
pub struct Sample {
    pub wall: f64,
    pub user: f64,
    pub system: f64,
    /// Peak memory in MiB.
    pub memory: f64,
    pub bytes: u64,
    pub requests: u64,
}

/// Returns downriver and the other contenders that are installed.
pub fn contenders(server: &Server, sync: bool) -> Vec<Contender> {
    let (it, api) = (env!("CARGO_BIN_EXE_downriver"), &server.origin);
    // Typical commands. ripunzip does not follow redirects, so it gets the URL of the storage.
    let url = format!("-L {api}/api/v4/projects/1/jobs/7/artifacts");
    let stored = format!("{api}/store/it.zip");
    let fetch = format!(
        "CI_API_V4_URL={api}/api/v4 CI_PROJECT_ID=1 GITLAB_TOKEN=glpat-bench exec {it} fetch --job-id 7 -D out"
    );
    let unzip = format!("curl -sSo it.zip {url} && unzip -q");
    if sync {
        let all = [
            ("downriver --sync", true, format!("{fetch} --sync")),
            ("downriver", false, fetch),
            ("curl+unzip -uo", true, format!("{unzip} -uo it.zip -d out")),
        ];
        let contender =
            |(name, updates, command)| Contender { name, command, updates, defect: None };
        return all.map(contender).into();
    }
    let all = [
        ("downriver", "true", fetch),
        ("curl+unzip", "unzip", format!("{unzip} it.zip -d out")),
        ("curl|bsdtar", "bsdtar", format!("mkdir out && curl -sS {url} | bsdtar -xf - -C out")),
        ("curl+7z", "7z", format!("curl -sSo it.zip {url} && 7z x -bd -y -oout it.zip >/dev/null")),
        (
            "curl+python",
            "python3",
            format!("curl -sSo it.zip {url} && python3 -m zipfile -e it.zip out"),
        ),
        ("ripunzip", "ripunzip", format!("exec ripunzip unzip-uri {stored} -d out")),
    ];
    let installed = |tool: &str| {
        Command::new("sh")
            .args(["-c", &format!("command -v {tool} && command -v curl")])
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    all.into_iter()
        .filter(|(_, tool, _)| installed(tool))
        .map(|(name, _, command)| Contender { name, command, updates: false, defect: None })
        .collect()
}

/// A Python program that runs the command and prints its times and peak memory, because Rust's
/// standard library does not report those of a child process. Python's own memory hides peaks
/// below about 13 MiB.
const WRAP: &str = "
import os, sys, time
start = time.perf_counter()
child = os.posix_spawnp('sh', ['sh', '-c', sys.argv[1]], os.environ)
_, status, used = os.wait4(child, 0)
print(time.perf_counter() - start, used.ru_utime, used.ru_stime, used.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
";

/// Runs a contender in this folder and measures it.
pub fn run(contender: &Contender, server: &Server, folder: &Path) -> Sample {
    let count = || {
        let read = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        (read(&server.counts.bytes), read(&server.counts.requests))
    };
    let before = count();
    let output = Command::new("python3")
        .args(["-c", WRAP, &contender.command])
        .current_dir(folder)
        .output()
        .expect("python3 measures");
    assert!(output.status.success(), "{}: {output:?}", contender.name);
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap_or_default();
    let numbers: Vec<f64> = last.split(' ').map(|number| number.parse().unwrap()).collect();
    let (bytes, requests) = count();
    Sample {
        wall: numbers[0],
        user: numbers[1],
        system: numbers[2],
        memory: numbers[3],
        bytes: bytes - before.0,
        requests: requests - before.1,
    }
}
