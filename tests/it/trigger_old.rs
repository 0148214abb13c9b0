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

/// Compares each old flag with that of `downriver trigger`: both send equal requests.
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
        assert_eq!(ours.stdout, theirs.stdout, "{row}");
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
    assert_eq!(ran.requests.len(), 1 + 6);
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
