//! The story of two repositories, scene by scene: what is typed, what the program really answers,
//! and what is on disk afterwards. A new scene is a new entry of `SCENES`.

use std::io::{self, Write};
use std::sync::Arc;

use crate::fake::{Fake, World};

#[path = "stage.rs"]
pub mod stage;

use stage::{Scene, play, show, wrapped};

const BEGINNING: &str = "
Two repositories, one story

  shop/linebot is a chat bot. It needs files that another project makes, shop/radar-sharecode.
  So its pipeline 9001 has a bridge (trigger job), which started pipeline 9002 in that project.
  The job build-repo of pipeline 9002 makes the files. How do they get into pipeline 9001?

  The commands below run as in a job of pipeline 9001: GitLab has set CI_PIPELINE_ID, CI_PROJECT_ID,
  CI_API_V4_URL and CI_JOB_TOKEN; nothing else is needed. GitLab itself is a small server on this
  computer. (The first build took minutes, two or three on two cores; the next run starts at once.)
";

const END: &str = "The server has ended, and its folder is removed.";

/// How much of the story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// The scenes that make the point, on two screens.
    Short,
    Full,
}

const SCENES: &[Scene] = &[
    Scene {
        short: true,
        says: &["bridge build-sharecode → pipeline 9002", "job build-repo (70108)"],
        ..Scene::new("See what triggered what", "downriver tree")
    },
    Scene {
        short: true,
        says: &["[2/4] bridge `build-sharecode`", " files (12."],
        shows: "vendor",
        ..Scene::new("Fetch the files that build-repo made", "downriver fetch build-repo -D vendor")
    },
    Scene {
        says: &["sharecode/lib/sharecode.dll"],
        ..Scene::new("Look into an archive without downloading it", "downriver ls build-repo")
    },
    Scene {
        says: &[r#"{"version": "1.4.2"}"#],
        ..Scene::new(
            "Print one file of the archive",
            "downriver cat build-repo sharecode/version.json",
        )
    },
    Scene {
        says: &["9001  running  main  c0ffee12"],
        ..Scene::new("Find a pipeline without a browser", "downriver list --limit 3")
    },
    Scene {
        says: &["1 file (11.7 KiB)"],
        shows: "libs",
        ..Scene::new(
            "Fetch only some files, without their leading folders",
            "downriver fetch build-repo --path '**/*.dll' --strip-components 2 -D libs",
        )
    },
    Scene {
        shows: "sharecode.zip",
        ..Scene::new(
            "Save the archive instead of extracting it",
            "downriver fetch build-repo -o sharecode.zip",
        )
    },
    Scene {
        says: &["linux-x64", "windows-x64", "radar.exe"],
        ..Scene::new("Fetch from every job of a matrix", "downriver fetch matrix --list -D packs")
    },
    Scene {
        shows: "fetched.env",
        ..Scene::new(
            "Write variables for later jobs",
            "downriver fetch build-repo -D vendor --quiet --dotenv fetched.env",
        )
    },
    Scene {
        short: true,
        exit: 3,
        says: &["no job `biuld-repo`", "did you mean `build-repo`?"],
        ..Scene::new("Misspell a job", "downriver fetch biuld-repo -D vendor")
    },
    Scene {
        says: &["CI_PIPELINE_ID", "curl", "+ build-repo", "would fetch"],
        ..Scene::new(
            "See each step of the lookup, without a download",
            "downriver explain build-repo --bridge build-sharecode",
        )
    },
    Scene {
        exit: 3,
        says: &["expired at 2026-02-01"],
        ..Scene::new(
            "Fetch artifacts that have expired",
            "downriver fetch 'old: expired artifacts' -D vendor",
        )
    },
    Scene {
        exit: 3,
        says: &["has not finished: it is running", "--wait waits for it"],
        ..Scene::new(
            "Fetch from a job that is still running",
            "downriver fetch 'unit: server' -D reports",
        )
    },
    Scene {
        says: &["waiting", "server.xml"],
        meanwhile: r#"{"set": {"job": 55602, "status": "success",
                       "archive": {"files": {"server.xml": "<testsuite/>\n"}}}}"#,
        ..Scene::new(
            "Wait for that job (it ends meanwhile)",
            "downriver fetch 'unit: server' --wait --list -D reports",
        )
    },
    Scene {
        says: &["waiting", "pipeline 9003 of project shop/linebot: success"],
        meanwhile: r#"{"set": {"pipeline": 9003, "status": "success"}}"#,
        ..Scene::new(
            "Wait for a pipeline as a whole (it ends meanwhile)",
            "downriver wait --bridge 'child*'",
        )
    },
    Scene {
        says: &[
            "pipeline 9100 of project shop/radar-sharecode: created",
            "pipeline 9100 of project shop/radar-sharecode: manual",
        ],
        shows: "started",
        ..Scene::new(
            "Start a pipeline in the other project, wait until it stops at a manual job, and fetch its files",
            "downriver trigger shop/radar-sharecode --ref master --on-manual pass --fetch build-repo -D started",
        )
    },
];

/// Tells the story; true if every scene ended as it should.
pub fn tell(out: &mut dyn Write, length: Length, colors: bool) -> io::Result<bool> {
    let (bold, green, red, off) =
        if colors { ("\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[0m") } else { ("", "", "", "") };
    let fake = Arc::new(Fake::start(World::named("two-repos")));
    let folder = tempfile::Builder::new().prefix("downriver-demo-").tempdir()?;
    let mut as_told = true;
    writeln!(out, "{}", BEGINNING.trim_start())?;
    let scenes = SCENES.iter().filter(|scene| scene.short || length == Length::Full);
    for (number, scene) in (1..).zip(scenes) {
        let (exit, answer) = play(scene, &fake, folder.path());
        writeln!(out, "{bold}{number}. {}{off}\n\n  {green}$ {}{off}", scene.title, scene.typed)?;
        for line in answer.lines().flat_map(wrapped) {
            writeln!(out, "{}", format!("  {line}").trim_end())?;
        }
        writeln!(out, "  (exit code {exit})")?;
        show(out, folder.path(), scene.shows)?;
        let missing = scene.says.iter().find(|text| !answer.contains(**text));
        if exit != scene.exit || missing.is_some() {
            as_told = false;
            writeln!(out, "  {red}not as told: exit code {}, {:?}{off}", scene.exit, scene.says)?;
        }
        writeln!(out)?;
    }
    for violation in fake.violations() {
        as_told = false;
        writeln!(out, "{red}a request that GitLab would refuse: {violation}{off}")?;
    }
    drop(folder);
    match length {
        Length::Full => writeln!(out, "That was all. {END}")?,
        Length::Short => {
            let all = SCENES.len();
            writeln!(out, "{END} All {all} scenes: cargo run --example demo -- --all")?;
        }
    }
    Ok(as_told)
}
