//! Refusals of whole runs: the exit code, GitLab's reason, and the one advice that helps.

use serde_json::json;

use crate::fake::{Fake, Fault, Make, SignIn, World};
use crate::harness::Run;
use crate::scenes::{LOOKUP, downstream, job};

const JOBS: &str = "GET pipelines/20/jobs";
const BRIDGES: &str = "GET pipelines/10/bridges";
const ARCHIVE: &str = "GET jobs/201/artifacts";

fn world() -> World {
    downstream(&[job(201, "build")])
}

fn struck(fault: Fault) -> Fake {
    let fake = Fake::start(world());
    fake.fault(fault);
    fake
}

#[test]
fn every_5xx_of_a_read_can_pass_whatever_its_body() {
    for status in [500, 501, 502, 507, 520, 521, 522, 523, 524, 525, 526, 527, 530] {
        for request in [BRIDGES, JOBS, ARCHIVE] {
            let fake = struck(Fault::on(request).times(2).cloudflare(status));
            let ran = Run::new(&fake).args("fetch build").succeeds();
            assert_eq!(ran.requests.len(), 5, "{request} {status}");
        }
    }
    for status in [500, 502, 521, 530] {
        let fake = Fake::start(world().server(json!({"archives": "redirect"})));
        fake.fault(Fault::on("store/201/artifacts.zip").times(2).cloudflare(status));
        Run::new(&fake).args("fetch build").succeeds();
    }
    for fault in [
        Fault::on(JOBS).always().cloudflare(520),
        Fault::on(JOBS).always().nginx(504),
        Fault::on(ARCHIVE).always().cloudflare(530),
    ] {
        let ran = Run::new(struck(fault)).args("fetch build --retries 1").fails(5);
        ran.says("2 times: ").never_says("sign-in");
    }
}

#[test]
fn a_lock_is_waited_out_by_reads_and_by_changes() {
    let locked = |request: &str| Fault::on(request).times(2).locked();
    for fault in [
        locked(BRIDGES),
        locked(JOBS),
        Fault::on(JOBS).json(409, &json!({"message": "Another operation is in progress"})),
        Fault::on(JOBS).json(409, &json!({"message": "409 Conflict"})),
        Fault::on(JOBS).status(423),
    ] {
        Run::new(struck(fault)).args("fetch build").succeeds();
    }
    for fault in [
        locked("POST artifacts/keep"),
        Fault::on("POST artifacts/keep").case("delete artifacts during stats refresh"),
        Fault::on("POST artifacts/keep").cloudflare(521),
    ] {
        Run::new(struck(fault)).args("keep build").succeeds();
    }
    // The outcome is unknown, so the change is not repeated.
    let fake = struck(Fault::on("POST artifacts/keep").cloudflare(520));
    Run::new(&fake).args("keep build").fails(5).says("they may be kept nevertheless");
    // A conflict with a reason of its own would be the same again.
    let taken = json!({"message": "409 (Conflict) - the name is taken"});
    let fake = struck(Fault::on(JOBS).json(409, &taken));
    Run::new(&fake).args("fetch build").fails(5).says("the name is taken").asks(&LOOKUP);
}

#[test]
fn a_404_that_may_mean_no_access_is_a_denial() {
    let public = |id: u64| json!({"set": {"project": id, "public": true}});
    for (world, line, says) in [
        (
            world()
                .with_token("job")
                .with(&json!({"set": {"project": 2, "job_token_allowlist": []}}))
                .server(json!({"allowlist_errors": "old"})),
            "fetch build",
            "404 Project Not Found",
        ),
        (world(), "fetch build -R 77", "404 Project Not Found"),
        (world(), "fetch build -R 77 --ref main", "404 Project Not Found"),
        (world(), "fetch -R 77 --job-id 201", "404 Project Not Found"),
        (world(), "fetch build -R 77 --if-missing ignore", "404 Project Not Found"),
        (world(), "fetch build -R 77 --ref main --if-missing ignore", "404 Project Not Found"),
    ] {
        Run::new(world).args(line).fails(4).says(says).says("hint: ");
    }
    let ran = Run::new(world()).without(&["GITLAB_TOKEN"]).args("fetch build").fails(4);
    ran.says("no token was sent");
    // Another response showed that the lists may be read.
    let open = world().with(&public(1)).with(&public(2));
    let ran = Run::new(open).without(&["GITLAB_TOKEN"]).args("fetch build --pipeline 77").fails(3);
    ran.says("has no pipeline 77");
    let ran = Run::new(world().with_token("job")).args("fetch build --pipeline 77").fails(3);
    ran.says("has no pipeline 77");
}

#[test]
fn the_allowlist_is_never_the_reason_for_the_own_project() {
    for line in ["fetch build", "fetch build --from pipeline", "tree", "wait", "explain build"] {
        let old = world().with_token("job").server(json!({"job_token_lists": false}));
        let ran = Run::new(old).args(line).fails(4);
        ran.says("GitLab before 18.3").never_says("must list yours");
    }
}

#[test]
fn one_hidden_project_among_several_is_named_with_the_flags_that_leave_it_out() {
    let world = |two: bool| {
        let mut bridges = vec![json!({"id": 90, "name": "down", "downstream": 20})];
        if two {
            bridges.push(json!({"id": 91, "name": "side", "downstream": 30}));
        }
        World::from_json(json!({"projects": [
            {"id": 1, "path": "shop/up", "pipelines": [{"id": 10, "bridges": bridges}]},
            {"id": 2, "path": "shop/down", "pipelines": [{"id": 20, "jobs": [job(201, "build")]}]},
            {"id": 3, "path": "shop/side", "pipelines": [{"id": 30, "jobs": [job(301, "build")]}]},
        ]}))
    };
    for (two, says) in
        [(true, "with --bridge or --downstream"), (false, "needs a role in that project")]
    {
        for line in ["fetch build", "wait build", "ls build", "explain build"] {
            let fake = Fake::start(world(two));
            fake.fault(Fault::on(JOBS).always().case("project missing or invisible"));
            let ran = Run::new(&fake).args(line).fails(4);
            ran.says("bridge `down` leads to project shop/down").says(says);
            ran.never_says("the number");
            if !two {
                ran.never_says("--bridge");
            }
        }
    }
    Run::new(world(true)).args("fetch build --bridge side").succeeds();
    Run::new(world(true)).args("fetch build --downstream shop/side").succeeds();
}

#[test]
fn sign_in_pages_are_known_in_every_dress() {
    for dress in SignIn::ALL {
        for request in [BRIDGES, JOBS, "POST artifacts/keep"] {
            let fake = struck(Fault::on(request).sign_in(dress));
            let ran = Run::new(&fake).args("keep build").fails(4);
            ran.says("web page");
            if dress != SignIn::Upper {
                ran.says("Sign in");
            }
        }
        let fake = struck(Fault::on(ARCHIVE).sign_in(dress));
        Run::new(&fake).args("fetch build").fails(4).says("web page").changes_nothing();
        // Nothing was deleted.
        for line in ["build", "-R 2 --job-id 201", "--all-in-project"] {
            let fake = struck(Fault::on("DELETE artifacts").sign_in(dress));
            let ran = Run::new(&fake).args("delete --yes").args(line).fails(4);
            ran.says("web page").prints("");
        }
    }
}

#[test]
fn a_redirect_away_from_the_api_is_a_sign_in() {
    for request in [BRIDGES, JOBS, "POST artifacts/keep"] {
        let fake = struck(Fault::on(request).identity_provider());
        let ran = Run::new(&fake).args("keep build").fails(4);
        ran.says("redirected to <store>/sso/authorize, which is no address of the API");
        ran.never_says("state=5f3a");
        let fake = struck(Fault::on(request).redirect("/sso/authorize"));
        let ran = Run::new(&fake).args("keep build").fails(4);
        ran.says("/sso/authorize, which is no address of the API");
        let fake = struck(Fault::on(request).redirect("{api}/users/sign_in"));
        Run::new(&fake).args("keep build").fails(4).says("Sign in");
    }
    let fake = struck(Fault::on(ARCHIVE).identity_provider());
    Run::new(&fake).args("fetch build").fails(4).says("web page");
}

#[test]
fn a_redirect_of_the_api_gets_no_token_and_the_line_that_works() {
    let other = Fake::start(world());
    let there = format!("{}/projects/1/pipelines/10/bridges", other.api_url());
    let fake = struck(Fault::on(BRIDGES).redirect(&there));
    let ran = Run::new(&fake).args("fetch build").fails(4);
    ran.says("no token was sent there: <api> redirects to ");
    ran.says(&format!("use --api-url {}", other.api_url()));
    assert!(other.log().iter().all(|it| it.header("private-token").is_none()));
    // The line works.
    let again = Run::new(&other).vars([("CI_API_V4_URL", &fake.api_url())]);
    again.args("fetch build --api-url").arg(other.api_url()).succeeds();
    let page = fake.web("shop/up/-/pipelines/10");
    fake.fault(Fault::on(BRIDGES).redirect(&there));
    let ran = Run::new(&fake).args("fetch").arg(page).args("build").fails(4);
    ran.says("paste the address with http://");
    // A server that is not there is no matter of object storage.
    let nowhere = "http://127.0.0.1:1/api/v4/projects/1/pipelines/10/bridges";
    let fake = struck(Fault::on(BRIDGES).redirect(nowhere));
    let ran = Run::new(&fake).args("fetch build").fails(5);
    ran.says("refuses the connection").says("the address of GitLab's API?");
    ran.never_says("object storage");
}

#[test]
fn an_archive_that_the_storage_lost_is_told_in_the_words_of_the_storage() {
    let lost = json!({
        "id": 201, "name": "build", "archive": {"files": {"from": "201"}, "lost": true},
    });
    for archives in ["redirect", "proxied"] {
        for (make, code) in [("s3", "NoSuchKey"), ("gcs", "NoSuchKey"), ("azure", "BlobNotFound")] {
            let server = json!({"archives": archives, "store": make});
            let run = || Run::new(downstream(std::slice::from_ref(&lost)).server(server.clone()));
            for line in [
                "fetch build",
                "fetch build --path from",
                "fetch build -o it.zip",
                "ls build",
                "cat build from",
            ] {
                let ran = run().args(line).fails(3);
                ran.says("GitLab lists the artifacts of `build (201)`, the storage no longer has");
                ran.says(code).never_says("check `artifacts:`").changes_nothing();
            }
            run().args("fetch build --if-missing ignore").succeeds();
        }
    }
    let fake = Fake::start(world().server(json!({"archives": "redirect"})));
    fake.fault(Fault::on("store/201/artifacts.zip").no_such_key(Make::S3));
    Run::new(&fake).args("fetch build").fails(3).says("NoSuchKey");
}

#[test]
fn a_reason_of_gitlab_stands_alone_and_roles_follow_what_was_asked() {
    for (request, line) in [
        (JOBS, "fetch build"),
        (ARCHIVE, "fetch build"),
        ("POST artifacts/keep", "keep build"),
        ("DELETE jobs/201/artifacts", "delete build --yes"),
        ("POST projects/2/pipeline", "trigger 2 --ref main"),
    ] {
        let ran = Run::new(struck(Fault::on(request).archived())).args(line).fails(4);
        ran.says("403 Forbidden - Project is archived").never_says("role");
    }
    let denied = "no permission (role, artifacts:access, CI visibility)";
    for (request, line, hint) in [
        ("POST artifacts/keep", "keep build", "may keep artifacts (Developer)"),
        ("DELETE jobs/201/artifacts", "delete build --yes", "delete artifacts (Maintainer)"),
        ("POST projects/2/pipeline", "trigger 2 --ref main", "may start pipelines (Developer)"),
        (ARCHIVE, "fetch build", "`artifacts:access`"),
        (BRIDGES, "fetch build", "Reporter"),
    ] {
        let ran = Run::new(struck(Fault::on(request).case(denied))).args(line).fails(4);
        ran.says(hint).never_says("must list yours");
    }
    let fake = Fake::start(world().with_token("job"));
    fake.fault(Fault::on(ARCHIVE).times(1).case(denied));
    let ran = Run::new(&fake).args("fetch build").fails(4);
    ran.says("`artifacts:access`").never_says("must list yours");
}

#[test]
fn missing_permissions_are_named() {
    for (fault, says) in [
        (
            Fault::on(ARCHIVE).granular(&["download_job_artifact"]),
            "a new fine-grained token with the permission Job Artifact: Read",
        ),
        (Fault::on(JOBS).granular(&["read_pipeline"]), "with the permission Pipeline: Read"),
        (Fault::on(JOBS).dpop(), "proof of possession (DPoP)"),
    ] {
        let ran = Run::new(struck(fault)).args("fetch build").fails(4);
        ran.says(says).never_says("scope read_api").never_says("expired");
    }
    for (fault, says) in [
        (Fault::on(JOBS).job_permissions("#2", &["read_jobs"]), "grant read_jobs where"),
        (
            Fault::on(JOBS).job_permissions("shop/down", &["read_jobs", "read_pipelines"]),
            "grant read_jobs and read_pipelines where",
        ),
        (Fault::on(JOBS).unpoliced(), "GitLab accepts no job token for this"),
    ] {
        let fake = Fake::start(world().with_token("job"));
        fake.fault(fault);
        Run::new(&fake).args("fetch build").fails(4).says(says);
    }
}

#[test]
fn a_path_that_a_proxy_spoils_is_to_be_given_as_a_number() {
    let by_job = "fetch -R shop/up --job-id 201";
    for (fault, line) in [
        (Fault::on(BRIDGES).apache_404(), "fetch build -R shop/up"),
        (Fault::on(BRIDGES).nginx(404), "fetch build -R shop/up"),
        (Fault::on("GET *").always().apache_404(), by_job),
        (Fault::on("GET *").always().nginx(404), "list -R shop/up"),
    ] {
        let ran = Run::new(struck(fault)).args(line).fails(4);
        ran.says("give the project by its number (--project ID)").never_says("token");
    }
    let fake = struck(Fault::on(BRIDGES).apache_404());
    let ran = Run::new(&fake).args("fetch build -R 1").fails(4);
    ran.never_says("by its number");
}

#[test]
fn the_name_of_a_variable_in_place_of_a_token_is_recognised() {
    for token in ["$API_TOKEN", "${API_TOKEN}", "%API_TOKEN%"] {
        let ran = Run::new(world()).vars([("GITLAB_TOKEN", token)]).args("fetch build").fails(4);
        ran.says("the name of a variable, not its value: is that variable protected");
        ran.never_says("create a new one");
    }
}

#[test]
fn a_token_goes_to_the_server_that_it_belongs_to() {
    let fake = Fake::start(world());
    let page = fake.web("shop/up/-/pipelines/10");
    let run = || Run::new(&fake).without(&["CI_API_V4_URL", "CI_PROJECT_ID", "CI_PIPELINE_ID"]);
    for home in ["GITLAB_HOST", "CI_SERVER_URL"] {
        let elsewhere = run().vars([(home, "https://gitlab.elsewhere.test")]);
        let ran = elsewhere.args("fetch").arg(&page).args("build").fails(4);
        ran.says(&format!("GITLAB_TOKEN belongs to the GitLab of {home} and is not sent to <api>"));
        ran.says("hint: GitLab also answers this for what only a token may see; give a token of");
        ran.check(
            ran.log.iter().all(|it| it.header("private-token").is_none()),
            "no token was sent",
        );
    }
    // The token of a job goes to the GitLab of the job alone, which nothing names here.
    let of_job = run().without(&["GITLAB_TOKEN"]).vars([("CI_JOB_TOKEN", "glcbt-64_any")]);
    let ran = of_job.args("fetch").arg(&page).args("build").fails(4);
    ran.says("CI_JOB_TOKEN belongs to the GitLab of CI_API_V4_URL, which is not set, and is not");
    let ran = run().args("fetch").arg(&page).args("build").succeeds();
    ran.says("warning: GITLAB_TOKEN is sent to <api>");
    let api = fake.api_origin();
    let ran = run().vars([("GITLAB_HOST", &api)]).args("fetch").arg(&page).args("build").succeeds();
    ran.never_says("warning");
    // A token that is given by hand is meant for this server.
    let elsewhere = run().vars([("GITLAB_HOST", "https://gitlab.elsewhere.test")]);
    let ran = elsewhere.args("fetch --private-token").arg(fake.token("private").0);
    ran.arg(&page).args("build").succeeds().never_says("warning");
    // So is one that another tool stores for it.
    let config = format!(
        "hosts:\n  {}:\n    api_protocol: http\n    token: {}\n",
        api.trim_start_matches("http://"),
        fake.token("private").0
    );
    let elsewhere = run().vars([("GITLAB_HOST", "https://gitlab.elsewhere.test")]);
    let ran = elsewhere.home(".config/glab-cli/config.yml", config);
    ran.args("fetch").arg(&page).args("build").succeeds();
}

#[test]
fn a_token_that_was_withheld_is_the_one_advice() {
    let config = |api: &str| format!("[remote \"origin\"]\n\turl = {api}/shop/up.git\n");
    let fake = Fake::start(world());
    for line in ["fetch build --pipeline 10", "tree --pipeline 10", "list", "fetch --job-id 201"] {
        let run = Run::new(&fake).without(&["CI_API_V4_URL", "CI_PROJECT_ID", "CI_PIPELINE_ID"]);
        let run = run.file(".git/HEAD", "ref: refs/heads/main\n");
        let run = run.file(".git/config", config(&fake.api_origin()));
        let ran = run.args(line).fails(4);
        ran.says("GITLAB_TOKEN is not sent to <api>, which only the git remote origin names");
        ran.says("to send it there set GITLAB_HOST=<api>").never_says("set GITLAB_TOKEN");
    }
}

#[test]
fn what_is_pasted_is_quoted() {
    let strange = "a'b $(reboot) `reboot`";
    let world = downstream(&[job(201, strange)]);
    let ran = Run::new(world).args("explain -R 2 --ref main").arg(strange).runs();
    for line in ran.stdout.lines().filter(|line| line.trim().starts_with("curl ")) {
        let words = shlex::split(line).unwrap();
        assert!(words.last().is_some_and(|it| it.starts_with("<api>/")), "{line}");
    }
    for host in ["gitlab.$(reboot).test", "gitlab;reboot.test", "git'lab.test", "git&lab.test"] {
        let ran = Run::new(downstream(&[])).args("explain build --api-url");
        ran.arg(format!("https://{host}/api/v4")).fails(2).asks(&[]);
    }
}
