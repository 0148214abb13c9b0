//! The contenders: downriver, and other tools in commands as people write them.

use std::process::{Command, Stdio};

use crate::serve::Servers;

/// The tasks that contenders are compared at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Downloads and unpacks the archive.
    Fetch,
    /// Downloads it by a link, where several connections may be faster than one.
    FetchByLink,
    /// Updates an unpacked older archive.
    Update,
}

/// A program that downloads and unpacks the archive.
pub struct Contender {
    pub name: &'static str,
    /// The shell command; the files go to `out`.
    pub command: String,
    /// `out` holds an unpacked older archive; otherwise it does not exist.
    pub updates: bool,
    /// The defect of its result, if there is one.
    pub defect: Option<&'static str>,
}

/// The program of a contender besides downriver and curl, which must be installed for it.
type Tool = &'static str;

/// The tools, each with the arguments that make it print its version.
const VERSIONS: [(Tool, &[&str]); 8] = [
    ("curl", &["--version"]),
    ("unzip", &["-v"]),
    ("unzrip", &["--version"]),
    ("bsdtar", &["--version"]),
    ("7z", &[]),
    ("python3", &["--version"]),
    ("ripunzip", &["--version"]),
    ("aria2c", &["--version"]),
];

/// Returns downriver, which comes first, and the other contenders at a task that are installed.
pub fn contenders(servers: &Servers, task: Task) -> Vec<Contender> {
    let (program, gitlab) = (env!("CARGO_BIN_EXE_downriver"), &servers.gitlab);
    let fetch = format!(
        "CI_API_V4_URL={gitlab}/api/v4 CI_PROJECT_ID=1 GITLAB_TOKEN=glpat-bench exec {program} fetch --job-id 7 -D out"
    );
    let url = format!("{gitlab}/api/v4/projects/1/jobs/7/artifacts");
    let save = format!("curl -sSLo it.zip {url}");
    let in_parts = format!("aria2c -q -x4 -s4 -k4M -o it.zip {url}");
    let unzip = "unzip -q it.zip -d out";
    let bsdtar = format!("mkdir out && curl -sSL {url} | bsdtar -xf - -C out");
    // ripunzip does not follow redirects, so it gets the address of the storage.
    let ripunzip = format!("exec ripunzip unzip-uri {} -d out", servers.archive);
    let all: Vec<(&str, Tool, String)> = match task {
        Task::Fetch => vec![
            ("downriver", "curl", fetch),
            ("curl+unzip", "unzip", format!("{save} && {unzip}")),
            ("curl+unzrip", "unzrip", format!("{save} && mkdir out && cd out && unzrip ../it.zip")),
            ("curl|bsdtar", "bsdtar", bsdtar),
            ("curl+7z", "7z", format!("{save} && 7z x -bd -y -oout it.zip >/dev/null")),
            ("curl+python", "python3", format!("{save} && python3 -m zipfile -e it.zip out")),
            ("ripunzip", "ripunzip", ripunzip),
        ],
        Task::FetchByLink => vec![
            ("downriver", "curl", fetch.clone()),
            ("downriver --streams 1", "curl", format!("{fetch} --streams 1")),
            ("downriver --streams 4", "curl", format!("{fetch} --streams 4")),
            ("downriver --streams 16", "curl", format!("{fetch} --streams 16")),
            ("curl+unzip", "unzip", format!("{save} && {unzip}")),
            ("curl|bsdtar", "bsdtar", bsdtar),
            ("aria2c -x4+unzip", "aria2c", format!("{in_parts} && {unzip}")),
            ("ripunzip", "ripunzip", ripunzip),
        ],
        Task::Update => vec![
            ("downriver --sync", "curl", format!("{fetch} --sync")),
            ("downriver", "curl", fetch),
            ("curl+unzip -uo", "unzip", format!("{save} && unzip -quo it.zip -d out")),
        ],
    };
    let contender = |(name, _, command): (&'static str, _, _)| {
        let updates = task == Task::Update && name != "downriver";
        Contender { name, command, updates, defect: None }
    };
    all.into_iter().filter(|(_, tool, _)| is_installed(tool)).map(contender).collect()
}

/// Returns the versions of downriver and of the installed tools.
pub fn versions() -> String {
    let mut versions = vec![concat!("downriver ", env!("CARGO_PKG_VERSION")).to_owned()];
    for (tool, args) in VERSIONS.iter().filter(|(tool, _)| is_installed(tool)) {
        let output = Command::new(tool).args(*args).output().expect("an installed tool");
        let text = String::from_utf8_lossy(&output.stdout);
        let is_version = |word: &&str| word.starts_with(char::is_numeric) && word.contains('.');
        let version = text.split_whitespace().find(is_version).unwrap_or("of unknown version");
        versions.push(format!("{tool} {version}"));
    }
    versions.join(", ")
}

fn is_installed(tool: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("command -v {tool} && command -v curl")])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
