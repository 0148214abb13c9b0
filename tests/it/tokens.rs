//! Tokens: one token in one header, its possible sources, and the messages when it is refused.

use serde_json::json;

use crate::fake::{Fake, Fault, Logged, World};
use crate::harness::Run;
use crate::scenes::{LOOKUP, job};

const ONE: &str = "glpat-firstOfTwo0123456789";
const TWO: &str = "glpat-secondOfTwo0123456789";
const JOB: &str = "glcbt-64_ofTheRunningJob";
const ARCHIVE: &str = "GET projects/2/jobs/201/artifacts";

fn world() -> World {
    World::from_json(json!({
        "server": {"archives": "direct"},
        "here": {"token": "one"},
        "tokens": {
            "one": {"private": ONE}, "two": {"private": TWO}, "job": {"job": JOB, "project": 1},
            "narrow": {"private": "glpat-readsRegistry01", "scopes": ["read_registry"]},
            "reader": {"private": "glpat-readsTheApi0123", "scopes": ["read_api"]},
            "expired": {"private": "glpat-isExpired012345", "expired": true},
            "revoked": {"private": "glpat-isRevoked012345", "revoked": true},
            "stranger": {"private": "glpat-knowsProject1only", "projects": [1]},
            "finished": {"job": "glcbt-64_jobIsFinished", "project": 1, "finished": true},
        },
        "projects": [
            {"id": 1, "path": "shop/up", "pipelines": [
                {"id": 10, "bridges": [{"id": 90, "name": "down", "downstream": 20}]},
            ]},
            {"id": 2, "path": "shop/down", "job_token_allowlist": [1], "pipelines": [
                {"id": 20, "jobs": [job(201, "build")]},
            ]},
        ],
    }))
}

/// Returns the token header of every request to the API: its name and the token.
fn header(log: &[Logged]) -> (&'static str, String) {
    let of = |logged: &Logged| {
        let sent = ["PRIVATE-TOKEN", "JOB-TOKEN"].map(|name| (name, logged.header(name)));
        let mut sent = sent.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned())));
        let first = sent.next();
        assert!(sent.next().is_none(), "one token and not two");
        first.unwrap_or_default()
    };
    let all: Vec<_> = log.iter().map(of).collect();
    assert!(!all.is_empty() && all.iter().all(|sent| *sent == all[0]), "{all:?}");
    all[0].clone()
}

#[test]
fn one_token_is_sent_and_flags_win_over_variables_and_private_ones_over_jobs() {
    let (private, job) =
        (|token: &str| ("PRIVATE-TOKEN", token.to_owned()), ("JOB-TOKEN", JOB.to_owned()));
    for (vars, line, expect) in [
        (vec![("GITLAB_TOKEN", ONE)], "", private(ONE)),
        (vec![("GITLAB_PRIVATE_TOKEN", ONE)], "", private(ONE)),
        (vec![("PRIVATE_TOKEN", ONE)], "", private(ONE)),
        (vec![("GITLAB_TOKEN", ONE), ("GITLAB_PRIVATE_TOKEN", TWO)], "", private(ONE)),
        (vec![("GITLAB_PRIVATE_TOKEN", ONE), ("PRIVATE_TOKEN", TWO)], "", private(ONE)),
        (vec![("GITLAB_TOKEN", ""), ("PRIVATE_TOKEN", TWO)], "", private(TWO)),
        (vec![("CI_JOB_TOKEN", JOB)], "", job.clone()),
        (vec![("CI_JOB_TOKEN", JOB), ("PRIVATE_TOKEN", TWO)], "", private(TWO)),
        (vec![("CI_JOB_TOKEN", JOB), ("GITLAB_TOKEN", "")], "", job.clone()),
        (vec![("GITLAB_TOKEN", JOB)], "", job.clone()),
        (vec![("GITLAB_TOKEN", ONE)], "--job-token {JOB}", job.clone()),
        (vec![("GITLAB_TOKEN", ONE)], "--private-token {TWO}", private(TWO)),
        (vec![("CI_JOB_TOKEN", JOB)], "--private-token {TWO}", private(TWO)),
        (vec![("GITLAB_TOKEN", ONE)], "--private-token={JOB}", job.clone()),
        (vec![("GITLAB_TOKEN", ONE)], "--token-file two", private(TWO)),
        (vec![("GITLAB_TOKEN", ONE)], "--token-file dos", private(TWO)),
        (vec![("GITLAB_TOKEN", ONE)], "--token-file -", private(TWO)),
        (vec![("GITLAB_TOKEN", ONE)], "--token-file job", job.clone()),
    ] {
        let mut run = Run::new(world()).without(&["GITLAB_TOKEN"]).stdin(format!("{TWO}\n"));
        for (name, content) in [("two", TWO), ("dos", &format!("{TWO}\r\n")), ("job", JOB)] {
            run = run.file(name, content);
        }
        for var in vars {
            run = run.vars([var]);
        }
        let line = line.replace("{JOB}", JOB).replace("{TWO}", TWO);
        let ran = run.args("fetch build").args(&line).succeeds();
        assert_eq!(header(&ran.log), expect, "{line}");
    }
}

#[test]
fn two_tokens_on_the_command_line_are_one_too_many() {
    for line in [
        "--private-token a1 --job-token b2",
        "--token-file f --job-token b2",
        "--token-file f --private-token a1",
    ] {
        Run::new(world())
            .args("fetch build")
            .args(line)
            .fails(2)
            .says("cannot be used with")
            .asks(&[]);
    }
}

#[test]
fn a_token_that_cannot_be_one_is_refused_and_not_repeated() {
    for (hush, why) in [
        ("hush\nhush", "contains a line break"),
        ("hush\r\nPRIVATE-TOKEN: hush", "contains a line break"),
        ("hush\n\n", "contains a line break"),
        ("hush hush", "contains a character that no token has"),
        ("\"hush\"", "contains a character that no token has"),
        ("hüsh hush", "contains a character that no token has"),
        ("hush\u{0}", "contains a character that no token has"),
    ] {
        let bare = || Run::new(world()).without(&["GITLAB_TOKEN"]);
        for (run, from) in [
            (bare().vars([("GITLAB_TOKEN", hush)]).args("fetch build"), "GITLAB_TOKEN"),
            (bare().vars([("CI_JOB_TOKEN", hush)]).args("fetch build"), "CI_JOB_TOKEN"),
            (bare().args("fetch build --private-token").arg(hush), "--private-token"),
            (bare().args("fetch build --job-token").arg(hush), "--job-token"),
            (bare().file("it", hush).args("fetch build --token-file it"), "--token-file"),
            (bare().stdin(hush).args("fetch build --token-file -"), "--token-file"),
        ] {
            let ran = run.fails(2);
            ran.says(&format!("the token from {from} {why}")).never_says("hush").asks(&[]);
        }
    }
    let run = || Run::new(world()).args("fetch build --token-file it");
    run().file("it", "").fails(2).says("the token from --token-file is empty");
    run().file("it", b"\xff\xfehush").fails(2).says("holds no text").never_says("hush");
    run().fails(2).says("cannot read <dir>/it: ").asks(&[]);
}

#[test]
fn the_token_of_the_job_is_for_the_gitlab_of_the_job_alone() {
    let fake = Fake::start(world().with(&json!({"set": [
        {"project": 1, "public": true}, {"project": 2, "public": true},
    ]})));
    let foreign = [("CI_API_V4_URL", "http://127.0.0.1:1/api/v4"), ("CI_JOB_TOKEN", JOB)];
    let run = || Run::new(&fake).without(&["GITLAB_TOKEN"]).vars(foreign).args("fetch");
    let (api, page) = (fake.api_url(), fake.web("shop/up/-/pipelines/10"));
    for run in [run().args("build --api-url").arg(&api), run().arg(&page).arg("build")] {
        let ran = run.succeeds();
        ran.says("CI_JOB_TOKEN belongs to the GitLab of CI_API_V4_URL and is not sent to <api>");
        assert_eq!(header(&ran.log), ("", String::new()));
    }
    let ran = run().args("build --api-url").arg(&api).args("--job-token").arg(JOB).succeeds();
    assert_eq!(header(&ran.log), ("JOB-TOKEN", JOB.to_owned()));
}

#[test]
fn without_a_token_what_is_public_can_be_had_and_the_rest_says_that_none_was_sent() {
    let public = json!({"set": [{"project": 1, "public": true}, {"project": 2, "public": true}]});
    let ran =
        Run::new(world().with(&public)).without(&["GITLAB_TOKEN"]).args("fetch build").succeeds();
    ran.asks(&[LOOKUP[0], LOOKUP[1], ARCHIVE]);
    let ran = Run::new(world()).without(&["GITLAB_TOKEN"]).args("fetch build").fails(4);
    ran.says("404 Project Not Found").says("no token was sent: set GITLAB_TOKEN");
    let ran = Run::new(world()).without(&["GITLAB_TOKEN"]).args("fetch -R 2 --job-id 201").fails(4);
    ran.says("401 Unauthorized").says("hint: no token was sent");
}

#[test]
fn what_a_token_is_refused_for_is_said_with_a_way_out() {
    for (token, exit, says, hint) in [
        (
            "expired",
            4,
            "401: invalid_token: Token is expired.",
            "has expired or was revoked: create a new one",
        ),
        (
            "revoked",
            4,
            "401: invalid_token: Token was revoked.",
            "has expired or was revoked: create a new one",
        ),
        ("narrow", 4, "403: insufficient_scope: ", "the token needs the scope read_api"),
        ("stranger", 4, "404: 404 Project Not Found", "what the user of the token may not see"),
        ("finished", 4, "401: 401 Unauthorized", "a job token is valid only while its job runs"),
    ] {
        let ran = Run::new(world().with_token(token)).args("fetch build").fails(exit);
        ran.says(says).says("hint: ").says(hint);
    }
    let unknown = [("GITLAB_TOKEN", "glpat-nobodyKnowsIt")];
    let ran = Run::new(world()).vars(unknown).args("fetch build").fails(4);
    ran.says("401: 401 Unauthorized").says("GitLab does not know the private token");
    Run::new(world().with_token("reader")).args("fetch build").succeeds();
}

#[test]
fn a_project_that_does_not_admit_the_job_token_is_explained() {
    for (errors, exit, says) in [
        (
            "new",
            4,
            "403 Forbidden - Authentication by CI/CD job token not allowed from up to project #2.",
        ),
        ("old", 4, "404 Project Not Found"),
    ] {
        let world = world().with_token("job").server(json!({"allowlist_errors": errors}));
        let world = world.with(&json!({"set": {"project": 2, "job_token_allowlist": []}}));
        for line in ["fetch build", "fetch build -R 2 --ref main", "fetch -R 2 --job-id 201"] {
            let ran = Run::new(world.clone()).args(line).fails(exit);
            ran.says(says)
                .says("must list yours under its Settings → CI/CD → Job token permissions");
        }
    }
    let narrow = json!({"set": {"project": 2, "job_token_permissions": ["read_pipelines"]}});
    let ran = Run::new(world().with_token("job").with(&narrow)).args("fetch build").fails(4);
    ran.says("The following token permission is required: read_jobs").says("grant read_jobs where");
}

#[test]
fn an_older_server_ignores_job_tokens_for_lists_and_the_ways_out_are_named() {
    let old = || world().with_token("job").server(json!({"job_token_lists": false}));
    let ran = Run::new(old()).args("fetch build").fails(4);
    ran.says("404 Project Not Found").says("GitLab before 18.3 (some before 18.7)");
    ran.says(
        "use a private token (GITLAB_TOKEN) with read_api, or name the job with --job-id or --ref",
    );
    ran.asks(&[LOOKUP[0]]);
    Run::new(old()).args("fetch --job-id 201 -R 2").succeeds().asks(&[ARCHIVE]);
    Run::new(old()).args("fetch build -R 2 --ref main").succeeds();
    Run::new(old()).vars([("GITLAB_TOKEN", ONE)]).args("fetch build").succeeds();
    let public = json!({"set": [{"project": 1, "public": true}, {"project": 2, "public": true}]});
    Run::new(old().with(&public)).args("fetch build").succeeds();
}

#[test]
fn what_a_public_project_refuses_to_a_job_token_is_asked_for_without_one() {
    for case in [
        "job token, project not on allowlist (new servers)",
        "job token, project not on allowlist (old servers)",
    ] {
        let fake = Fake::start(
            world().with_token("job").with(&json!({"set": {"project": 2, "public": true}})),
        );
        fake.fault(Fault::on("GET jobs/201/artifacts").case(case));
        let ran = Run::new(&fake).args("fetch build").succeeds();
        ran.asks(&[LOOKUP[0], LOOKUP[1], ARCHIVE, ARCHIVE]);
        let tokens: Vec<bool> = ran.log.iter().map(|l| l.header("job-token").is_some()).collect();
        assert_eq!(tokens, [true, true, true, false], "{case}");
    }
}
