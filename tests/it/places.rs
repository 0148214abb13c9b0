//! Destinations that others write to, that are full, or that cannot be written.

use crate::fake::{Fake, Fault};
use crate::harness::Run;
use crate::scenes::{downstream, job, one_archive};
use crate::zip_builder::{file, zip};

#[test]
fn what_is_no_folder_is_found_before_anything_is_downloaded() {
    for (line, code) in
        [("fetch build -D file", 9), ("fetch build -D file/below", 9), ("fetch build -o dir", 2)]
    {
        let ran = Run::new(downstream(&[job(201, "build")]))
            .file("file", "mine")
            .file("dir/mine", "too")
            .args(line)
            .fails(code);
        let said = ran.stderr.contains("is in the way") || ran.stderr.contains("is a folder");
        ran.check(said, "it says what is in the way");
        let downloads = ran.log.iter().filter(|logged| logged.short.ends_with("/artifacts"));
        ran.check(downloads.count() == 0, "nothing was downloaded");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_found_before_anything_is_downloaded() {
    for line in ["fetch build -D to", "fetch build -D to/below --sync"] {
        let link =
            |work: &std::path::Path| std::os::unix::fs::symlink("gone", work.join("to")).unwrap();
        let run = Run::new(downstream(&[job(201, "build")])).prepared(link);
        let ran = run.args(line).fails(9);
        ran.says("to`: a link that leads nowhere is in the way");
        let downloads = ran.log.iter().filter(|logged| logged.short.ends_with("/artifacts"));
        ran.check(downloads.count() == 0, "nothing was downloaded");
    }
}

#[test]
fn a_folder_where_a_file_must_go_is_refused_and_so_is_the_other_way_round() {
    let archive = || zip(&[file("a", "new"), file("d/x", "new"), file("z", "new")]);
    for (there, path) in [("a/mine", "a"), ("d", "d"), ("d/x/mine", "d/x")] {
        for more in ["", " --on-conflict skip", " --on-conflict fail"] {
            let ran = Run::new(one_archive(archive()))
                .file(there, "mine")
                .file("z", "old")
                .args(&format!("fetch build{more}"))
                .fails(9);
            ran.says(&format!("{path}`: a f"));
        }
    }
}

#[test]
fn a_file_that_comes_while_the_archive_does_is_not_replaced_if_that_was_asked_for() {
    for (more, left, code) in
        [("overwrite", "201", 0), ("skip", "theirs", 0), ("fail", "theirs", 9)]
    {
        for to in ["", "-o from"] {
            let fake = Fake::start(downstream(&[job(201, "build")]));
            // A refusal makes a pause, in which the file comes.
            fake.fault(Fault::on("GET jobs/201/artifacts").status(503));
            let run = Run::new(&fake).args(&format!("fetch build --on-conflict {more} {to}"));
            let path = run.work().join("from");
            let come = path.clone();
            let ran = run
                .when_paused(move |_| std::fs::write(&come, "theirs").unwrap())
                .may_leave_files()
                .exits(code);
            let content = std::fs::read(&path).unwrap();
            let zip = to == "-o from" && more == "overwrite";
            ran.check(zip && content.starts_with(b"PK") || content == left.as_bytes(), left);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_surely_does_not_fit_is_refused_before_it_is_unpacked() {
    // It says that it unpacks to an exbibyte, as an honest archive would that does not fit.
    let mut zip64 = vec![1, 0, 8, 0];
    zip64.extend((1u64 << 60).to_le_bytes());
    let huge = file("huge", vec![0; 1000]).deflated().but(|item| {
        (item.size, item.flags, item.extra) = (u32::MAX, 8, zip64);
    });
    let archive = zip(&[file("first", "x"), huge]);
    for line in ["fetch build", "fetch build -D new/er"] {
        let ran = Run::new(one_archive(archive.clone()))
            .file("first", "mine")
            .args(&format!("{line} --max-size 2EiB"))
            .runs();
        ran.changes_nothing();
        if ran.exit == Some(6) {
            // This file system does not say what fits, so that it was tried.
            continue;
        }
        ran.check(ran.exit == Some(9), "there is no room");
        ran.check(ran.stderr.contains("no space left on `"), "it says so");
        ran.check(ran.stderr.contains("(needs 1.0 EiB, "), "it says how much is needed");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_archive_that_surely_does_not_fit_is_not_downloaded() {
    for line in ["fetch build -o it.zip", "fetch build -o it.zip --on-conflict overwrite"] {
        let size = serde_json::json!({"announced_size": 1_u64 << 60});
        let vast = crate::scenes::job_with(201, "build", size);
        let ran = Run::new(downstream(&[vast])).args(line).args("--max-size 2EiB").runs();
        ran.changes_nothing();
        let asked = ran.log.iter().any(|logged| logged.short.ends_with("/artifacts"));
        if asked {
            // This file system does not say what fits; then the size is not the announced one.
            ran.check(ran.exit != Some(0), "it is not taken for whole");
            continue;
        }
        ran.check(ran.exit == Some(9), "there is no room");
        ran.says("it.zip` (needs 1.0 EiB, ");
    }
}
