//! Without ids: the newest pipeline of the branch that a git checkout is on, and the commits that git
//! resolves.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::fake::{Fake, World};
use crate::harness::{Run, words};
use crate::scenes::job;

/// Runs git as one person at one time, so that every commit has the same SHA in each run.
fn git(dir: &Path, line: &str) -> String {
    let output = Command::new("git")
        .args(words(line))
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "A Person")))
        .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "a@b.test")))
        .envs(["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| (name, "1700000000 +0000")))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {line}: {stderr}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Makes a repository with two commits on `main`, the first tagged as `v1`.
fn repository(dir: &Path, api: &str) {
    git(dir, "init -q -b main");
    git(dir, "commit -q --allow-empty -m one");
    git(dir, "tag -a v1 -m v1");
    git(dir, "commit -q --allow-empty -m two");
    let web = api.trim_end_matches("/api/v4");
    git(dir, &format!("remote add origin {web}/shop/up.git"));
}

/// The full SHA of a revision of `repository`.
fn sha(rev: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    repository(dir.path(), "https://a.test");
    git(dir.path(), &format!("rev-parse {rev}"))
}

/// A pipeline of project 1 with a job `build` of the number after it.
fn pipeline(id: u64, ref_: &str, sha: &str, more: Value) -> Value {
    let mut pipeline = json!({
        "id": id, "ref": ref_, "sha": sha, "status": "running", "jobs": [job(id + 1, "build")],
        "created_at": "2026-03-02T10:05:00.000Z",
    });
    pipeline.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    pipeline
}

/// Project `shop/up` with these pipelines and merge requests; the default branch is `main`.
fn world(pipelines: &[Value], merge_requests: Value) -> World {
    let mut all = vec![
        pipeline(100, "main", &sha("v1^{commit}"), json!({"status": "success"})),
        pipeline(110, "main", &sha("main"), json!({"status": "failed"})),
    ];
    all.extend_from_slice(pipelines);
    World::from_json(json!({"server": {"archives": "direct"}, "projects": [
        {"id": 1, "path": "shop/up", "default_branch": "main", "pipelines": all,
         "merge_requests": merge_requests},
    ]}))
}

/// A run in a repository, outside CI, that nothing but git tells the project.
fn run(fake: &Fake, prepare: impl FnOnce(&Path)) -> Run<'_> {
    let api = fake.api_url();
    Run::new(fake).without(&["CI_PROJECT_ID", "CI_PIPELINE_ID"]).prepared(|dir| {
        repository(dir, &api);
        prepare(dir);
    })
}

/// The branch that is checked out, how it came about, and the pipeline that is taken.
#[test]
fn the_newest_pipeline_of_the_branch_is_taken_whatever_its_status() {
    let c0ffee = "c0ffee1234567890abcdef1234567890abcdef12";
    let world = world(
        &[
            pipeline(120, "feature/deep/er", c0ffee, json!({})),
            pipeline(130, "feature/deep", c0ffee, json!({})),
            pipeline(140, "v1", c0ffee, json!({})),
        ],
        json!({}),
    );
    let fake = Fake::start(world);
    for (lines, id, of) in [
        (&[][..], 110, "ref `main`: failed, created 5 minutes ago"),
        (&["switch -q -c feature/deep/er"], 120, "ref `feature/deep/er`: running"),
        (
            &[
                "switch -q -c mine",
                "config branch.mine.remote origin",
                "config branch.mine.merge refs/heads/feature/deep",
            ],
            130,
            "ref `feature/deep`: running",
        ),
        // A detached HEAD: the commit's pipeline, else the default branch.
        (&["checkout -q v1"], 100, "commit "),
        (
            &["checkout -q v1", "commit -q --allow-empty -m three", "checkout -q --detach"],
            110,
            "ref `main`",
        ),
    ] {
        let ran = run(&fake, |dir| lines.iter().for_each(|line| drop(git(dir, line))))
            .args("fetch build --any-status")
            .succeeds();
        let first = ran.stderr.lines().next().unwrap();
        let expect = format!("pipeline {id} of project shop/up, the newest of {of}");
        ran.check(first.starts_with(&expect), &format!("the first line is not {expect}"));
        assert_eq!(ran.read("from"), (id + 1).to_string(), "{lines:?}");
    }
}

#[cfg(unix)]
#[test]
fn worktrees_and_submodules_are_checkouts_too() {
    let fake = Fake::start(world(&[pipeline(120, "other", "c0ffee", json!({}))], json!({})));
    let tree = run(&fake, |dir| {
        // The run starts in a worktree of a repository beside it.
        let main = dir.with_file_name("main");
        std::fs::rename(dir, &main).unwrap();
        git(&main, "worktree add -q -b other ../work");
    });
    tree.args("fetch build --any-status").succeeds().says("pipeline 120 of project shop/up");
    let sub = Run::new(&fake).without(&["CI_PROJECT_ID", "CI_PIPELINE_ID"]).prepared(|dir| {
        let (below, above) = (dir.with_file_name("below"), dir.with_file_name("above"));
        for dir in [&below, &above] {
            std::fs::create_dir(dir).unwrap();
            repository(dir, &fake.api_url());
        }
        let add = format!(
            "-c protocol.file.allow=always submodule --quiet add '{}' sub",
            below.display()
        );
        git(&above, &add);
        let web = fake.api_url().replace("/api/v4", "/shop/up.git");
        git(&above.join("sub"), &format!("remote set-url origin {web}"));
        git(&above.join("sub"), "checkout -q v1");
        std::fs::remove_dir(dir).unwrap();
        std::os::unix::fs::symlink(above.join("sub"), dir).unwrap();
    });
    sub.args("fetch build").succeeds().says("pipeline 100 of project shop/up");
}

#[test]
fn a_branch_with_merge_request_pipelines_only_is_found_by_its_merge_request() {
    let merge = |id: u64, iid: u64| {
        let ref_ = format!("refs/merge-requests/{iid}/head");
        pipeline(id, &ref_, "c0ffee", json!({"source": "merge_request_event"}))
    };
    let fake = Fake::start(world(
        &[merge(120, 7), merge(130, 7), merge(140, 8), merge(150, 9)],
        json!({
            "7": {"pipelines": [130, 120], "source_branch": "fix"},
            "8": {"pipelines": [140], "source_branch": "fix", "state": "merged"},
            "9": {"pipelines": [150], "source_branch": "fix", "source_project": 99},
        }),
    ));
    let ran = run(&fake, |dir| drop(git(dir, "switch -q -c fix")))
        .args("fetch build --any-status")
        .succeeds();
    ran.says("pipeline 130 of project shop/up, the newest of merge request 7 of branch `fix`");
    assert_eq!(ran.read("from"), "131");
}

#[test]
fn a_branch_without_pipelines_is_refused_and_no_other_ref_is_taken() {
    let fake = Fake::start(world(&[], json!({})));
    let ran = run(&fake, |dir| drop(git(dir, "switch -q -c never-pushed")))
        .args("fetch build --json")
        .fails(3);
    ran.says("no pipeline of ref `never-pushed` in project shop/up, which GitLab does not know");
    ran.says("there are pipelines of `main`");
    ran.says("push the branch, or take the newest of the default branch with `--pipeline latest --ref main`");
    assert_eq!(ran.json()["error"]["candidates"], json!(["main"]));
    // The advice works.
    let ran = run(&fake, |dir| drop(git(dir, "switch -q -c never-pushed")))
        .args("fetch build --any-status --from any --pipeline latest --ref main")
        .succeeds();
    assert_eq!(ran.read("from"), "111");
    let explained = run(&fake, |dir| drop(git(dir, "switch -q -c x"))).args("explain build");
    explained.fails(3).says("no pipeline of ref `x`");
}

/// `latest` by its own word looks downstream first of all, and the assumed one everywhere.
#[test]
fn from_keeps_its_default_where_latest_is_said() {
    let fake = Fake::start(world(&[], json!({})));
    run(&fake, |_| {})
        .args("fetch build --pipeline latest")
        .fails(3)
        .says("has triggered no pipeline");
    run(&fake, |_| {}).args("fetch build --any-status --from pipeline").succeeds();
    let ran = run(&fake, |_| {}).args("tree").succeeds();
    ran.says("pipeline 110 of project shop/up, the newest of ref `main`");
    run(&fake, |_| {}).args("fetch test").may_leave_files().fails(3).says("no job `test`");
}

#[test]
fn a_commit_is_named_by_anything_that_git_resolves() {
    let fake = Fake::start(world(&[], json!({})));
    let (first, second) = (sha("v1^{commit}"), sha("main"));
    for (rev, id) in [
        ("HEAD", 110),
        ("@", 110),
        ("main", 110),
        ("HEAD~1", 100),
        ("v1", 100),
        ("refs/tags/v1", 100),
        (":/one", 100),
        (&first, 100),
        (&first[..7], 100),
        (&second[..12], 110),
    ] {
        let line = format!("fetch build --any-status --commit '{rev}'");
        let ran = run(&fake, |_| {}).args(&line).succeeds();
        assert_eq!(ran.read("from"), (id + 1).to_string(), "{rev}");
    }
    for rev in ["no-such-branch", "HEAD~9", "HEAD:file", "", "--all"] {
        let ran = run(&fake, |_| {}).args("fetch build").arg(format!("--commit={rev}")).fails(2);
        ran.check(ran.requests.is_empty(), "nothing is asked");
        ran.says("which git does not know in this checkout");
    }
    let ran = run(&fake, |_| {}).vars([("PATH", "/nonexistent")]).args("fetch build --commit HEAD");
    ran.fails(2).says("git is not installed");
    let ran = run(&fake, |_| {})
        .vars([("PATH", "/nonexistent")])
        .args(&format!("fetch build --commit {}", &first[..7]))
        .succeeds();
    assert_eq!(ran.read("from"), "101");
}

/// A checkout that came from others can name commands in its configuration.
#[cfg(unix)]
#[test]
fn nothing_that_the_configuration_names_is_run() {
    let fake = Fake::start(world(&[], json!({})));
    for rev in ["HEAD", "HEAD~1", "0123456789abcdef", "other", "HEAD:x"] {
        let run = run(&fake, |dir| {
            let mark = dir.join("ran").display().to_string();
            let touch = format!("touch {mark}");
            for key in ["core.fsmonitor", "core.pager", "core.editor", "core.sshCommand"] {
                git(dir, &format!("config {key} '{touch}'"));
            }
            git(dir, &format!("config alias.rev-parse '!{touch}'"));
            git(dir, "config core.repositoryFormatVersion 1");
            git(dir, "config extensions.partialClone evil");
            git(dir, "config protocol.ext.allow always");
            git(dir, &format!("config remote.evil.url 'ext::{touch}'"));
            git(dir, "config remote.evil.promisor true");
            // A ref to a commit that is missing, which a partial clone would fetch.
            std::fs::write(dir.join(".git/refs/heads/other"), "0123456789".repeat(4)).unwrap();
        });
        let ran = run.args(&format!("fetch build --any-status --commit {rev}")).runs();
        assert!(!ran.files().iter().any(|file| file.contains("ran")), "{rev}: {:?}", ran.files());
    }
}

#[test]
fn outside_a_checkout_gitlab_completes_a_short_sha() {
    let first = sha("v1^{commit}");
    for token in ["private", "job"] {
        let fake = Fake::start(world(&[], json!({})).with_token(token));
        let line = format!("fetch build --commit {}", first[..9].to_uppercase());
        let ran = Run::new(&fake).args(&line).succeeds();
        assert_eq!(ran.read("from"), "101", "{token}");
        Run::new(&fake).args("fetch build --commit ffffffff").fails(3).says("commit ffffffff");
        Run::new(&fake).args("fetch build --commit HEAD").fails(2).says("is no SHA");
    }
}

#[test]
fn jobs_by_their_ids_come_in_the_order_they_were_named() {
    let fake = Fake::start(world(&[pipeline(120, "x", "c0ffee", json!({}))], json!({})));
    let ran =
        Run::new(&fake).args("fetch --job-id 121 --job-id 101 --job-id 121 --separate=id --json");
    let document = ran.succeeds().json();
    let fetched = document["fetched"].as_array().unwrap();
    assert_eq!(fetched.iter().map(|it| &it["job"]["id"]).collect::<Vec<_>>(), [121, 101]);
    Run::new(&fake).args("fetch --job-id 121 --job-id 101 --one").fails(3).says("2 jobs");
    Run::new(&fake).args("fetch --job-id 121 --job-id 999").fails(3);
}

#[test]
fn pasted_addresses_lead_to_the_jobs_of_their_pages() {
    let fake = Fake::start(world(
        &[pipeline(
            120,
            "a/b",
            "c0ffee1234567890abcdef1234567890abcdef12",
            json!({"status": "success"}),
        )],
        json!({"7": {"pipelines": [120], "source_branch": "a/b"}}),
    ));
    let web = fake.api_url().replace("/api/v4", "/shop/up");
    for (page, more, id) in [
        ("/-/tree/a/b?ref_type=heads", "build", 120),
        ("/-/merge_requests/7/diffs", "build", 120),
        ("/-/commit/c0ffee1234567890abcdef1234567890abcdef12", "build", 120),
        ("/-/commit/c0ffee12", "build", 120),
        ("/-/jobs/artifacts/a/b/download?job=build", "", 120),
        ("/-/jobs/121/artifacts/browse/x", "", 120),
        ("/-/pipelines/100", "build --from pipeline", 100),
        ("", "build --any-status --from pipeline", 110),
        ("", "build --ref a/b", 120),
        ("", "build --any-status --pipeline latest --from any --ref a/b", 120),
    ] {
        let line = format!("fetch {more}");
        for url in [
            format!("{web}{page}"),
            format!(" {web}{page}\n"),
            format!("{web}{page}").replace("http://", ""),
        ] {
            let run = Run::new(&fake).without(&["CI_PROJECT_ID", "CI_PIPELINE_ID"]);
            let ran = run.args(&line).arg(url.clone()).runs();
            // The address of a project alone, without its scheme, is one in the first place only.
            if page.is_empty() && !url.contains("://") {
                continue;
            }
            ran.check(ran.exit == Some(0), &url);
            assert_eq!(ran.read("from"), (id + 1).to_string(), "{url:?} {more}");
        }
    }
    let project = Run::new(&fake).without(&["CI_PROJECT_ID", "CI_PIPELINE_ID"]);
    let line = format!("fetch build --any-status --from any {}", web.replace("http://", ""));
    let line = line.replace("fetch build", "fetch");
    let ran = project.args(&line).arg("build").succeeds();
    assert_eq!(ran.read("from"), "111");
    let cat = Run::new(&fake).args("cat build from").arg(format!("{web}/-/tree/a/b")).succeeds();
    assert_eq!(cat.stdout, "121");
}
