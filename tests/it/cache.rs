//! `--cache`: archives that are downloaded once, and faults of the cache.

use serde_json::json;

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::{LOOKUP, downstream, job, one_archive};
use crate::zip_builder::{ZipItem, file, zip};

const ARCHIVE: &str = "GET projects/2/jobs/201/artifacts";

/// Returns an archive of more than 2 MiB, which would be streamed without a cache.
fn items() -> Vec<ZipItem> {
    let noise = |length: u32| (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
    vec![file("a/large.bin", noise(2_200_000).collect::<Vec<u8>>()), file("b", "b").deflated()]
}

fn looks_only(ran: &Ran) {
    ran.asks(&LOOKUP);
    ran.says("from the cache");
}

/// Returns the names of the files in the cache.
fn kept(ran: &Ran) -> Vec<String> {
    let names =
        ran.files().into_iter().filter_map(|name| name.strip_prefix("kept/").map(str::to_owned));
    names.collect()
}

#[test]
fn an_archive_is_downloaded_once_and_lands_alike() {
    let fake = Fake::start(one_archive(zip(&items())));
    let first = Run::new(&fake).args("fetch build -D one --cache kept --json").succeeds();
    first.asks(&[LOOKUP[0], LOOKUP[1], ARCHIVE]);
    let length = zip(&items()).len();
    assert_eq!(first.json()["fetched"][0]["bytes_transferred"], length);
    let [name] = &kept(&first)[..] else { panic!("{:?}", kept(&first)) };
    assert!(name.contains(&format!("-201-{length}-")), "{name}");

    let again = || Run::new(&fake).after(&first).vars([("DOWNRIVER_CACHE", "kept")]);
    let second = again().args("fetch build -D two --json").succeeds();
    looks_only(&second);
    assert_eq!(second.json()["fetched"][0]["bytes_transferred"], 0);
    assert!(second.read("one/a/large.bin") == second.read("two/a/large.bin"));
    looks_only(&again().args("fetch build -D some --path b").succeeds());
    looks_only(&again().args("fetch build -o it.zip").succeeds());
    let out = again().args("fetch build -o -").binary().succeeds();
    looks_only(&out);
    assert!(out.raw_stdout == zip(&items()));
    assert!(out.items().iter().any(|it| it.path == "it.zip" && it.content == out.raw_stdout));
    // By ref, the lists tell which job it is.
    let by_ref = again().args("fetch build -R 2 --ref main -D ref").succeeds();
    by_ref.check(by_ref.requests.iter().all(|asked| !asked.contains("artifacts")), "no download");
}

#[test]
fn what_a_started_pipeline_made_is_kept_as_well() {
    let fake = Fake::start(World::named("two-repos").with_token("private"));
    let start = "trigger 93 --ref master --on-manual play --fetch build-repo -D one --cache kept";
    let first = Run::new(&fake).args(start).succeeds();
    let second = "fetch build-repo --from pipeline -R 93 --pipeline 9100 -D two --cache kept";
    let second = Run::new(&fake).after(&first).args(second).succeeds();
    second.says("from the cache").asks(&[
        "GET projects/93/pipelines/9100",
        "GET projects/93/pipelines/9100/jobs?per_page=100&page=1",
    ]);
}

#[test]
fn also_what_is_kept_as_it_is_or_of_which_little_is_wanted_is_there_the_next_time() {
    for line in ["fetch build -o it.zip", "fetch build --path b -D out", "fetch build -o -"] {
        let fake = Fake::start(one_archive(zip(&items())));
        let first = Run::new(&fake).args(line).args("--cache kept").binary().succeeds();
        first.asks(&[LOOKUP[0], LOOKUP[1], ARCHIVE]);
        looks_only(
            &Run::new(&fake).after(&first).args("fetch build -D all --cache kept").succeeds(),
        );
    }
}

#[test]
fn a_damaged_archive_is_dropped_and_downloaded_again() {
    let fake = Fake::start(one_archive(zip(&items())));
    let first = Run::new(&fake).args("fetch build -D out --cache kept").succeeds();
    let path = first.place.path().join("work/kept").join(&kept(&first)[0]);
    let whole = std::fs::read(&path).unwrap();
    let mut changed = whole.clone();
    changed[1_000_000] ^= 1;
    for spoilt in [&changed[..], &whole[..1000], b""] {
        std::fs::write(&path, spoilt).unwrap();
        let ran = Run::new(&fake).after(&first).args("fetch build -D out --cache kept").succeeds();
        ran.asks(&[LOOKUP[0], LOOKUP[1], ARCHIVE]);
        ran.says(
            "warning: build (201): its archive in the cache was damaged; downloading it again",
        );
        assert!(std::fs::read(&path).unwrap() == whole);
    }
}

#[test]
fn the_cache_stays_within_its_size() {
    let jobs = [job(201, "one"), job(202, "two"), job(203, "three")];
    let fake = Fake::start(downstream(&jobs));
    let first = Run::new(&fake).args("fetch one two --cache kept --separate").succeeds();
    assert_eq!(kept(&first).len(), 2);
    let size: u64 =
        first.items().iter().find(|it| it.path.ends_with(".zip")).unwrap().content.len() as u64;
    let most = format!("--cache kept --cache-size {}", 2 * size + size / 2);
    let third = Run::new(&fake).after(&first).args("fetch three").args(&most).succeeds();
    assert_eq!(kept(&third).len(), 2);
    looks_only(&Run::new(&fake).after(&third).args("fetch three").args(&most).succeeds());
    let tiny =
        Run::new(&fake).after(&first).args("fetch one --cache other --cache-size 7").succeeds();
    tiny.says("its archive is larger than --cache-size, so it will not be kept");
    assert!(!tiny.files().iter().any(|path| path.starts_with("other/")));
}

#[test]
fn a_cache_that_cannot_be_used_is_told_and_done_without() {
    let ran = Run::new(one_archive(zip(&items()))).file("kept", "a file");
    let ran = ran.vars([("DOWNRIVER_CACHE", "kept")]).args("fetch build -D out").succeeds();
    ran.says("warning: cannot make the folder `")
        .says("going on without the cache of DOWNRIVER_CACHE");
    assert_eq!(ran.read("out/b"), "b");
}

#[test]
fn what_is_no_archive_is_not_kept() {
    let mut broken = zip(&items());
    broken[1_000_000] ^= 1;
    let fake = Fake::start(one_archive(broken));
    let ran = Run::new(&fake).args("fetch build -D out --cache kept").may_leave_files().exits(6);
    assert!(ran.files().is_empty(), "{:?}", ran.files());
}

#[test]
fn what_is_saved_by_way_of_the_cache_has_the_announced_size() {
    let other = Fake::start(
        one_archive(zip(&items())).with(&json!({"set": {"job": 201, "announced_size": 100_000}})),
    );
    let ran =
        Run::new(&other).args("fetch build -o it.zip --cache kept").may_leave_files().fails(6);
    ran.says("100000 bytes");
    assert!(ran.files().is_empty(), "{:?}", ran.files());
}

#[test]
fn of_a_download_that_fails_nothing_is_kept() {
    let fake = Fake::start(one_archive(zip(&items())));
    fake.fault(Fault::on("artifacts").always().cut(500_000).without_header("ETag"));
    let ran = Run::new(&fake).args("fetch build -D out --retries 1 --cache kept");
    let ran = ran.may_leave_files().exits(5);
    assert!(ran.files().is_empty(), "{:?}", ran.files());
}

#[test]
fn where_the_job_is_not_told_nothing_is_kept() {
    let world = downstream(&[job(201, "build")]).with_token("job");
    let ran = Run::new(world).args("fetch --job-id 201 -R 2 --cache kept").succeeds();
    assert_eq!(ran.files(), ["from"]);
}

#[test]
fn settings_make_sense_or_are_refused() {
    let run = || Run::new(downstream(&[job(201, "build")]));
    // Most often a variable that is not set; no other folder is meant by it.
    run().args("fetch build --cache ''").fails(2).says("--cache");
    run()
        .args("fetch build --cache kept")
        .vars([("DOWNRIVER_CACHE_SIZE", "big")])
        .fails(2)
        .says("DOWNRIVER_CACHE_SIZE is `big`, which is no size");
    // An empty variable is none.
    let ran = run().args("fetch build").vars([("DOWNRIVER_CACHE", "")]).succeeds();
    assert_eq!(ran.files(), ["from"]);
    let vars = [("DOWNRIVER_CACHE", "kept"), ("DOWNRIVER_CACHE_SIZE", "2GiB")];
    let told = run().args("explain build --json").vars(vars).succeeds().json();
    let told = told["settings"].as_array().unwrap().clone();
    let size = json!({"name": "cache size", "value": "2.0 GiB", "source": "DOWNRIVER_CACHE_SIZE"});
    assert!(told.contains(&size), "{told:?}");
    assert!(told.iter().any(|it| it["name"] == "cache" && it["source"] == "DOWNRIVER_CACHE"));
}

#[test]
fn an_archive_writes_nothing_into_the_cache() {
    let inside = [file("ci/kept/x.zip", "1"), file("ci/kept/d/y", "2"), file("ci/mine", "3")];
    let in_its_place = [file("ci/kept", "1"), file("mine", "3")];
    let above = [file("ci", "1"), file("mine", "3")];
    for (planted, good, told) in [
        (&inside[..], "ci/mine", "left out `ci/kept/x.zip`, `ci/kept/d/y`: the folder of --cache"),
        (&in_its_place, "mine", "left out `ci/kept`: the folder of --cache"),
        (&above, "mine", "left out `ci`: the folder of --cache"),
    ] {
        for more in ["", "--sync", "-D .", "-D ../work --symlinks all"] {
            let fake = Fake::start(one_archive(zip(planted)));
            let line = format!("fetch build --cache ci/kept {more}");
            let ran = Run::new(&fake).args(&line).succeeds();
            let cached = |path: &String| path.starts_with("ci/kept/http") && path.ends_with(".zip");
            let (kept, files): (Vec<_>, Vec<_>) = ran.files().into_iter().partition(cached);
            assert_eq!((kept.len(), files), (1, vec![good.to_owned()]), "{line}");
            ran.says(told);
        }
    }
    for line in
        ["fetch build -D kept", "fetch build -D kept --sync", "fetch build -D ./ci/../kept/."]
    {
        let run = Run::new(one_archive(zip(&inside))).args(line).args("--cache kept");
        let ran = run.file("ci/x", "").file("kept/mine", "").fails(2);
        ran.says("--cache and --dir name the same folder").asks(&[]);
    }
    // A cache below DIR is none of the files that `--delete` removes.
    let run = Run::new(one_archive(zip(&[file("mine", "3")])));
    let line = "fetch build -D out --sync --delete --cache out/ci/kept";
    let ran = run.args(line).file("out/old", "").file("out/ci/old", "").succeeds();
    let files = ran.files();
    let kept = |path: &String| path.starts_with("out/ci/kept/http") || path == "out/mine";
    assert!(files.len() == 2 && files.iter().all(kept), "{files:?}");
    // Where the cache is not below DIR, such names are extracted.
    let ran = Run::new(one_archive(zip(&inside))).args("fetch build -D out --cache ci/kept");
    ran.succeeds().never_says("left out");
}
