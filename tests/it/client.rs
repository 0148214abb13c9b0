//! The client of GitLab's API alone: each request to the letter.

use std::io::Cursor;
use std::sync::Arc;

use downriver::gitlab::{Address, Client, Error, Network};
use downriver::model::{ArchiveAt, JobId, PipelineAt, PipelineId, ProjectRef};
use downriver::step::{Step, Watch};
use downriver::token::{Kind, Token};
use mockito::{Matcher, Server, ServerGuard};

use crate::fake::fixtures;
use crate::outside::FakeClock;

pub const PRIVATE: &str = "glpat-onlyOne";
pub const JOB: &str = "glcbt-64_onlyOne";

/// Nobody listens.
struct Nobody;

impl Watch for Nobody {
    fn step(&self, _step: &Step<'_>) {}
}

pub fn client(server: &ServerGuard, token: Option<Kind>) -> Client {
    let root = Address::parse(&format!("{}/api/v4", server.url())).unwrap();
    let token = token.map(|kind| {
        let secret = if kind == Kind::Job { JOB } else { PRIVATE };
        Token::new(kind, secret).unwrap()
    });
    let network = Network::default();
    Client::new(root, token, network, Arc::new(FakeClock::default()), Arc::new(Nobody))
}

/// A question to the client, whose answer matters only if it is an error.
pub type Question = fn(&Client) -> Result<(), Error>;

fn project() -> ProjectRef {
    ProjectRef::Path("group/sub project".to_owned())
}

fn pipeline() -> PipelineAt {
    PipelineAt { project: ProjectRef::Id(93), id: PipelineId(9002) }
}

pub fn archive(client: &Client, at: &ArchiveAt) -> Result<(), Error> {
    let mut bytes = Cursor::new(Vec::new());
    let restart = |bytes: &mut Cursor<Vec<u8>>| {
        *bytes = Cursor::new(Vec::new());
        Ok(())
    };
    client.copy(client.download(at)?, None, &mut bytes, restart, &mut |_, _| {}).map(drop)
}

pub fn by_ref(recent: bool) -> ArchiveAt {
    let (ref_, job) = ("feature/a#1 é".to_owned(), "build: [x, y] 1/2 & more?".to_owned());
    ArchiveAt::Ref { project: project(), ref_, job, recent }
}

pub const BRIDGES: Question = |client| client.bridges(&pipeline()).map(drop);
pub const JOBS: Question = |client| client.jobs(&pipeline()).map(drop);
pub const ONE_JOB: Question = |client| client.job(&ProjectRef::Id(93), JobId(70108)).map(drop);
pub const ARCHIVE: Question =
    |client| archive(client, &ArchiveAt::Job { project: ProjectRef::Id(93), id: JobId(70108) });

#[test]
fn each_request_is_exactly_this() {
    let page = "per_page=100&page=1";
    let rows: [(Question, Kind, &str, &str, &str); 13] = [
        (BRIDGES, Kind::Job, "/projects/93/pipelines/9002/bridges", page, "bridges"),
        (JOBS, Kind::Private, "/projects/93/pipelines/9002/jobs", page, "jobs"),
        (JOBS, Kind::Job, "/projects/93/pipelines/9002/jobs", page, "jobs"),
        (ONE_JOB, Kind::Private, "/projects/93/jobs/70108", "", "job"),
        (
            |c| c.job(&project(), JobId(7)).map(drop),
            Kind::Private,
            "/projects/group%2Fsub%20project/jobs/7",
            "",
            "job",
        ),
        (
            |c| c.pipeline(&pipeline()).map(drop),
            Kind::Job,
            "/projects/93/pipelines/9002",
            "",
            "pipeline",
        ),
        (
            |c| c.successful_pipelines(&project(), "feature/a#1 é", 100).map(drop),
            Kind::Private,
            "/projects/group%2Fsub%20project/pipelines",
            "ref=feature%2Fa%231%20%C3%A9&status=success&per_page=100&page=1",
            "pipelines",
        ),
        (
            |c| c.commit_pipelines(&ProjectRef::Id(93), "0badcafe").map(drop),
            Kind::Private,
            "/projects/93/pipelines",
            "sha=0badcafe&per_page=1&page=1",
            "pipelines",
        ),
        (
            |c| c.merge_request_pipelines(&ProjectRef::Id(93), 5).map(drop),
            Kind::Private,
            "/projects/93/merge_requests/5/pipelines",
            "per_page=100&page=1",
            "pipelines",
        ),
        (ARCHIVE, Kind::Private, "/projects/93/jobs/70108/artifacts", "", ""),
        (ARCHIVE, Kind::Job, "/projects/93/jobs/70108/artifacts", "", ""),
        (
            |c| archive(c, &by_ref(false)),
            Kind::Job,
            "/projects/group%2Fsub%20project/jobs/artifacts/feature%2Fa%231%20%C3%A9/download",
            "job=build%3A%20%5Bx%2C%20y%5D%201%2F2%20%26%20more%3F",
            "",
        ),
        (
            |c| archive(c, &by_ref(true)),
            Kind::Job,
            "/projects/group%2Fsub%20project/jobs/artifacts/feature%2Fa%231%20%C3%A9/download",
            "job=build%3A%20%5Bx%2C%20y%5D%201%2F2%20%26%20more%3F&search_recent_successful_pipelines=true",
            "",
        ),
    ];
    for (question, kind, path, query, sample) in rows {
        let mut server = Server::new();
        let (header, secret, other) = match kind {
            Kind::Private => ("PRIVATE-TOKEN", PRIVATE, "JOB-TOKEN"),
            Kind::Job => ("JOB-TOKEN", JOB, "PRIVATE-TOKEN"),
            Kind::Trigger => panic!("no header carries it"),
        };
        let body = match sample {
            "" => b"PK bytes".to_vec(),
            name => std::fs::read(fixtures().join(format!("api/{name}.json"))).unwrap(),
        };
        let query = if query.is_empty() { Matcher::Missing } else { Matcher::Exact(query.into()) };
        let mock = server
            .mock("GET", &*format!("/api/v4{path}"))
            .match_query(query)
            .match_header(header, secret)
            .match_header(other, Matcher::Missing)
            .match_header("authorization", Matcher::Missing)
            .match_header("accept-encoding", "identity")
            .with_body(body)
            .expect(1)
            .create();
        let answer = question(&client(&server, Some(kind)));
        assert!(answer.is_ok(), "{path}: {}", answer.unwrap_err());
        mock.assert();
    }
}

#[test]
fn with_a_job_token_a_merge_request_is_looked_for_by_its_refs() {
    let mut server = Server::new();
    let mocks = ["head", "merge", "train"].map(|name| {
        let query = format!("ref=refs%2Fmerge-requests%2F5%2F{name}&per_page=1&page=1");
        let mock = server.mock("GET", "/api/v4/projects/93/pipelines");
        mock.match_query(Matcher::Exact(query))
            .match_header("JOB-TOKEN", JOB)
            .with_body("[]")
            .create()
    });
    let found =
        client(&server, Some(Kind::Job)).merge_request_pipelines(&ProjectRef::Id(93), 5).unwrap();
    assert!(found.is_empty());
    mocks.iter().for_each(mockito::Mock::assert);
}
