//! The output of a run: results on standard output, everything else on standard error.

use std::time::Duration;

use serde_json::json;

use crate::fake::{Fake, Fault, World};
use crate::folder::takes_links;
use crate::harness::Run;
use crate::scenes::{downstream, job, job_with, one_archive};
use crate::zip_builder::{file, zip};

#[test]
fn the_document_of_a_fetch_is_exactly_this() {
    let ran = Run::new("two-repos")
        .args("fetch build-repo 'unit: client' nope --if-missing ignore -D out --separate --json")
        .args("--path sharecode/version.json --path 'coverage/**' --path current")
        .succeeds();
    let pipeline = |id: u64, project: u64, path: &str, ref_: &str, sha: &str| {
        let url = format!("https://gitlab.test/{path}/-/pipelines/{id}");
        json!({"id": id, "project_id": project, "ref": ref_, "sha": sha, "web_url": url})
    };
    let version = ran.read("out/build-repo/sharecode/version.json").len();
    let transferred = std::fs::metadata(crate::fake::fixtures().join("archives/runner-legacy.zip"));
    let mut files = vec![json!({"path": "sharecode/version.json", "size": version})];
    if takes_links() {
        files.insert(0, json!({"path": "current", "size": 9}));
    }
    let mut got = ran.json();
    let reason = got["missing"][0]["reason"].take();
    assert!(reason.as_str().unwrap().starts_with("no job `nope` in pipeline "), "{reason}");
    let index = got["fetched"][1]["bytes_transferred"].take();
    assert!(index.as_u64().unwrap() > 20);
    assert_eq!(
        got,
        json!({
            "fetched": [
                {
                    "job": {"id": 70108, "name": "build-repo", "status": "success", "web_url": "https://gitlab.test/shop/radar-sharecode/-/jobs/70108"},
                    "pipeline": pipeline(9002, 93, "shop/radar-sharecode", "master", "0badcafe9876543210fedcba9876543210fedcba"),
                    "bridge": "build-sharecode",
                    "files": files,
                    "output": null,
                    "dir": "out/build-repo",
                    "bytes_transferred": transferred.unwrap().len(),
                },
                {
                    "job": {"id": 55601, "name": "unit: client", "status": "success", "web_url": "https://gitlab.test/shop/linebot/-/jobs/55601"},
                    "pipeline": pipeline(9003, 70, "shop/linebot", "main", "c0ffee1234567890abcdef1234567890abcdef12"),
                    "bridge": "child: unit tests",
                    "files": [{"path": "coverage/index.html", "size": 14}],
                    "output": null,
                    "dir": "out/unit_ client",
                    "bytes_transferred": null,
                },
            ],
            "missing": [{"job": "nope", "reason": null}],
        })
    );
}

#[test]
fn the_document_knows_the_file_of_a_kept_archive() {
    let ran = Run::new(downstream(&[job(201, "build")])).args("fetch build -o it.zip --json");
    let ran = ran.succeeds();
    let fetched = &ran.json()["fetched"][0];
    assert_eq!((&fetched["output"], &fetched["dir"]), (&json!("it.zip"), &json!(null)));
    assert_eq!(fetched["files"], json!([]));
    assert_eq!(fetched["bytes_transferred"], ran.items()[0].content.len());
}

#[test]
fn what_the_server_did_not_tell_is_null_in_json_and_empty_in_dotenv() {
    let nothing = json!({"id": null, "project_id": 2, "ref": null, "sha": null, "web_url": null});
    for (line, token, id, name) in [
        ("fetch --job-id 201 -R 2", "job", json!(201), json!(null)),
        ("fetch build -R 2 --ref main", "private", json!(null), json!("build")),
    ] {
        let world = downstream(&[job(201, "build")]).with_token(token);
        let ran = Run::new(world).args(line).args("--json --dotenv it.env").succeeds();
        let fetched = &ran.json()["fetched"][0];
        assert_eq!(
            fetched["job"],
            json!({"id": id, "name": name, "status": null, "web_url": null})
        );
        assert_eq!(fetched["pipeline"], nothing);
        assert_eq!(fetched["bridge"], json!(null));
        let id = id.as_u64().map(|id| id.to_string()).unwrap_or_default();
        let expect = format!(
            "DOWNRIVER_JOB_ID={id}\nDOWNRIVER_JOB_IDS={id}\nDOWNRIVER_PIPELINE_ID=\nDOWNRIVER_PROJECT_ID=2\nDOWNRIVER_REF=\nDOWNRIVER_SHA=\n"
        );
        assert_eq!(ran.read("it.env"), expect);
    }
}

#[test]
fn dotenv_tells_the_job_that_was_fetched() {
    let ran = Run::new("two-repos").args("fetch build-repo lint --any-status --if-missing ignore");
    let ran = ran.args("--dotenv build.env").succeeds();
    assert_eq!(
        ran.read("build.env"),
        "DOWNRIVER_JOB_ID=70108\nDOWNRIVER_JOB_IDS=70108\nDOWNRIVER_PIPELINE_ID=9002\nDOWNRIVER_PROJECT_ID=93\n\
         DOWNRIVER_REF=master\nDOWNRIVER_SHA=0badcafe9876543210fedcba9876543210fedcba\n"
    );
    // The ids of several jobs are in the order of the JOBs; all else is of the first one.
    let jobs = [job(201, "one"), job(202, "two-a"), job(203, "two-b")];
    for (line, id, ids) in [
        ("fetch 'two-*' one", 203, "203,202,201"),
        ("fetch one two-b", 201, "201,203"),
        ("fetch nowhere two-b --if-missing ignore", 203, "203"),
    ] {
        let ran = Run::new(downstream(&jobs)).args(line).args("--dotenv it.env").succeeds();
        let expect =
            format!("DOWNRIVER_JOB_ID={id}\nDOWNRIVER_JOB_IDS={ids}\nDOWNRIVER_PIPELINE_ID=20\n");
        ran.check(ran.read("it.env").starts_with(&expect), &expect);
    }
    let ran = Run::new(downstream(&[job(201, "build")]));
    ran.args("fetch build --dotenv nowhere/it.env").fails(9).says("nowhere").asks(&[]);
}

#[test]
fn a_ref_with_a_line_break_becomes_no_second_variable() {
    let world = downstream(&[job(201, "build")]);
    let world = world.with(&json!({"set": {"pipeline": 20, "ref": "main\nPATH=/evil"}}));
    let ran = Run::new(world).args("fetch build --dotenv it.env").fails(6);
    ran.says("DOWNRIVER_REF holds a line break");
    assert!(!ran.files().contains(&"it.env".to_owned()));
}

#[test]
fn a_failure_is_a_document_too() {
    for (line, exit, hint, candidates) in [
        ("fetch biuld", 3, json!("did you mean `build`?"), json!(["build"])),
        ("fetch build --bridge dwon", 3, json!("did you mean `down`?"), json!(["down"])),
        (
            "fetch build -R 77",
            4,
            json!(
                "GitLab also answers this for what the user of the token may not see: check the number, the path and the role"
            ),
            json!([]),
        ),
        (
            "fetch build --max-size 1",
            6,
            json!("--max-size allows more, --path takes less"),
            json!([]),
        ),
    ] {
        let ran = Run::new(downstream(&[job(201, "build")])).args(line).args("--json").fails(exit);
        let error = ran.json()["error"].clone();
        assert_eq!(error["exit"], exit, "{line}");
        assert_eq!(error["candidates"], candidates, "{line}");
        if !hint.is_null() {
            assert_eq!(error["hint"], hint, "{line}");
        }
        let keys: Vec<&String> = error.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["candidates", "exit", "hint", "message"]);
        let message = error["message"].as_str().unwrap();
        // The harness writes addresses shorter in what was printed, so compare like with like.
        assert!(ran.stderr.contains(&format!("error: {message}\n")), "{message}");
    }
}

#[test]
fn what_makes_no_sense_is_said_plainly_even_where_json_was_wanted() {
    for line in ["fetch --json", "fetch build --json --nonsense", "fetch build --json --path 'a['"]
    {
        let ran = Run::new(downstream(&[])).args(line).fails(2);
        ran.prints("").says("error: ");
    }
}

#[test]
fn quiet_is_errors_alone() {
    let world =
        || downstream(&[job(201, "build"), job_with(202, "lint", json!({"status": "failed"}))]);
    for line in [
        "fetch build -q",
        "fetch build lint --quiet --if-missing warn",
        "fetch biuld -q --if-missing warn",
    ] {
        let ran = Run::new(world()).args(line).succeeds();
        assert_eq!((&*ran.stdout, &*ran.stderr), ("", ""), "{line}");
    }
    let ran = Run::new(world()).args("fetch build -q --json").succeeds();
    assert_eq!(ran.stderr, "");
    assert_eq!(ran.json()["fetched"][0]["job"]["id"], 201);
    let ran = Run::new(world()).args("fetch lint -q").fails(3);
    assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
    ran.says("error: ").says("hint: ");
}

#[test]
fn verbose_tells_each_request() {
    let fake =
        Fake::start(downstream(&[job(201, "build")]).server(json!({"archives": "redirect"})));
    fake.fault(Fault::on("GET pipelines/20/jobs").header("X-Request-Id", "01HX-an-id"));
    let ran = Run::new(&fake).args("fetch build -v").succeeds();
    for says in [
        "GET <api>/api/v4/projects/1/pipelines/10/bridges?per_page=100&page=1: 200 in 0 ms, ",
        "GET <api>/api/v4/projects/2/pipelines/20/jobs?per_page=100&page=1: 200 in 0 ms, ",
        " bytes, request 01HX-an-id\n",
        "GET <api>/api/v4/projects/2/jobs/201/artifacts: 302 in 0 ms",
        "GET <store>/store/201/artifacts.zip: 200 in 0 ms, 109 bytes\n",
    ] {
        ran.says(says);
    }
    Run::new(&fake).args("fetch build").succeeds().never_says("GET ");
    let private = || World::named("two-repos").with_token("private");
    let ran = Run::new(private()).args("trigger 93 --ref master --detach -v").succeeds();
    ran.says("POST <api>/api/v4/projects/93/pipeline: 201 in 0 ms");
    let world = downstream(&[job(201, "build")]).with_token("private");
    let ran = Run::new(world).args("delete -R 2 --job-id 201 --yes -v").succeeds();
    ran.says("DELETE <api>/api/v4/projects/2/jobs/201/artifacts: 204 in 0 ms");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let colour = |run: Run<'_>| run.args("fetch lint").fails(3).stderr.contains('\u{1b}');
    let jobs = || [job_with(202, "lint", json!({"status": "failed"}))];
    let run = || Run::new(downstream(&jobs()));
    assert!(!colour(run()));
    assert!(colour(run().terminal()));
    assert!(!colour(run().terminal().vars([("NO_COLOR", "1")])));
    assert!(colour(run().terminal().vars([("NO_COLOR", "")])), "an empty NO_COLOR counts as none");
    assert!(!colour(run().terminal().vars([("TERM", "dumb")])));
    for (flag, expect) in
        [("--color=always", true), ("--color=never", false), ("--color=auto", false)]
    {
        let ran = run().args("fetch lint").args(flag).fails(3);
        assert_eq!(ran.stderr.contains("\u{1b}["), expect, "{flag}");
    }
    let ran = run().terminal().args("fetch lint --color never").fails(3);
    assert!(!ran.stderr.contains('\u{1b}'));
}

#[test]
fn whoever_stops_reading_has_read_enough() {
    for line in ["fetch build", "fetch build --json", "fetch build -o -"] {
        Run::new(downstream(&[job(201, "build")])).binary().stdout_holds(0).args(line).succeeds();
    }
}

#[test]
fn names_from_a_server_cannot_act_on_a_terminal() {
    let evil = "a\u{1b}[2J\u{9b}31m\r\nerror: forged\u{202e}\u{7}";
    let named = |id: u64| json!({"id": id, "name": evil, "archive": {"files": {"from": ""}}});
    let world = || {
        let bridge = json!({"set": [{"bridge": 90, "name": evil}, {"project": 2, "path": evil}]});
        downstream(&[named(201), job_with(202, "lint", json!({"status": evil}))]).with(&bridge)
    };
    let run = |line: &str| Run::new(world()).args("fetch").args(line);
    let harmless = r"a\u{1b}[2J\u{9b}31m\u{d}\u{a}error: forged\u{202e}\u{7}";
    for (line, exit) in [
        ("'a*'", 0),
        ("'a*' -v", 0),
        ("'a*' --separate", 0),
        ("'a*' --json", 0),
        ("nope", 3),
        ("nope --json", 3),
        ("nope --bridge nope", 3),
        ("nope --downstream 7 --json", 3),
        ("lint", 3),
        ("lint --if-missing warn", 0),
        ("'a*' --path nope", 3),
    ] {
        let ran = run(line).exits(exit);
        ran.says(harmless);
        let forged = |line: &str| line.starts_with("error: forged");
        assert!(!ran.stderr.lines().any(forged) && !ran.stdout.lines().any(forged));
    }
}

#[cfg(unix)]
#[test]
fn names_without_bound_are_cut_where_they_are_shown() {
    let long = format!("x{}", "y".repeat(2_000_000));
    let world = || {
        let pipeline = json!({"set": {"pipeline": 20, "ref": long, "yaml_errors": long}});
        downstream(&[job(201, &long), job(202, "docs")]).with(&pipeline)
    };
    for (line, exit) in [
        ("fetch nothing", 3),
        ("fetch xy", 3),
        ("fetch 'x*'", 0),
        ("fetch docs --path nothing", 3),
        ("wait 'x*'", 0),
        ("tree", 0),
        ("explain 'x*'", 0),
        ("delete 'x*' --yes", 0),
    ] {
        let ran = Run::new(world()).args(line).exits(exit);
        let length = ran.stdout.len() + ran.stderr.len();
        ran.check(length < 40_000, &format!("{length} bytes of output"));
    }
}

// Windows cannot keep such a name.
#[cfg(unix)]
#[test]
fn names_from_an_archive_cannot_act_on_a_terminal() {
    let files = json!({"files": {"a\u{1b}[31m\nb": "x", "link": {"link": "a\u{1b}[31m\nb"}}});
    let job = json!({"id": 201, "name": "build", "archive": files});
    for line in [
        "fetch build",
        "fetch build --json",
        "fetch build --path nope",
        "fetch build --symlinks skip",
    ] {
        let ran = Run::new(downstream(std::slice::from_ref(&job))).args(line).runs();
        assert!(matches!(ran.exit, Some(0 | 3)));
    }
    let ran = Run::new(downstream(&[job])).args("fetch build --list").succeeds();
    assert!(ran.stdout.contains(r"a\u{1b}[31m\u{a}b"), "{}", ran.stdout);
}

#[test]
fn a_log_hears_of_a_slow_download_and_of_its_rate() {
    let world =
        one_archive(zip(&[file("a.bin", vec![7; 3_000_000])])).server(json!({"etag": "none"}));
    let ran = Run::new(world).clock_moves(Duration::from_secs(3)).args("fetch build").succeeds();
    let lines = |end: &str| {
        let about = |line: &&str| line.starts_with("[4/4] build (201): ") && line.ends_with(end);
        ran.stderr.lines().filter(about).count()
    };
    ran.check(lines("s left") > 1, "it tells how far it is more than once");
    ran.says(" of 2.9 MiB, ").check(lines("/s") == 1, "and once how fast it was");
}
