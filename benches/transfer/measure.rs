//! Runs of the contenders, measured by the operating system.

use std::path::Path;
use std::process::Command;

use crate::contenders::Contender;
use crate::serve::Servers;

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
pub fn run(contender: &Contender, servers: &Servers, folder: &Path) -> Sample {
    let before = (servers.bytes(), servers.requests());
    let output = Command::new("python3")
        .args(["-c", WRAP, &contender.command])
        .current_dir(folder)
        .output()
        .expect("python3 measures");
    assert!(output.status.success(), "{}: {output:?}", contender.name);
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap_or_default();
    let numbers: Vec<f64> = last.split(' ').map(|number| number.parse().unwrap()).collect();
    Sample {
        wall: numbers[0],
        user: numbers[1],
        system: numbers[2],
        memory: numbers[3],
        bytes: servers.bytes() - before.0,
        requests: servers.requests() - before.1,
    }
}
