//! The scenes of the demo with two repositories: each runs a command and shows its real output and
//! the files it leaves on disk. To add a scene, add an entry to `SCENES`.

use std::io::{self, Write};
use std::sync::Arc;

use crate::fake::{Fake, World};

#[path = "stage.rs"]
pub mod stage;

use stage::{Scene, play, show, wrapped};

const INTRODUCTION: &str = "
Two repositories, one story

  shop/linebot is a chat bot. It needs files that another project makes, shop/radar-sharecode.
  So its pipeline 9001 has a bridge, a job that starts a pipeline over there: number 9002.
  One job of that pipeline, build-repo, makes the files. How do they get into the bot's pipeline?

  We are in a job of pipeline 9001. GitLab has set CI_PIPELINE_ID, CI_PROJECT_ID, CI_API_V4_URL and
  CI_JOB_TOKEN; nothing else is needed. The GitLab of this story is a stand-in on this computer.
";

const END: &str = "
That was all of it. Nothing is left behind: the stand-in and the folder are gone.
";

const SCENES: &[Scene] = &[
    Scene {
        expects: &["bridge build-sharecode → pipeline 9002", "job build-repo (70108)"],
        ..Scene::new("See what triggered what", "downriver tree")
    },
    Scene {
        expects: &["[2/4] bridge `build-sharecode`", " files (12."],
        shows: "vendor",
        ..Scene::new("Take the files that build-repo made", "downriver fetch build-repo -D vendor")
    },
    Scene {
        expects: &["sharecode/lib/sharecode.dll"],
        ..Scene::new("Look into an archive without downloading it", "downriver ls build-repo")
    },
    Scene {
        expects: &[r#"{"version": "1.4.2"}"#],
        ..Scene::new("Print one file of it", "downriver cat build-repo sharecode/version.json")
    },
    Scene {
        expects: &["1 file (11.7 KiB)"],
        shows: "libs",
        ..Scene::new(
            "Take only some of them, without the folders around them",
            "downriver fetch build-repo --path '**/*.dll' --strip-components 2 -D libs",
        )
    },
    Scene {
        shows: "sharecode.zip",
        ..Scene::new("Keep the archive itself", "downriver fetch build-repo -o sharecode.zip")
    },
    Scene {
        expects: &["linux-x64", "windows-x64", "radar.exe"],
        ..Scene::new("Take what every job of a matrix made", "downriver fetch matrix -D packs")
    },
    Scene {
        shows: "fetched.env",
        ..Scene::new(
            "Say in variables what was fetched, for the jobs that come later",
            "downriver fetch build-repo -D vendor --quiet --dotenv fetched.env",
        )
    },
    Scene {
        exit: 3,
        expects: &["no job `biuld-repo`", "did you mean `build-repo`?"],
        ..Scene::new("Misspell a job", "downriver fetch biuld-repo -D vendor")
    },
    Scene {
        expects: &["CI_PIPELINE_ID", "curl", "+ build-repo", "would fetch"],
        ..Scene::new(
            "Ask how it finds what it finds, without fetching it",
            "downriver explain build-repo --bridge build-sharecode",
        )
    },
    Scene {
        exit: 3,
        expects: &["expired at 2026-02-01"],
        ..Scene::new("Come too late", "downriver fetch 'old: expired artifacts' -D vendor")
    },
    Scene {
        exit: 3,
        expects: &["has not finished: it is running", "--wait waits for it"],
        ..Scene::new("Come too early", "downriver fetch 'unit: server' -D reports")
    },
    Scene {
        expects: &["waiting", "server.xml"],
        change: r#"{"set": {"job": 55602, "status": "success",
                       "archive": {"files": {"server.xml": "<testsuite/>\n"}}}}"#,
        ..Scene::new(
            "Come too early, and wait (the job ends meanwhile)",
            "downriver fetch 'unit: server' --wait -D reports",
        )
    },
    Scene {
        expects: &["waiting", "pipeline 9003 of project shop/linebot: success"],
        change: r#"{"set": {"pipeline": 9003, "status": "success"}}"#,
        ..Scene::new(
            "Wait for a pipeline as a whole (it ends meanwhile)",
            "downriver wait --bridge 'child*'",
        )
    },
    Scene {
        expects: &[
            "pipeline 9100 of project shop/radar-sharecode: created",
            "pipeline 9100 of project shop/radar-sharecode: manual",
        ],
        shows: "started",
        ..Scene::new(
            "Start a pipeline over there, wait until it stops at a manual job, and take its files",
            "downriver trigger shop/radar-sharecode --ref master --on-manual pass --fetch build-repo -D started",
        )
    },
];

/// Plays all scenes and prints them. Returns true if every scene ended as expected.
///
/// # Errors
/// The output or the temporary folder cannot be written to.
pub fn play_all(out: &mut dyn Write, colors: bool) -> io::Result<bool> {
    let (bold, green, red, off) =
        if colors { ("\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[0m") } else { ("", "", "", "") };
    let fake = Arc::new(Fake::start(World::named("two-repos")));
    let folder = tempfile::Builder::new().prefix("downriver-demo-").tempdir()?;
    let mut as_expected = true;
    writeln!(out, "{}", INTRODUCTION.trim_start())?;
    for (number, scene) in (1..).zip(SCENES) {
        let (exit, output) = play(scene, &fake, folder.path());
        writeln!(out, "{bold}{number}. {}{off}\n\n  {green}$ {}{off}", scene.title, scene.command)?;
        for line in output.lines().flat_map(wrapped) {
            writeln!(out, "{}", format!("  {line}").trim_end())?;
        }
        writeln!(out, "  (exit code {exit})")?;
        show(out, folder.path(), scene.shows)?;
        let missing = scene.expects.iter().find(|text| !output.contains(**text));
        if exit != scene.exit || missing.is_some() {
            as_expected = false;
            writeln!(
                out,
                "  {red}not as expected: exit code {}, {:?}{off}",
                scene.exit, scene.expects
            )?;
        }
        writeln!(out)?;
    }
    for violation in fake.violations() {
        as_expected = false;
        writeln!(out, "{red}the stand-in is not content: {violation}{off}")?;
    }
    drop(folder);
    writeln!(out, "{}", END.trim())?;
    Ok(as_expected)
}
