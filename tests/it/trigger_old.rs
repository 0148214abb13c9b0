//! Called under the name `trigger`: the command line of pipeline-trigger, for old CI files.

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;
use crate::ran::Ran;

const STARTS: &str = "glptt-startsRadarSharecode";
const READS: &str = "glpat-meiTanReads70and93";

/// Prepares a run under the old name, with the tokens and the host of an old CI file.
fn old<'a>(fake: &'a Fake, args: &str) -> Run<'a> {
    let host = fake.api_origin();
    let tokens = format!("-a {READS} -p {STARTS} -h {host}");
    Run::new(fake).bare().called("/usr/local/bin/trigger").args(&tokens).args(args)
}

fn fake() -> Fake {
    Fake::start(World::named("two-repos").with_token("private"))
}

fn posts(ran: &Ran) -> Vec<&str> {
    ran.requests.iter().filter(|r| r.starts_with("POST ")).map(String::as_str).collect()
}

/// Each old flag, with what `downriver trigger` calls it: both make the same requests. What they
/// print is not the same.
#[test]
fn every_old_flag_has_its_new_one() {
    for (row, new) in [
        ("-t master 93", "--ref master 93"),
        ("-t master -e A=b -e C=d=e 93", "--ref master -e A=b -e C=d=e 93"),
        ("-t master -d 93", "--ref master -d 93"),
        ("-t master --detach 93", "--ref master --detach 93"),
        ("-t master -s 3 93", "--ref master -s 3 93"),
        ("-t master -r 93", "--ref master -r 93"),
        ("-t master --pid 9002 93", "--ref master --pid 9002 93"),
        ("-t master --on-manual pass 93", "--ref master --on-manual pass 93"),
        ("-t master --on-manual play 93", "--ref master --on-manual play 93"),
        (
            "-t master --on-manual play --jobs 'upload: symbols' 93",
            "--ref master --on-manual play --jobs 'upload: symbols' 93",
        ),
        ("-t master -o --on-manual pass 93", "--ref master --print-logs --on-manual pass 93"),
        ("-t master -u /api/v4/projects 93", "--ref master -u /api/v4 93"),
        ("-t master -v true 93", "--ref master 93"),
        ("-t master --verbose 93", "--ref master -v 93"),
        ("-t master shop%2Fradar-sharecode", "--ref master shop/radar-sharecode"),
    ] {
        let (here, there) = (fake(), fake());
        let ours = old(&here, row).runs();
        let host = there.api_origin();
        let theirs = Run::new(&there)
            .bare()
            .args(&format!("trigger -a {READS} -p {STARTS} --host {host}"))
            .args(new)
            .args(if row.contains("-s 3") { "" } else { "--poll-interval 5" })
            .runs();
        let bodies = |ran: &Ran| ran.log.iter().map(|l| l.body.clone()).collect::<Vec<_>>();
        assert_eq!(ours.requests, theirs.requests, "{row}");
        assert_eq!(bodies(&ours), bodies(&theirs), "{row}");
        assert_eq!(ours.pauses, theirs.pauses, "{row}");
        let good = theirs.exit == Some(0);
        assert_eq!(ours.exit, Some(u8::from(!good)), "{row}: {:?}", theirs.exit);
    }
}

#[test]
fn it_ends_with_the_codes_of_old() {
    let fake = fake();
    old(&fake, "-t master --on-manual play 93").exits(0);
    for (args, exit) in [
        ("-t master 93", 1),
        ("-t nowhere 93", 1),
        ("-t master 71", 1),
        ("-t master", 2),
        ("93", 2),
        ("-t master --on-manual later 93", 2),
        ("-t master -v perhaps 93", 2),
        ("-t master -e A 93", 2),
        ("-t master --unknown 93", 2),
        ("-t '' 93", 2),
        ("-t master -s 0 93", 2),
    ] {
        old(&self::fake(), args).exits(exit);
    }
    Run::new(World::named("two-repos")).called("trigger").args("-t master 93").fails(2);
}

#[test]
fn six_failed_polls_in_a_row_end_with_two() {
    let here = fake();
    here.fault(Fault::on("GET pipelines/9100").times(6).status(500));
    let ran = old(&here, "-t master 93").fails(2);
    ran.says("pipeline 9100 goes on, but cannot be watched");
    // The token that watches is proved, and then used six times.
    assert_eq!(ran.requests.len(), 1 + 1 + 6);
    let here = fake();
    here.fault(Fault::on("GET pipelines/9100").times(5).status(500));
    old(&here, "-t master --on-manual pass 93").exits(0);
    // That nothing could be started is another matter.
    let here = fake();
    here.fault(Fault::on("POST trigger/pipeline").close());
    let ran = old(&here, "-t master 93").fails(1);
    assert_eq!(posts(&ran), ["POST projects/93/trigger/pipeline"]);
}

#[test]
fn it_waits_as_long_as_it_takes() {
    let here = fake();
    let running = serde_json::json!({"id": 9100, "status": "running", "project_id": 93});
    here.fault(Fault::on("GET pipelines/9100").times(900).json(200, &running));
    let ran = old(&here, "-t master --on-manual pass 93").exits(0);
    assert!(ran.pauses.iter().map(|pause| pause.as_secs()).sum::<u64>() > 3600);
    // A month is enough for every pipeline. There is no flag for more.
    let here = fake();
    here.fault(Fault::on("GET pipelines/9100").always().json(200, &running));
    let ran = old(&here, "-t master -s 86400 93").fails(1);
    ran.says("waited 30days").never_says("--wait-timeout");
}

#[test]
fn certificates_are_checked_unless_it_is_told_not_to() {
    old(&fake(), "-t master -d -v false 93").exits(0).says("certificate is not checked");
    old(&fake(), "-t master -d -v 93").exits(2);
    old(&fake(), "-t master -d -v yes 93").exits(0).never_says("certificate");
}

#[test]
fn the_name_decides_with_and_without_exe() {
    for name in ["trigger", "trigger.exe", "/bin/trigger"] {
        let here = fake();
        let ran = Run::new(&here).bare().called(name).args("--help").succeeds();
        ran.check(ran.stdout.contains("-h, --host <HOST>"), "-h is the host");
    }
    let here = fake();
    let ran = Run::new(&here).bare().args("trigger -h").succeeds();
    ran.check(ran.stdout.contains("-h, --help"), "here it is help");
}

#[test]
fn without_a_host_it_is_gitlab_com() {
    let here = fake();
    let args = format!("-p {STARTS} -t master --verbose 93");
    let vars =
        [("HTTPS_PROXY", "http://127.0.0.1:1"), ("CI_API_V4_URL", "http://127.0.0.1:1/api/v4")];
    let ran = Run::new(&here).bare().called("trigger").args(&args).vars(vars).fails(1);
    ran.says("https://gitlab.com/api/v4/projects/93/trigger/pipeline").asks(&[]);
}

#[test]
fn it_prints_the_lines_that_scripts_look_for() {
    let url = "https://gitlab.test/shop/radar-sharecode/-/pipelines/9100";
    let created = format!(
        "Triggering pipeline for ref 'master' for project id 93\nPipeline created (id: 9100)\nSee pipeline at {url}\n"
    );
    let waiting = format!("{created}Waiting for pipeline 9100 to finish ...\n");
    for (args, expect) in [
        (
            "-t master -d 93",
            format!("{created}Detached mode: not monitoring pipeline status - exiting now.\n"),
        ),
        (
            "-t master --on-manual play 93",
            format!(
                "{waiting}...\nPlaying manual job \"upload: symbols\" from stage \"deploy\"...\n....\nPipeline succeeded\n"
            ),
        ),
        (
            "-t master --on-manual play --jobs nothing 93",
            format!(
                "{waiting}...\nNo manual jobs found!\n.\nPipeline failed! Check details at '{url}'\n"
            ),
        ),
        (
            "-t master --on-manual pass 93",
            format!("{waiting}....\nPipeline status is \"manual\", action \"pass\"\n"),
        ),
        ("-t master 93", format!("{waiting}....\nPipeline failed! Check details at '{url}'\n")),
    ] {
        assert_eq!(old(&fake(), args).runs().stdout, expect, "{args}");
    }
}

/// One dot for each look at the pipeline, and nothing else while it waits.
#[test]
fn dots_count_the_looks_at_the_pipeline() {
    let here = fake();
    let running = serde_json::json!({"id": 9100, "status": "running", "project_id": 93});
    here.fault(Fault::on("GET pipelines/9100").times(4).json(200, &running));
    let ran = old(&here, "-t master --on-manual pass 93").exits(0);
    let looks = ran.requests.iter().filter(|it| it.ends_with("pipelines/9100")).count();
    assert_eq!(looks, 8);
    ran.never_says("waiting");
    ran.check(ran.stdout.contains(" to finish ...\n........\nPipeline status"), "eight dots");
    // The line ends before an error too, and a failed request prints no dot.
    let here = fake();
    here.fault(Fault::on("GET pipelines/9100").times(2).json(200, &running));
    here.fault(Fault::on("GET pipelines/9100").times(6).status(500));
    let ran = old(&here, "-t master 93").exits(2);
    ran.check(ran.stdout.ends_with(" to finish ...\n..\n"), "two dots");
    // No dots without waiting, and none under the name downriver.
    let detached = old(&fake(), "-t master -d 93").exits(0);
    let own = Run::new(fake()).args("trigger 93 --ref master --on-manual pass").succeeds();
    for ran in [detached, own] {
        ran.check(!ran.stdout.lines().any(|line| line.starts_with('.')), "no dots");
    }
}

#[test]
fn a_project_that_is_given_by_its_path_is_told_by_its_number() {
    for project in ["shop/radar-sharecode", "shop%2Fradar-sharecode"] {
        let here = fake();
        let ran = old(&here, &format!("-t master -d {project}")).exits(0);
        let first = "Triggering pipeline for ref 'master' for project id 93\n";
        ran.check(ran.stdout.starts_with(first), project);
        ran.asks(&["GET projects/shop%2Fradar-sharecode", "POST projects/93/trigger/pipeline"]);
    }
}

#[test]
fn it_tells_of_the_pipeline_that_may_be_retried_as_of_old() {
    use serde_json::json;
    let (tip, old_sha) = ("a".repeat(40), "b".repeat(40));
    let world = |status: &str, sha: &str| {
        World::from_json(json!({
            "tokens": {"private": {"private": READS, "scopes": ["api"], "projects": [1]},
                       "trigger": {"trigger": STARTS, "project": 1}},
            "here": {"project": 1, "token": "private"},
            "projects": [{
                "id": 1, "heads": {"main": tip},
                "pipelines": [{"id": 5, "status": status, "sha": sha}],
                "on_trigger": {"id": 9, "status": "success"},
            }],
            "changes": [{"after": {"request": "POST retry"}, "set": {"pipeline": 5, "status": "success"}}],
        }))
    };
    let created = "Pipeline created (id: 9)\nSee pipeline at <url>\nWaiting for pipeline 9 to finish ...\n.\nPipeline succeeded\n";
    for (status, sha, expect) in [
        (
            "failed",
            &tip,
            "Found up to date pipeline 5 with status 'failed'\nRetrying pipeline 5 ...\n\
             Waiting for pipeline 5 to finish ...\n.\nPipeline succeeded\n"
                .to_owned(),
        ),
        (
            "failed",
            &old_sha,
            format!(
                "Found outdated pipeline 5 with status 'failed'\nPipeline 5 for main outdated (sha: bbbbbb, tip is aaaaaa) - re-running ...\n{created}"
            ),
        ),
        (
            "success",
            &tip,
            format!(
                "Found pipeline 5 with status 'success'\nPipeline 5 already in state 'success' - re-running ...\n{created}"
            ),
        ),
    ] {
        for (flag, first) in [
            ("-r", "Looking for pipeline 'main' for project id 1 ...\n"),
            ("--pid 5", "Fetching for pipeline '5' for project id 1 ...\n"),
        ] {
            let here = Fake::start(world(status, sha));
            let ran = old(&here, &format!("-t main {flag} 1")).exits(0);
            let told: Vec<&str> = ran
                .stdout
                .lines()
                .map(|line| if line.starts_with("See ") { "See pipeline at <url>" } else { line })
                .collect();
            assert_eq!(format!("{}\n", told.join("\n")), format!("{first}{expect}"), "{flag}");
        }
    }
}

#[test]
fn logs_have_the_heads_of_old() {
    use serde_json::json;
    let world = World::from_json(json!({
        "tokens": {"private": {"private": READS, "scopes": ["api"], "projects": [1]},
                   "trigger": {"trigger": STARTS, "project": 1}},
        "here": {"project": 1, "token": "private"},
        "projects": [{"id": 1, "on_trigger": {"id": 9, "status": "failed", "jobs": [
            {"id": 91, "name": "bad", "status": "failed", "log": "no luck\n"},
            {"id": 92, "name": "good\u{1b}[2J", "log": "fine\n"},
        ]}}],
    }));
    let here = Fake::start(world);
    let ran = old(&here, "-t main -o 1").vars([("GITLAB_CI", "true")]).exits(1);
    let expect = "Pipeline 9 job output:\nJob: good\\u{1b}[2J\nfine\n\nJob: bad\nno luck\n\nPipeline failed!";
    ran.check(ran.stdout.contains(expect), expect);
}

/// Abbreviated and repeated flags, as argparse takes them.
#[test]
fn flags_may_be_cut_short_and_given_twice() {
    let play = "--on-manual play --jobs 'upload: symbols'";
    for (args, posts_expected) in [
        (format!("--target master {play} 93"), 2),
        ("--targ master --on-m play --j 'upload: symbols' --sl 3 93".to_owned(), 2),
        (format!("-t nowhere -t master {play} 93"), 2),
        (format!("-t master --jobs other {play} 93"), 2),
        ("-t master --on-manual fail --on-manual play --jobs '' 93".to_owned(), 2),
        ("-t master --det 93".to_owned(), 1),
        ("-t master --detach -d --detached 93".to_owned(), 1),
        ("-t master -s 7 -s 3 -d 93".to_owned(), 1),
        (format!("-t master --api {READS} --pipe {STARTS} -d 93"), 1),
        ("-t master -a '' -d 93".to_owned(), 1),
    ] {
        let here = fake();
        let ran = old(&here, &args).exits(0);
        assert_eq!(posts(&ran).len(), posts_expected, "{args}");
    }
    let here = fake();
    let ran = old(&here, "-t master -s 0 93").exits(2);
    ran.asks(&[]);
    let here = fake();
    let ran = Run::new(&here).bare().args("trigger 93 -s 0 --ref master").fails(2);
    ran.asks(&[]).says("100ms is allowed");
}

#[test]
fn a_detached_run_plays_what_waits_already() {
    use serde_json::json;
    let world = |status: &str| {
        let jobs = json!([
            {"id": 11, "name": "a", "status": "manual"},
            {"id": 12, "name": "b", "status": "manual"},
        ]);
        World::from_json(json!({
            "projects": [{"id": 1, "on_trigger": {"id": 2, "jobs": jobs, "status": status}}],
        }))
    };
    for (status, args, expect) in [
        ("manual", "--on-manual play", &["11", "12"][..]),
        ("manual", "--on-manual play --jobs b", &["12"]),
        ("manual", "", &[]),
        ("running", "--on-manual play", &[]),
    ] {
        let ran = Run::new(world(status)).args("trigger 1 --ref main -d").args(args).succeeds();
        let played: Vec<String> =
            expect.iter().map(|id| format!("POST projects/1/jobs/{id}/play")).collect();
        assert_eq!(posts(&ran)[1..], played, "{status} {args}");
    }
    let ran = Run::new(world("manual")).args("trigger 1 --ref main -d --on-manual play --jobs c");
    ran.fails(8).says("`c` is no manual job of").says("job `a` (11)");
}

#[test]
fn tokens_may_begin_with_a_hyphen_and_are_never_printed() {
    let secret = "-secretToken1234";
    for args in [
        format!("-t master -a {secret} -p {secret} -d 93"),
        format!("-t master -a={secret} -p{secret} --unknown 93"),
        format!("-t master --api-token {secret} --pipeline-token={secret} 93 94"),
    ] {
        let here = fake();
        let host = here.api_origin();
        let run = Run::new(&here).bare().called("trigger").args(&format!("-h {host}"));
        run.args(&args).runs().never_says("secretToken").never_says("unexpected argument '-s'");
    }
    for args in [
        format!("fetch a --private-token {secret} --job-token {secret}"),
        format!("fetch a --job-token {secret} --unknown"),
        format!("fetch a --private-tokn={secret}"),
        format!("trigger 93 -a {secret} --private-token {secret}"),
        format!("trigger 93 -p {secret} -q"),
    ] {
        Run::new(fake()).bare().args(&args).runs().never_says("secretToken");
    }
}

#[test]
fn usage_errors_name_the_flags_that_are_there() {
    for (args, says) in [
        ("-p p -t main -h 'git lab' 1", "from --host,"),
        ("-p p -t main -h gitlab.test -a 'two words' 1", "the token from --api-token"),
        ("-p p -t '' -h gitlab.test 1", "the ref is empty"),
        ("-p p -t main -h gitlab.test ''", "PROJECT is empty"),
    ] {
        let ran = Run::new(fake()).bare().called("trigger").args(args).exits(2);
        ran.says(says).never_says("--api-url").never_says("--private-token").never_says("--ref");
        ran.asks(&[]);
    }
}
