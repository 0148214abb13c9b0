//! Each request that changes something, to the letter; and what its refusals mean.

use downriver::exit::Exit;
use downriver::gitlab::{Client, Error, Operation, Start};
use downriver::model::{JobId, PipelineAt, PipelineId, ProjectRef};
use downriver::token::{Kind, Token};
use mockito::{Matcher, Server};
use serde_json::json;

use crate::client::{JOB, PRIVATE, Question, client};
use crate::fake::fixtures;

const TRIGGER: &str = "glptt-only0ne";

fn project() -> ProjectRef {
    ProjectRef::Path("group/sub project".to_owned())
}

fn start(client: &Client, token: Option<&str>) -> Result<(), Error> {
    let start = Start {
        variables: vec![("A".to_owned(), "1&2".to_owned())],
        inputs: vec![("env".to_owned(), json!("a b"))],
        token: token.map(|token| Token::new(Kind::Trigger, token).unwrap()),
    };
    client.start_pipeline(&project(), "feature/a", &start).map(drop)
}

fn retry(client: &Client) -> Result<(), Error> {
    client.retry_pipeline(&PipelineAt { project: ProjectRef::Id(93), id: PipelineId(5) }).map(drop)
}

/// Compares each call and its token with the request: method, path, type, body.
#[test]
fn each_change_is_one_exact_request() {
    const ID: ProjectRef = ProjectRef::Id(93);
    let form = "ref=feature%2Fa&token={}&variables%5BA%5D=1%262&inputs%5Benv%5D=a%20b";
    let by_person = json!({
        "ref": "feature/a", "variables": [{"key": "A", "value": "1&2"}], "inputs": {"env": "a b"},
    });
    let starts = "/projects/group%2Fsub%20project/trigger/pipeline";
    let pipeline = "trigger_pipeline_201";
    let rows: [(Question, Kind, &str, &str, &str, String, &str); 8] = [
        (
            |c| start(c, Some(TRIGGER)),
            Kind::Private,
            "POST",
            starts,
            "form",
            form.replace("{}", TRIGGER),
            pipeline,
        ),
        (|c| start(c, None), Kind::Job, "POST", starts, "form", form.replace("{}", JOB), pipeline),
        (
            |c| start(c, None),
            Kind::Private,
            "POST",
            "/projects/group%2Fsub%20project/pipeline",
            "json",
            by_person.to_string(),
            pipeline,
        ),
        (
            retry,
            Kind::Private,
            "POST",
            "/projects/93/pipelines/5/retry",
            "",
            String::new(),
            "pipeline",
        ),
        (
            |c| c.play_job(&ID, JobId(7)),
            Kind::Private,
            "POST",
            "/projects/93/jobs/7/play",
            "",
            String::new(),
            "job",
        ),
        (
            |c| c.keep_artifacts(&ID, JobId(7)).map(drop),
            Kind::Private,
            "POST",
            "/projects/93/jobs/7/artifacts/keep",
            "",
            String::new(),
            "job",
        ),
        (
            |c| c.delete_artifacts(&ID, JobId(7)),
            Kind::Private,
            "DELETE",
            "/projects/93/jobs/7/artifacts",
            "",
            String::new(),
            "",
        ),
        (
            |c| c.delete_project_artifacts(&ID),
            Kind::Private,
            "DELETE",
            "/projects/93/artifacts",
            "",
            String::new(),
            "",
        ),
    ];
    for (question, kind, method, path, form, body, sample) in rows {
        let mut server = Server::new();
        let answer = match sample {
            "" => Vec::new(),
            name => std::fs::read(fixtures().join(format!("api/{name}.json"))).unwrap(),
        };
        let in_body = path.ends_with("/trigger/pipeline");
        let private = if in_body { Matcher::Missing } else { Matcher::Exact(PRIVATE.into()) };
        let kind_of_body = match form {
            "form" => Matcher::Exact("application/x-www-form-urlencoded".into()),
            "json" => Matcher::Exact("application/json".into()),
            _ => Matcher::Missing,
        };
        // Some proxies answer 411 to a POST that names no length.
        let length = match method {
            "POST" if form.is_empty() => Matcher::Exact("0".into()),
            "POST" => Matcher::Any,
            _ => Matcher::Missing,
        };
        let body = if form == "json" { Matcher::JsonString(body) } else { Matcher::Exact(body) };
        let mock = server
            .mock(method, &*format!("/api/v4{path}"))
            .match_query(Matcher::Missing)
            .match_header("private-token", private)
            .match_header("job-token", Matcher::Missing)
            .match_header("authorization", Matcher::Missing)
            .match_header("content-type", kind_of_body)
            .match_header("content-length", length)
            .match_body(body)
            .with_status(if sample.is_empty() { 204 } else { 201 })
            .with_body(answer)
            .expect(1)
            .create();
        let answer = question(&client(&server, Some(kind)));
        assert!(answer.is_ok(), "{path}: {}", answer.unwrap_err());
        mock.assert();
    }
}

/// Compares GitLab's answers to a start with the results.
#[test]
fn each_refusal_of_a_start_becomes_a_sentence_a_hint_and_an_exit_code() {
    let by_trigger: Question = |c| start(c, Some(TRIGGER));
    let by_own: Question = |c| start(c, None);
    let not_found = r#"{"message":"404 Not Found"}"#;
    for (question, kind, status, body, exit, says, hint) in [
        (
            by_trigger,
            Kind::Private,
            404,
            not_found,
            Exit::Denied,
            "answered 404",
            "a wrong trigger token",
        ),
        (
            by_own,
            Kind::Job,
            404,
            not_found,
            Exit::Denied,
            "answered 404",
            "does not allow the job token",
        ),
        (by_own, Kind::Private, 404, not_found, Exit::Nothing, "answered 404", "the role"),
        (
            by_own,
            Kind::Job,
            401,
            r#"{"message":"Job is not running"}"#,
            Exit::Denied,
            "Job is not running",
            "while its job runs",
        ),
        (
            by_trigger,
            Kind::Private,
            403,
            "{}",
            Exit::Denied,
            "answered 403",
            "the owner of the trigger token",
        ),
        (by_own, Kind::Private, 403, "{}", Exit::Denied, "answered 403", "role"),
        (
            by_own,
            Kind::Private,
            403,
            r#"{"error":"insufficient_scope","error_description":"x","scope":"api"}"#,
            Exit::Denied,
            "insufficient_scope",
            "the scope api",
        ),
    ] {
        let mut server = Server::new();
        let mock = server
            .mock("POST", Matcher::Any)
            .with_status(status)
            .with_body(body)
            .expect(1)
            .create();
        let error = question(&client(&server, Some(kind))).unwrap_err();
        mock.assert();
        let (message, hints) = (error.to_string(), error.hints().join("; "));
        assert_eq!(error.exit(), exit, "{message}");
        assert!(message.contains(says), "{message}");
        assert!(hints.contains(hint), "{message}: {hints}");
        for secret in [PRIVATE, JOB, TRIGGER] {
            assert!(!message.contains(secret) && !hints.contains(secret), "{message}");
        }
    }
}

#[test]
fn what_is_in_vain_is_not_even_asked() {
    const ID: ProjectRef = ProjectRef::Id(93);
    let questions: [Question; 6] = [
        retry,
        |c| c.play_job(&ID, JobId(7)),
        |c| c.keep_artifacts(&ID, JobId(7)).map(drop),
        |c| c.delete_artifacts(&ID, JobId(7)),
        |c| c.delete_project_artifacts(&ID),
        |c| c.check_can_write(Operation::PlayJob, "changing".to_owned()),
    ];
    for question in questions {
        for (token, hint) in [(Some(Kind::Job), "use a private token"), (None, "no token was sent")]
        {
            let mut server = Server::new();
            let mock = server.mock("POST", Matcher::Any).expect(0).create();
            let error = question(&client(&server, token)).unwrap_err();
            mock.assert();
            assert_eq!(error.exit(), Exit::Denied);
            assert!(error.to_string().contains("not sent: "), "{error}");
            assert!(error.hints().join("; ").contains(hint), "{:?}", error.hints());
        }
    }
    let error = start(&client(&Server::new(), None), None).unwrap_err();
    assert_eq!(error.exit(), Exit::Denied);
}

#[test]
fn where_to_look_is_a_page_in_the_browser() {
    for (question, page) in [
        (
            (|c| start(c, Some(TRIGGER))) as Question,
            "/group/sub project/-/pipelines before you try again",
        ),
        (retry, "/projects/93"),
    ] {
        let mut server = Server::new();
        let _mock = server.mock("POST", Matcher::Any).with_status(502).create();
        let error = question(&client(&server, Some(Kind::Private))).unwrap_err();
        let expect = format!("look at {}{page}", server.url());
        assert!(error.to_string().contains(&expect), "{error}");
        assert_eq!(error.exit(), Exit::Network);
    }
}
