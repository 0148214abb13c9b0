//! Checks before anything is changed: on this machine before a pipeline is started, and of
//! all values before a file is put in place.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::fake::{Fake, World};
use crate::folder::takes_links;
use crate::harness::Run;
use crate::scenes::{downstream, job, one_archive};
use crate::zip_builder::{file, link, zip};

fn person<'a>() -> Run<'a> {
    Run::new(World::named("two-repos").with_token("private"))
}

#[test]
fn no_pipeline_is_started_whose_results_cannot_be_kept() {
    for (line, why) in [
        ("--dotenv nowhere/it.env", "nowhere/it.env"),
        ("-d --dotenv nowhere/it.env", "nowhere/it.env"),
        ("-d --dotenv folder", "a folder is in the way"),
        ("--fetch build -D mine/below", "something that is no folder is in the way"),
        ("--fetch build --output nowhere/it.zip", "nowhere/it.zip"),
    ] {
        let run = person().file("mine", "x").file("folder/x", "");
        let ran = run.args("trigger 93 --ref master").args(line).fails(9);
        ran.says(why).asks(&[]);
    }
}

#[test]
fn no_pipeline_is_started_that_nobody_could_watch() {
    let start = "trigger 93 --ref master -p glptt-startsRadarSharecode";
    let ran = person().without(&["GITLAB_TOKEN"]).args(start).runs();
    ran.says("nothing was started").asks(&["GET projects/93/pipelines?per_page=1&page=1"]);
    let ran = person().without(&["GITLAB_TOKEN"]).args(start).args("--detach").succeeds();
    ran.asks(&["POST projects/93/trigger/pipeline"]);
}

#[test]
fn a_token_that_cannot_watch_is_found_before_the_start() {
    let start = "trigger 93 --ref master -p glptt-startsRadarSharecode";
    let ask = "GET projects/93/pipelines?per_page=1&page=1";
    let says = "nothing was started, because this token could not watch it";
    // A wrong token, one of another project, and one of a job that GitLab shows no pipelines.
    let wrong = [("GITLAB_TOKEN", "glpat-neverIssued")];
    let ran = person().args(start).vars(wrong).fails(4);
    ran.says(says).asks(&[ask]);
    let elsewhere = start.replace("93", "71");
    let ran = person().args(&elsewhere).runs();
    ran.says(says).asks(&[&ask.replace("93", "71")]);
    let old = World::named("two-repos").server(json!({"version": "17.11"}));
    for line in [start, "trigger 93 --ref master"] {
        let ran = Run::new(old.clone()).args(line).runs();
        ran.says(says).asks(&[ask]);
        // Nothing is watched, so nothing is to be proved.
        let ran = Run::new(old.clone()).args(line).args("--detach").succeeds();
        ran.asks(&["POST projects/93/trigger/pipeline"]);
    }
    // The private token that starts a pipeline is proved by that.
    let ran = person().args("trigger 93 --ref master --on-manual pass").succeeds();
    ran.check(ran.requests[0].starts_with("POST "), "no request before it");
}

#[test]
fn the_file_of_variables_is_proved_before_any_request() {
    for line in ["--dotenv nowhere/it.env", "--dotenv folder", "-o it.zip --dotenv folder/"] {
        let run = Run::new(downstream(&[job(201, "build")])).file("folder/x", "");
        run.args("fetch build").args(line).fails(9).asks(&[]);
    }
}

#[test]
fn the_file_of_variables_replaces_no_artifacts_in_silence() {
    let run = || Run::new(downstream(&[job(201, "build")])).file("sub/x", "");
    for line in ["-o it --dotenv it", "-o it --dotenv ./sub/../it", "-o sub/x --dotenv sub/x"] {
        let ran = run().args("fetch build").args(line).fails(2);
        ran.says("--output and --dotenv name the same file").asks(&[]);
    }
    run().args("fetch build -o it --dotenv sub/it").succeeds().never_says("warning");
    // What an archive holds is known later.
    for line in ["--dotenv from", "-D sub --dotenv sub/from", "-D sub/../sub --dotenv ./sub/from"] {
        let ran = run().args("fetch build").args(line).succeeds();
        ran.says("`from` of build (201) is replaced by the file of --dotenv");
    }
    for line in ["-D sub --dotenv from", "-D sub --dotenv sub/other"] {
        run().args("fetch build").args(line).succeeds().never_says("warning");
    }
}

#[test]
fn values_are_proved_before_files_are_in_place() {
    let world = || {
        let world = downstream(&[job(201, "build")]);
        world.with(&json!({"set": {"pipeline": 20, "ref": "main\nPATH=/evil"}}))
    };
    for line in ["", "-D new", "-o it.zip", "-o -"] {
        let run = Run::new(world()).args("fetch build --dotenv it.env").args(line);
        run.fails(6).says("DOWNRIVER_REF holds a line break").prints("");
    }
}

#[test]
fn links_of_two_runs_do_not_lead_out_together() {
    if !takes_links() {
        return;
    }
    let first = [file("deep/down/x", "1"), link("deep/down/up", "../..")];
    let ran = Run::new(one_archive(zip(&first))).args("fetch build").succeeds();
    // What is missing could become a link with a third run.
    for (target, refused) in [
        ("deep/down/up/deep", None),
        ("deep/down/up/../x", Some("link `link` points out of the destination")),
        ("deep/down/../x", None),
        ("later/../x", Some("link `link` could come to point out of the destination")),
    ] {
        let fake = Fake::start(one_archive(zip(&[link("link", target)])));
        let run = Run::new(&fake).after(&ran).args("fetch build");
        match refused {
            None => drop(run.succeeds()),
            Some(why) => drop(run.fails(6).says(why)),
        }
        let run = Run::new(&fake).after(&ran).args("fetch build --symlinks all");
        run.succeeds();
    }
}

#[test]
fn links_do_not_lead_out_when_another_run_changes_what_they_lead_through() {
    if !takes_links() {
        return;
    }
    let second = Fake::start(one_archive(zip(&[link("q", "."), file("a", "2")])));
    // A link that is replaced, a folder that is, and a folder that somebody removes in between.
    for (first, sync, gone, made) in [
        (vec![file("d/e/f", "1"), link("q", "d/e"), link("p", "q/../x")], "", None, "p -> d/x"),
        (vec![file("q/f", "1"), link("p", "q/../x")], "--sync", None, "p -> x"),
        (vec![file("q/f", "1"), link("d/p", "../q/../x")], "", Some("q"), "d/p -> ../x"),
    ] {
        let ran = Run::new(one_archive(zip(&first))).args("fetch build").args(sync).succeeds();
        let remove = |work: &Path| {
            gone.into_iter().for_each(|folder| fs::remove_dir_all(work.join(folder)).unwrap());
        };
        let run = Run::new(&second).after(&ran).prepared(remove).args("fetch build").args(sync);
        let tree = run.succeeds().tree();
        assert!([made, "q -> ."].iter().all(|line| tree.iter().any(|it| it == line)), "{tree:?}");
    }
}

#[test]
fn an_archive_makes_nothing_that_the_next_run_takes_for_the_folder_of_a_killed_one() {
    let temp = ".downriver-0123456789ab";
    let mut planted = vec![
        file(format!("{temp}/lock"), ""),
        file(format!("{temp}/replaced/moved"), "1"),
        file(format!("sub/{temp}/rubbish"), ""),
        file("good", "2"),
    ];
    if takes_links() {
        // Moved up one folder, it would lead out.
        planted.push(link(format!("{temp}/replaced/link"), "../.."));
    }
    let other = Fake::start(one_archive(zip(&[file("other", "3")])));
    for (line, good) in [
        ("fetch build -D out", "out/good"),
        ("fetch build -D out --sync --delete", "out/good"),
        ("fetch build -D out --symlinks all", "out/good"),
        ("fetch build -D out --separate", "out/build/good"),
    ] {
        let ran = Run::new(one_archive(zip(&planted))).args(line).succeeds();
        ran.says("named like the temporary folder of a run");
        assert_eq!(ran.files(), [good]);
        let ran = Run::new(&other).after(&ran).args("fetch build -D out").succeeds();
        assert!(!ran.tree().iter().any(|line| line.contains("->") || line.contains("moved")));
    }
    // The folder of a job with such a name begins with `_`.
    let world = downstream(&[job(201, temp)]);
    let ran = Run::new(world).args("fetch '*' -D out --separate").succeeds();
    assert_eq!(ran.files(), [format!("out/_{}/from", &temp[1..])]);
}
