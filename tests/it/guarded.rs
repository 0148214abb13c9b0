//! Tests of guards without a file of their own: dots in names, planted leaks, leftover files.

use serde_json::json;

use crate::fake::{Fake, Fault};
use crate::harness::Run;
use crate::scenes::{LOOKUP, downstream, job, job_with, one_archive};
use crate::zip_builder::{file, zip};

#[test]
fn parts_of_dots_are_refused_wherever_they_come_from() {
    for line in [
        "fetch build -R ..",
        "fetch build -R .",
        "fetch build -R shop/../down",
        "fetch build -R 2 --ref ..",
        "fetch build -R 2 --ref .",
        "fetch build -R 2 --ref a/../main",
    ] {
        let ran = Run::new(downstream(&[job(201, "build")])).args(line).fails(2);
        ran.says("which is no ").asks(&[]);
    }
    let ran = Run::new(downstream(&[])).args("trigger .. --ref main").fails(5);
    ran.says("`..` in its path leads elsewhere").asks(&[]);
    // A server that names a project so is not followed there with the token.
    for path in ["..", "."] {
        let pipeline = json!({"id": 20, "status": "success", "ref": "main", "sha": "ab",
            "web_url": format!("https://gitlab.test/{path}/-/pipelines/20")});
        let bridge =
            json!({"id": 90, "name": "down", "status": "success", "downstream_pipeline": pipeline});
        let fake = Fake::start(downstream(&[]));
        fake.fault(Fault::on("GET pipelines/10/bridges").json(200, &json!([bridge])));
        Run::new(&fake).args("fetch build").fails(5).says("leads elsewhere").asks(&LOOKUP[..1]);
    }
}

#[test]
#[should_panic(expected = "no token and no signature is printed")]
fn a_token_that_is_printed_fails_the_test() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    let (token, _) = fake.token("job");
    Run::new(&fake).args("fetch").arg(token).runs();
}

#[test]
#[should_panic(expected = "no token and no signature is written to a file")]
fn a_token_that_is_written_fails_the_test() {
    let token = Fake::start(downstream(&[])).token("private").0;
    Run::new(one_archive(zip(&[file("a", token)]))).args("fetch build").runs();
}

#[test]
fn nobody_reads_a_netrc() {
    let netrc = "machine 127.0.0.1 login me password hush\ndefault login me password hush\n";
    let run = Run::new(downstream(&[job(201, "build")])).home(".netrc", netrc);
    let ran = run.without(&["GITLAB_TOKEN"]).args("fetch build").runs();
    assert!(ran.log.iter().all(|logged| logged.header("authorization").is_none()));
    ran.never_says("hush");
}

#[test]
fn the_name_of_a_report_is_no_path() {
    for name in ["../../evil", "/etc/evil", "..", "a\\..\\evil"] {
        let reports = json!({"reports": ["junit"]});
        let mut row = json!({"id": 201, "name": "build", "status": "success"});
        row["artifacts"] = json!([{"file_type": "junit", "size": 120, "filename": name}]);
        let fake = Fake::start(downstream(&[job_with(201, "build", reports)]));
        fake.fault(Fault::on("GET pipelines/20/jobs").json(200, &json!([row])));
        let ran = Run::new(&fake).args("fetch build --report junit -D out").succeeds();
        let files = ran.files();
        ran.check(files.len() == 1 && files[0].starts_with("out/"), name);
        ran.check(files[0].matches('/').count() == 1, name);
    }
}

#[cfg(unix)]
#[test]
fn a_hard_link_in_the_destination_is_replaced_and_not_written_into() {
    let run = Run::new(downstream(&[job(201, "build")])).prepared(|work| {
        std::fs::write(work.join("precious"), "mine").unwrap();
        std::fs::create_dir(work.join("out")).unwrap();
        std::fs::hard_link(work.join("precious"), work.join("out/from")).unwrap();
    });
    let ran = run.args("fetch build -D out").succeeds();
    assert_eq!((ran.read("precious"), ran.read("out/from")), ("mine".into(), "201".into()));
}

#[test]
fn a_git_folder_is_taken_with_a_warning() {
    let bytes = zip(&[file(".git/hooks/post-checkout", "#!/bin/sh\n")]);
    let ran = Run::new(one_archive(bytes)).args("fetch build").succeeds();
    ran.says("warning: ").says("the archive brings a `.git`");
    assert_eq!(ran.files(), [".git/hooks/post-checkout"]);
}
