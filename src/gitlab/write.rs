//! What changes GitLab: starting, retrying and playing, keeping and deleting.

use serde::Serialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::address::escaped;
use super::error::{Cause, Error};
use super::send_once::Change;
use super::{ApiRequest, Client, JobTokens, segment};
use crate::model::{Job, JobId, Pipeline, PipelineAt, ProjectRef};
use crate::sanitize::sanitize;
use crate::token::{Kind, Token};

/// What a pipeline is started with.
#[derive(Debug, Clone, Default)]
pub struct Start {
    pub variables: Vec<(String, String)>,
    /// Values that are no text can only be sent as JSON.
    pub inputs: Vec<(String, Value)>,
    /// The token of a trigger; without one, the client's own starts the pipeline.
    pub token: Option<Token>,
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

impl Client {
    /// Starts a pipeline of a branch or tag: by a trigger token or a job token, which stand in
    /// the body and nowhere else, or as a person.
    pub fn start(
        &self,
        project: &ProjectRef,
        ref_: &str,
        start: &Start,
    ) -> Result<Pipeline, Error> {
        let doing = format!("starting a pipeline of ref `{}` in project {project}", sanitize(ref_));
        let token = start.token.as_ref().or(self.http.token.as_ref());
        let (path, job_tokens, body) = match token {
            Some(token) if token.kind() != Kind::Private => {
                ("trigger/pipeline", JobTokens::InBody(token.kind()), by_token(ref_, start, token))
            }
            _ => ("pipeline", JobTokens::Never, by_person(ref_, start)),
        };
        let path = format!("/projects/{}/{path}", segment(project));
        let mut request = self.api_request(doing, &path, job_tokens);
        request.anonymous = matches!(job_tokens, JobTokens::InBody(_));
        if !request.anonymous {
            self.require_supported_token(&request)?;
        }
        let look = self.page(project, "pipelines");
        let outcome_unknown = format!(
            "the pipeline may have been started all the same: look at {look} before you try again"
        );
        let change = Change { request, method: Method::POST, body: Some(body), outcome_unknown };
        self.http.send_once(&change, |answer| answer.json())
    }

    /// Tries the failed and canceled jobs of a pipeline again.
    pub fn retry(&self, at: &PipelineAt) -> Result<Pipeline, Error> {
        let PipelineAt { project, id } = at;
        let look = self.page(project, &format!("pipelines/{id}"));
        let change = self.post(
            format!("retrying pipeline {id} of project {project}"),
            &format!("/projects/{}/pipelines/{id}/retry", segment(project)),
            format!("it may have been retried all the same: look at {look}"),
        )?;
        self.http.send_once(&change, |answer| answer.json())
    }

    /// Starts a manual job or bridge.
    pub fn play(&self, project: &ProjectRef, id: JobId) -> Result<(), Error> {
        let look = self.page(project, &format!("jobs/{id}"));
        let change = self.post(
            format!("playing job {id} of project {project}"),
            &format!("/projects/{}/jobs/{id}/play", segment(project)),
            format!("it may have been played all the same: look at {look}"),
        )?;
        self.http.send_once(&change, |_| Ok(()))
    }

    /// Keeps the artifacts of a job from expiring.
    pub fn keep(&self, project: &ProjectRef, id: JobId) -> Result<Job, Error> {
        let change = self.post(
            format!("keeping the artifacts of job {id} in project {project}"),
            &format!("/projects/{}/jobs/{id}/artifacts/keep", segment(project)),
            "they may be kept all the same; to ask once more does no harm".to_owned(),
        )?;
        self.http.send_once(&change, |answer| answer.json())
    }

    /// Deletes the artifacts of a job.
    pub fn delete(&self, project: &ProjectRef, id: JobId) -> Result<(), Error> {
        self.delete_at(
            format!("deleting the artifacts of job {id} in project {project}"),
            &format!("/projects/{}/jobs/{id}/artifacts", segment(project)),
        )
    }

    /// Asks GitLab to delete all artifacts of a project that may go, which it does in its own time.
    pub fn delete_all(&self, project: &ProjectRef) -> Result<(), Error> {
        self.delete_at(
            format!("deleting all artifacts of project {project}"),
            &format!("/projects/{}/artifacts", segment(project)),
        )
    }

    /// Whether a change can be asked for at all: GitLab takes no job token for any but starting.
    /// Nothing is sent.
    pub fn may_change(&self, doing: String) -> Result<(), Error> {
        self.require_supported_token(&self.api_request(doing, "", JobTokens::Never))
    }

    fn delete_at(&self, doing: String, path: &str) -> Result<(), Error> {
        let request = self.api_request(doing, path, JobTokens::Never);
        self.require_supported_token(&request)?;
        let outcome_unknown =
            "they may be gone all the same; to ask once more does no harm".to_owned();
        let change = Change { request, method: Method::DELETE, body: None, outcome_unknown };
        self.http.send_once(&change, |_| Ok(()))
    }

    fn post(&self, doing: String, path: &str, outcome_unknown: String) -> Result<Change, Error> {
        let request = self.api_request(doing, path, JobTokens::Never);
        self.require_supported_token(&request)?;
        Ok(Change { request, method: Method::POST, body: None, outcome_unknown })
    }

    fn require_supported_token(&self, request: &ApiRequest) -> Result<(), Error> {
        let token = self.http.token.as_ref().map(Token::kind);
        let why = match token {
            Some(Kind::Private) => return Ok(()),
            Some(_) => "GitLab takes no job token for this",
            None => "there is no token to do it with",
        };
        Err(Error::new(request, token, Box::new(Cause::NotSent { why })))
    }

    /// The page of a project in the browser: of its pipelines, or of one; where only the number
    /// of the project is known, its front page.
    fn page(&self, project: &ProjectRef, rest: &str) -> String {
        let root = self.http.root.to_string();
        let root = root.strip_suffix("/api/v4").unwrap_or(&root);
        match project {
            ProjectRef::Id(id) => format!("{root}/projects/{id}"),
            ProjectRef::Path(path) => format!("{root}/{}/-/{rest}", sanitize(path)),
        }
    }
}

/// `ref`, `token`, `variables[K]` and `inputs[K]` as a form; as JSON, where an input is no text.
fn by_token(ref_: &str, start: &Start, token: &Token) -> (&'static str, String) {
    let Start { variables, inputs, .. } = start;
    if inputs.iter().any(|(_, value)| !value.is_string()) {
        let mut body = json!({ "ref": ref_, "token": token.reveal(), "inputs": object(inputs) });
        if !variables.is_empty() {
            body["variables"] = object(variables);
        }
        return (JSON, body.to_string());
    }
    let texts = inputs.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    let variables = variables.iter().map(|(name, value)| (name, value.as_str()));
    let fields = [("ref".to_owned(), ref_), ("token".to_owned(), token.reveal())]
        .into_iter()
        .chain(variables.map(|(name, value)| (format!("variables[{name}]"), value)))
        .chain(texts.map(|(name, value)| (format!("inputs[{name}]"), value)));
    let fields = fields.map(|(name, value)| format!("{}={}", escaped(&name), escaped(value)));
    (FORM, fields.collect::<Vec<_>>().join("&"))
}

fn by_person(ref_: &str, start: &Start) -> (&'static str, String) {
    let variable = |(key, value): &(String, String)| json!({ "key": key, "value": value });
    let mut body = json!({ "ref": ref_ });
    if !start.variables.is_empty() {
        body["variables"] = start.variables.iter().map(variable).collect();
    }
    if !start.inputs.is_empty() {
        body["inputs"] = object(&start.inputs);
    }
    (JSON, body.to_string())
}

/// Of two values for one name the last counts, as in a form.
fn object<T: Serialize>(pairs: &[(String, T)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}
