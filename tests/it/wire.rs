//! Responses that are truncated, have a false length, never end, or are too large: they are detected
//! and never used as complete.

use std::time::Duration;

use serde_json::json;

use crate::fake::{Fake, Fault, Origin, Reply, World};
use crate::harness::Run;
use crate::made;
use crate::scenes::{LOOKUP, downstream, job, job_with, one_archive};
use crate::zip_builder::{file, zip};

const ARCHIVE: &str = "GET jobs/201/artifacts";
const FILE: &str = "artifacts/a";

fn world() -> World {
    downstream(&[job(201, "build")])
}

fn struck(world: World, fault: Fault) -> Fake {
    let fake = Fake::start(world);
    fake.fault(fault);
    fake
}

#[test]
fn a_body_that_breaks_off_is_never_taken_for_whole() {
    type Strike = fn(Fault) -> Fault;
    let ways: [(&str, Strike); 7] = [
        ("before its length", |fault| fault.cut(40)),
        ("before its length, by a reset", |fault| fault.cut(40).torn()),
        ("inside a chunk", |fault| fault.chunked().cut(40)),
        ("inside a chunk, by a reset", |fault| fault.chunked().cut(40).torn()),
        ("before its last chunk", |fault| fault.chunked().cut(109)),
        ("without a length", |fault| fault.until_close().cut(40)),
        ("without a length, by a reset", |fault| fault.until_close().cut(40).torn()),
    ];
    for (what, strike) in ways {
        for line in ["fetch build", "fetch build -o it.zip", "fetch build -o -"] {
            let fake = struck(world(), strike(Fault::on(ARCHIVE)));
            let ran = Run::new(&fake).binary().args(line).succeeds();
            ran.check(ran.pauses.len() == 1, &format!("{what}: it is asked for once more"));
            let always = strike(Fault::on(ARCHIVE).always().without_header("ETag"));
            let ran = Run::new(struck(world(), always)).args(line).fails(5);
            ran.prints("").says("6 times: the download ");
        }
    }
}

#[test]
fn where_nobody_tells_a_length_the_archive_itself_must_be_whole() {
    // By its number and with a job token, nothing is known of the job.
    for line in ["fetch", "fetch -o it.zip", "fetch -o -"] {
        for torn in [true, false] {
            let fault = Fault::on(ARCHIVE).always().until_close().cut(80);
            let fault = if torn { fault.torn() } else { fault };
            let fake = struck(world().with_token("job"), fault);
            let ran = Run::new(&fake).args(line).args("-R 2 --job-id 201").fails(6);
            ran.prints("").says("not a zip archive: it begins like one, but its end is missing");
        }
    }
}

#[test]
fn a_single_file_without_a_length_is_taken_from_the_archive_instead() {
    let text = "one line\n".repeat(20);
    for torn in [true, false] {
        let fault = Fault::on(FILE).until_close().cut(50);
        let fault = if torn { fault.torn() } else { fault };
        let fake = struck(made::world(made::zip(&[("a", &text)])), fault);
        Run::new(&fake).args("cat --job-id 100 a").succeeds().prints(&text);
        // Nor is it printed where the archive cannot be had.
        let fake = struck(made::world(made::zip(&[("a", &text)])), Fault::on(FILE).until_close());
        fake.fault(Fault::on("jobs/100/artifacts").status(404));
        Run::new(&fake).args("cat --job-id 100 a").fails(3).prints("");
    }
}

#[test]
fn a_report_without_a_length_must_have_as_many_bytes_as_its_job_says() {
    let reports = || downstream(&[job_with(201, "build", json!({"reports": ["junit"]}))]);
    let line = "fetch build --report junit";
    let fake = struck(reports(), Fault::on(ARCHIVE).until_close().cut(60).torn());
    Run::new(&fake).args(line).succeeds().says("cut short at 60 of 120 bytes");
    let fake = struck(reports(), Fault::on(ARCHIVE).always().until_close().cut(60));
    Run::new(&fake).args(line).fails(5).says("6 times: the download was cut short at 60 of 120");
}

#[test]
fn a_length_that_is_none_or_two_is_an_answer_of_no_web_server() {
    for fault in [
        Fault::on(ARCHIVE).until_close().header("Content-Length", "-109"),
        Fault::on(ARCHIVE).until_close().header("Content-Length", "many"),
        Fault::on(ARCHIVE).header("Content-Length", "50"),
    ] {
        let what = format!("{:?}", fault.twist.headers);
        let ran = Run::new(struck(world(), fault)).args("fetch build --retries 0").runs();
        ran.check(ran.exit == Some(5), &what);
        ran.changes_nothing()
            .says("error: downloading the artifacts of job 201 in project shop/down: ");
    }
}

#[test]
fn more_bytes_than_were_announced_are_none_of_the_answer() {
    let more = zip(&[file("from", "evil")]);
    let fake = struck(world(), Fault::on(ARCHIVE).extra(more.clone()));
    let ran = Run::new(&fake).args("fetch build -o it.zip").succeeds();
    let kept = ran.items().remove(0).content;
    assert_eq!(kept.len(), 109);
    for line in ["fetch build", "fetch build --wait"] {
        let fake = struck(world(), Fault::on(ARCHIVE).extra(more.clone()));
        assert_eq!(Run::new(&fake).args(line).succeeds().read("from"), "201");
        let list = Fault::on("GET pipelines/20/jobs").extra("[{\"id\": 666}]");
        Run::new(struck(world(), list)).args(line).succeeds();
    }
}

#[test]
fn who_sends_byte_by_byte_is_listened_to_and_who_pauses_too_long_is_not() {
    let drip = |pause| Fault::on(ARCHIVE).drip(Duration::from_millis(pause));
    let line = "fetch build --retries 0 --timeout";
    Run::new(struck(world(), drip(1))).args(line).args("400ms").succeeds();
    let ran = Run::new(struck(world(), drip(20_000))).args(line).args("100ms").fails(5);
    ran.says("no byte arrived").says("hint: --timeout allows more");
}

#[test]
fn who_sends_next_to_nothing_for_a_minute_is_not_waited_for() {
    // The clock moves on with each read, and by the number of its job nothing but the archive is
    // asked for.
    let drip = Fault::on(ARCHIVE).drip(Duration::from_millis(20));
    let run = |fault: &Fault, line| {
        let fake = struck(world().with_token("job"), fault.clone());
        let step = Duration::from_secs(20);
        (Run::new(&fake).clock_moves(step).args("fetch -R 2 --job-id 201").args(line).runs(), fake)
    };
    let (ran, _) = run(&drip, "--retries 0");
    ran.check(ran.exit == Some(5), "no such line is waited for");
    ran.says("[3/4] job 201\n").says(" bytes arrived in 60 s");
    ran.says("hint: --timeout allows more");
    // Where parts are to be had, what came is not lost.
    let (ran, fake) = run(&drip, "");
    ran.check(ran.exit == Some(0) && ran.pauses.len() == 1, "it is asked for once more");
    let asked: Vec<Option<String>> =
        fake.log().iter().map(|line| line.header("range").map(str::to_owned)).collect();
    let rest = asked.last().cloned().flatten().is_some_and(|range| range != "bytes=0-");
    ran.check(rest, &format!("for the rest: {asked:?}"));
    // Who allows for longer silence allows for slower lines.
    let (ran, _) = run(&Fault::on(ARCHIVE).drip(Duration::from_millis(1)), "--timeout 10h");
    ran.check(ran.exit == Some(0) && ran.pauses.is_empty(), "it is waited for");
}

#[test]
fn a_storage_that_cannot_be_reached_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let storage = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let to = format!("{storage}/a.zip?sig=hush");
    // GitLab before 19.4 redirects all the same, and then nobody asks the storage again.
    let older = world().server(json!({"archives": "redirect", "download_mode": false}));
    let fake = struck(older, Fault::on(ARCHIVE).redirect(&to));
    let ran = Run::new(&fake).args("fetch build").fails(5);
    ran.says(&format!("{storage} refuses the connection")).never_says("hush");
    ran.says("hint: GitLab keeps archives in object storage, which this machine must be allowed to reach");
    ran.check(ran.pauses.is_empty() && fake.bytes_sent(Origin::Store) == 0, "at once");
    // There is no such host, and that can be a fault of the moment.
    let afar = Fault::on(ARCHIVE).always().redirect("http://nowhere.invalid/a.zip?sig=hush");
    let ran = Run::new(struck(world(), afar)).args("fetch build --retries 1").fails(5);
    ran.says("http://nowhere.invalid").never_says("hush");
}

#[test]
fn where_the_storage_cannot_be_reached_gitlab_hands_archives_through() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let storage = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for (line, token) in [
        ("fetch build pack", "private"),
        ("fetch build pack", "job"),
        ("fetch build -o it.zip", "private"),
        ("fetch build pack --path from", "private"),
    ] {
        let world = downstream(&[job(201, "build"), job(202, "pack")]).with_token(token);
        let world = world.server(json!({"archives": "redirect"}));
        let fake = struck(world, Fault::on(ARCHIVE).redirect(&storage));
        let ran = Run::new(&fake).args(line).succeeds();
        let warning =
            format!("{storage} cannot be reached: archives are downloaded through GitLab");
        ran.check(ran.stderr.matches(&warning).count() == 1, "it says so once");
        ran.check(ran.pauses.is_empty(), "without waiting");
    }
    // A storage that closes every connection is given some tries: by GitLab it is slower.
    let stored = world().server(json!({"archives": "redirect"}));
    let fake = struck(stored, Fault::on("GET store/*").always().close());
    let ran = Run::new(&fake).args("fetch build").succeeds();
    ran.says("archives are downloaded through GitLab")
        .check(ran.pauses.len() == 2, "after three tries");
    // One that stumbles now and then is not out of reach.
    let stored = world().server(json!({"archives": "redirect"}));
    let fake = struck(stored, Fault::on("GET store/*").times(2).close());
    fake.fault(Fault::on("GET store/*").cut(40)).fault(Fault::on("GET store/*").times(2).close());
    let ran = Run::new(&fake).args("fetch build").succeeds();
    ran.never_says("through GitLab")
        .check(ran.pauses.len() == 5, "all five times it is asked again");
    // What breaks off then is not asked for at the storage again.
    let fake = struck(world(), Fault::on(ARCHIVE).redirect(&storage));
    fake.fault(Fault::on("GET jobs/201/artifacts?download_mode=proxy").cut(40));
    let ran = Run::new(&fake).args("fetch build").succeeds();
    ran.asks(&[
        LOOKUP[0],
        LOOKUP[1],
        "GET projects/2/jobs/201/artifacts",
        "GET projects/2/jobs/201/artifacts?download_mode=proxy",
        "GET projects/2/jobs/201/artifacts?download_mode=proxy",
    ]);
}

#[test]
fn an_answer_that_is_too_long_or_too_deep_is_not_unfolded() {
    let jobs = "GET pipelines/20/jobs";
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    let long = format!("[\"{}\"]", "x".repeat(11 << 20));
    for (fault, says) in [
        (Fault::on(jobs).body(200, "application/json", deep), "the JSON that GitLab sends"),
        (Fault::on(jobs).body(200, "application/json", long.clone()), "longer than 10 MiB"),
        (Fault::on(jobs).body(500, "application/json", long), "answered 500"),
    ] {
        Run::new(struck(world(), fault)).args("fetch build --retries 0").fails(5).says(says);
    }
    // Neither is a list that unfolds to gigabytes.
    let bomb = json!([{"id": 1, "name": "x".repeat(40 << 20)}]);
    let bomb = Fault::on(jobs).json(200, &bomb).gzip();
    let ran = Run::new(struck(world(), bomb)).args("fetch build --retries 0").fails(5);
    ran.says("longer than 10 MiB");
}

#[test]
fn an_answer_that_a_proxy_compressed_is_decoded_or_refused_by_name() {
    type Strike = fn(Fault) -> Fault;
    let codings: [(&str, Strike); 3] = [
        ("gzip", |fault| fault.gzip()),
        ("deflate", |fault| fault.deflate()),
        ("gzip, chunked", |fault| fault.gzip().chunked()),
    ];
    let text = "one line\n".repeat(200);
    for (what, strike) in codings {
        let everything = || strike(Fault::on("GET *").always());
        for line in ["fetch build", "fetch build -o it.zip", "ls build", "fetch build --path from"]
        {
            let ran = Run::new(struck(world(), everything())).args(line).succeeds();
            ran.check(ran.pauses.is_empty(), &format!("{what}: {line} at the first try"));
        }
        let made = || struck(made::world(made::zip(&[("a", &text)])), everything());
        Run::new(made()).args("cat --job-id 100 a").succeeds().prints(&text);
    }
    let jobs = "GET pipelines/20/jobs";
    for coding in ["br", "zstd", "gzip, br"] {
        for on in [jobs, ARCHIVE] {
            let fault = Fault::on(on).header("Content-Encoding", coding);
            let ran = Run::new(struck(world(), fault)).args("fetch build").fails(5);
            ran.says(&format!("the answer is compressed (`{coding}`)")).changes_nothing();
        }
    }
    // One that breaks off is asked for again, from its beginning.
    let fake = struck(world(), Fault::on(ARCHIVE).gzip().chunked().cut(40));
    let ran = Run::new(&fake).args("fetch build").succeeds();
    ran.check(ran.pauses.len() == 1, "once more");
    // An error stays what it is.
    let fake = struck(world(), Fault::on(jobs).status(403).gzip());
    Run::new(&fake).args("fetch build").fails(4).says("403 as scripted");
}

#[test]
fn a_body_that_is_longer_than_gitlab_announces_is_not_read_to_its_end() {
    let endless = vec![0; 4 << 20];
    for strike in [Fault::chunked as fn(Fault) -> Fault, Fault::until_close] {
        for line in ["fetch build", "fetch build -o it.zip", "fetch build --path from"] {
            let fault = Fault::on(ARCHIVE).always().body(200, "application/zip", endless.clone());
            let ran = Run::new(struck(world(), strike(fault))).args(line).fails(6);
            ran.says("it is longer than the 109 bytes that GitLab announces").changes_nothing();
            ran.check(ran.pauses.is_empty(), "it is not asked for again");
        }
    }
}

#[test]
fn names_of_a_megabyte_are_cut_in_messages_and_whole_in_results() {
    let long = "n".repeat(1 << 20);
    let named = |name: &str| json!({"id": 201, "name": name, "archive": {"files": {"from": "x"}}});
    let jobs: Vec<serde_json::Value> =
        (0..20).map(|n| json!({"id": 300 + n, "name": format!("{long}{n}")})).collect();
    let failed = json!({"id": 201, "name": format!("x{long}"), "status": "failed"});
    for (world, line) in [
        (downstream(&jobs), "fetch nothing"),
        (downstream(&jobs), "explain nothing"),
        (downstream(std::slice::from_ref(&failed)), "fetch 'x*'"),
        (downstream(&[failed]), "wait"),
    ] {
        let ran = Run::new(world).args(line).runs();
        let lengths = ran.stderr.lines().map(str::len).max().unwrap_or_default();
        ran.check(lengths < 16 << 10, &format!("{line}: {lengths}"));
        ran.check(ran.exit != Some(0) || line == "wait", line);
    }
    for id in [json!(long), json!("\u{1b}[2J")] {
        let fake = Fake::start(world());
        fake.fault(Fault::on("GET pipelines/20/jobs").json(200, &json!([{"id": id, "name": "x"}])));
        let ran = Run::new(&fake).args("fetch build").fails(5);
        ran.says("not the JSON that GitLab sends").never_says("\u{1b}");
        ran.check(ran.stderr.len() < 16 << 10, "the value of a wrong type is cut");
    }
    // JSON and the paths of files are results, which scripts read.
    let ran = Run::new(downstream(&[named(&long)])).args("fetch 'n*' --json").succeeds();
    assert_eq!(ran.json()["fetched"][0]["job"]["name"], long);
    let path = format!("{}/f", "d".repeat(200)).repeat(8);
    let files = json!({"id": 201, "name": "build", "archive": {"files": {path.clone(): "x"}}});
    let ran = Run::new(downstream(std::slice::from_ref(&files))).args("ls build").succeeds();
    ran.check(ran.stdout.contains(&path), "ls prints all of it");
    let ran = Run::new(downstream(&[files])).args("fetch build --list").succeeds();
    ran.check(ran.stdout.contains(&path), "--list prints all of it");
}

#[test]
fn a_list_that_never_ends_is_given_up() {
    let row = r#"[{"id": {page}, "name": "b", "status": "success", "downstream_pipeline": null}]"#;
    let endless = Fault::on("GET pipelines/10/bridges").always();
    let page = Reply::new(200, "application/json", row).header("X-Next-Page", "{next}");
    let endless = endless.reply(page);
    let ran = Run::new(struck(world(), endless)).args("fetch build").fails(5);
    ran.says("the list does not end after 2000 pages");
    assert_eq!(ran.requests.len(), 2000);
    assert_eq!(ran.requests[0], LOOKUP[0]);
    // Nor may one fill the memory.
    let name = "b".repeat(4 << 20);
    let row = format!(
        r#"[{{"id": {{page}}, "name": "{name}", "status": "success", "downstream_pipeline": null}}]"#
    );
    let page = Reply::new(200, "application/json", row).header("X-Next-Page", "{next}");
    let large = Fault::on("GET pipelines/10/bridges").always().reply(page);
    let ran = Run::new(struck(world(), large)).args("fetch build").fails(5);
    ran.says("the list is longer than 64 MiB");
    assert_eq!(ran.requests.len(), 16);
}

#[test]
fn an_archive_that_is_only_a_part_of_itself_is_none() {
    // A server that takes the tail of an archive for all of it.
    let bytes = zip(&[file("a", "x".repeat(500)), file("b", "y")]);
    let tail = bytes[300..].to_vec();
    let fake = struck(one_archive(bytes), Fault::on(ARCHIVE).body(200, "application/zip", tail));
    Run::new(&fake).args("fetch build").fails(6).says("its beginning is missing");
}
