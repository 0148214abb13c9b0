//! Trees that are read from a server on loopback.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use mockito::{Mock, Server, ServerGuard};
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::error::Error;
use crate::gitlab::{Address as Api, Client, Network};
use crate::interrupt::Interrupt;
use crate::lookup::Polling;
use crate::model::{PipelineBy, ProjectRef};
use crate::refusal::Refusal;
use crate::step::{Step, Watch};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn sleep(&self, _: Duration) {}
}

impl Watch for Still {
    fn step(&self, _: &Step<'_>) {}
}

fn walk(url: &str, address: &Scope, levels: u32) -> Result<PipelineTree, Error> {
    let network = Network::default();
    let api = Api::parse(&format!("{url}/api/v4")).unwrap();
    let gitlab = Client::new(api, None, network, Arc::new(Still), Arc::new(Still));
    let interrupt = Interrupt::default();
    let ctx = Ctx {
        gitlab: &gitlab,
        clock: &Still,
        watch: &Still,
        interrupt: &interrupt,
        polling: Polling::once(),
    };
    tree(&ctx, address, levels)
}

fn named(id: u64) -> Scope {
    let at = PipelineAt { project: ProjectRef::Id(1), id: PipelineId(id) };
    Scope::Below(PipelineBy::Id(at))
}

fn answer(server: &mut ServerGuard, path: &str, status: usize, body: &Value) -> Mock {
    let path = format!("/api/v4/projects/1/{path}");
    server
        .mock("GET", mockito::Matcher::Regex(format!("^{path}(\\?|$)")))
        .with_status(status)
        .with_body(body.to_string())
        .create()
}

/// A pipeline of project 1 with one job, whose bridges lead to these pipelines.
fn pipeline(server: &mut ServerGuard, id: u64, downstream: &[u64]) -> Vec<Mock> {
    let bridge = |to: &u64| json!({ "id": to * 10, "name": format!("to {to}"), "status": "success", "downstream_pipeline": basic(*to) });
    let bridges: Vec<Value> = downstream.iter().rev().map(bridge).collect();
    let jobs = json!([{ "id": id * 100, "name": "job", "status": "success" }]);
    vec![
        answer(server, &format!("pipelines/{id}"), 200, &basic(id)),
        answer(server, &format!("pipelines/{id}/jobs"), 200, &jobs),
        answer(server, &format!("pipelines/{id}/bridges"), 200, &json!(bridges)),
    ]
}

fn basic(id: u64) -> Value {
    json!({ "id": id, "project_id": 1, "status": "success" })
}

/// Returns the tree in the form `1(2(met) 3)`; `met` marks a pipeline that is there twice.
fn short(tree: &PipelineTree) -> String {
    let below = match &tree.below {
        Err(LeftOut::Met) => "met".to_owned(),
        Err(LeftOut::Deeper) => "deeper".to_owned(),
        Err(LeftOut::Unreadable { status }) => status.to_string(),
        Ok(below) => {
            assert_eq!(below.jobs.len(), 1);
            let below = below.bridges.iter().filter_map(|tree| tree.downstream.as_ref());
            below.map(short).collect::<Vec<_>>().join(" ")
        }
    };
    if below.is_empty() { tree.at.id.to_string() } else { format!("{}({below})", tree.at.id) }
}

#[test]
fn so_many_levels_are_read_and_a_circle_ends() {
    let mut server = Server::new();
    let mut mocks = Vec::new();
    for (id, downstream) in [(1, &[2, 3][..]), (2, &[4]), (3, &[4, 1]), (4, &[5]), (5, &[])] {
        mocks.extend(pipeline(&mut server, id, downstream));
    }
    for (levels, expect) in [
        (1, "1(2(4(deeper)) 3(1(met) 4(met)))"),
        (2, "1(2(4(5(deeper))) 3(1(met) 4(met)))"),
        (u32::MAX, "1(2(4(5)) 3(1(met) 4(met)))"),
    ] {
        assert_eq!(short(&walk(&server.url(), &named(1), levels).unwrap()), expect, "{levels}");
    }
}

#[test]
fn what_a_bridge_says_of_its_pipeline_is_not_asked_again() {
    let mut server = Server::new();
    let upstream = pipeline(&mut server, 1, &[2]);
    let downstream = pipeline(&mut server, 2, &[]);
    walk(&server.url(), &named(1), 1).unwrap();
    upstream.iter().chain(&downstream[1..]).for_each(Mock::assert);
    assert!(!downstream[0].matched());
}

#[test]
fn a_downstream_pipeline_that_may_not_be_read_does_not_end_the_walk() {
    for (status, list) in [(403, "jobs"), (404, "bridges"), (401, "jobs")] {
        let mut server = Server::new();
        let message = json!({ "message": format!("{status} No") });
        // The server gives the first answer that matches.
        let _hidden = answer(&mut server, &format!("pipelines/2/{list}"), status, &message);
        let _mocks = [(1, &[2, 3][..]), (2, &[]), (3, &[])]
            .map(|(id, downstream)| pipeline(&mut server, id, downstream));
        let tree = walk(&server.url(), &named(1), 1).unwrap();
        assert_eq!(short(&tree), format!("1(2({status}) 3)"), "{list}");
        assert_eq!(
            tree.bridges()[0].downstream.as_ref().unwrap().pipeline.status.as_str(),
            "success"
        );
    }
}

#[test]
fn an_upstream_pipeline_that_may_not_be_read_is_an_error_and_so_is_a_broken_server() {
    for (path, status) in
        [("pipelines/1", 404), ("pipelines/1/jobs", 403), ("pipelines/2/jobs", 500)]
    {
        let mut server = Server::new();
        let _broken = answer(&mut server, path, status, &json!({ "message": "no" }));
        let _mocks =
            [(1, &[2][..]), (2, &[])].map(|(id, downstream)| pipeline(&mut server, id, downstream));
        let error = walk(&server.url(), &named(1), 1).unwrap_err();
        assert!(error.as_gitlab().is_some(), "{error:#}");
        assert!(error.to_string().contains(&status.to_string()), "{error:#}");
    }
}

#[test]
fn jobs_and_bridges_come_oldest_first_and_the_last_try_counts() {
    let mut server = Server::new();
    let entry = |id: u64, name: &str| json!({ "id": id, "name": name, "status": "success" });
    let list = json!([entry(9, "a"), entry(8, "c"), entry(7, "b"), entry(6, "a")]);
    let _mocks = [
        answer(&mut server, "pipelines/1", 200, &basic(1)),
        answer(&mut server, "pipelines/1/jobs", 200, &list),
        answer(&mut server, "pipelines/1/bridges", 200, &list),
    ];
    let below = walk(&server.url(), &named(1), 1).unwrap().below.unwrap();
    let jobs: Vec<_> = below.jobs.iter().map(|job| (job.id.0, &*job.name)).collect();
    assert_eq!(jobs, [(7, "b"), (8, "c"), (9, "a")]);
    let bridges: Vec<_> =
        below.bridges.iter().map(|tree| (tree.bridge.id.0, &*tree.bridge.name)).collect();
    assert_eq!(bridges, jobs);
}

#[test]
fn a_tree_can_start_at_a_ref_or_at_the_pipeline_of_a_job() {
    let mut server = Server::new();
    let mut mocks = pipeline(&mut server, 1, &[]);
    mocks.push(answer(&mut server, "pipelines", 200, &json!([basic(1)])));
    let job = json!({ "id": 5, "name": "job", "status": "success", "pipeline": basic(1) });
    mocks.push(answer(&mut server, "jobs/5", 200, &job));
    let project = ProjectRef::Id(1);
    let by = PipelineBy::Ref { project: project.clone(), ref_: "main".to_owned(), recent: false };
    for address in [Scope::In(by), Scope::Jobs { project, ids: vec![crate::model::JobId(5)] }] {
        assert_eq!(short(&walk(&server.url(), &address, 1).unwrap()), "1", "{address:?}");
    }
}

#[test]
fn a_ref_without_a_pipeline_is_refused() {
    let mut server = Server::new();
    let _none = answer(&mut server, "pipelines", 200, &json!([]));
    let by = PipelineBy::Commit { project: ProjectRef::Id(1), sha: "0".repeat(40) };
    let error = walk(&server.url(), &Scope::In(by), 1).unwrap_err();
    assert!(matches!(error.as_refusal(), Some(Refusal::NoPipeline { .. })), "{error:#}");
}

/// Holds requests until eight are there at the same time, and counts the most that were held at once.
#[derive(Default)]
struct Gauge {
    held: Mutex<Held>,
    changed: Condvar,
}

#[derive(Default)]
struct Held {
    now: usize,
    most: usize,
    open: bool,
}

impl Gauge {
    fn enter(&self) {
        let mut held = self.held.lock().unwrap();
        held.now += 1;
        held.most = held.most.max(held.now);
        self.changed.notify_all();
        if held.now == 8 && !held.open {
            // A ninth request would arrive during this pause.
            let pause = Duration::from_millis(100);
            held = self.changed.wait_timeout_while(held, pause, |held| held.most == 8).unwrap().0;
            held.open = true;
            self.changed.notify_all();
        }
        // If fewer than eight arrive at once, they are released after a while, and the test fails.
        let _ = self.changed.wait_timeout_while(held, Duration::from_secs(2), |held| !held.open);
    }

    fn leave(&self) {
        self.held.lock().unwrap().now -= 1;
    }
}

/// Returns the answers of a server whose pipeline 1 triggered 20 others.
fn wide(path: &str) -> Value {
    let path = path.split('?').next().unwrap_or_default();
    match path.strip_prefix("/api/v4/projects/1/pipelines/").unwrap() {
        "1" => basic(1),
        "1/bridges" => (2..22)
            .map(|id| json!({ "id": id, "name": id.to_string(), "status": "success", "downstream_pipeline": basic(id) }))
            .collect(),
        path if path.ends_with("/jobs") => json!([{ "id": 7, "name": "job", "status": "success" }]),
        _ => json!([]),
    }
}

fn serve(stream: TcpStream, gauge: &Gauge) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            (reader.read_line(&mut head).ok()? > 0).then_some(())?;
        }
        let path = head.split(' ').nth(1)?;
        let downstream = !path.ends_with("/1") && !path.contains("/pipelines/1/");
        if downstream {
            gauge.enter();
        }
        let body = wide(path).to_string();
        if downstream {
            gauge.leave();
        }
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).ok()?;
    }
}

#[test]
fn twenty_pipelines_are_asked_eight_requests_at_a_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let gauge = Arc::new(Gauge::default());
    let counted = gauge.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let gauge = counted.clone();
            std::thread::spawn(move || serve(stream, &gauge));
        }
    });
    let tree = walk(&url, &named(1), 1).unwrap();
    assert_eq!(tree.bridges().len(), 20);
    assert!(tree.bridges().iter().all(|tree| tree.downstream.as_ref().unwrap().below.is_ok()));
    assert_eq!(gauge.held.lock().unwrap().most, 8);
}
