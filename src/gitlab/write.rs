//! Endpoints that change something: start, retry, play, keep, delete.

use serde::Serialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::address::escaped;
use super::cause::Cause;
use super::client::Client;
use super::error::Error;
use super::operation::{JobTokens, Operation};
use super::request::ApiRequest;
use super::send_once::Change;
use crate::model::{Job, JobId, Pipeline, PipelineAt, ProjectRef};
use crate::sanitize::sanitize;
use crate::token::{Kind, Token};

/// The variables, inputs and token that a pipeline is started with.
#[derive(Debug, Clone, Default)]
pub struct Start {
    pub variables: Vec<(String, String)>,
    /// Names and values. Values other than strings can only be sent as JSON.
    pub inputs: Vec<(String, Value)>,
    /// A trigger token; without it, the token of the client starts the pipeline.
    pub token: Option<Token>,
}

const FORM_TYPE: &str = "application/x-www-form-urlencoded";
const JSON_TYPE: &str = "application/json";

impl Client {
    /// Starts a pipeline for a branch or tag. A trigger or job token uses the trigger endpoint and
    /// is sent only in the body; a private token starts the pipeline as its user.
    pub fn start_pipeline(
        &self,
        project: &ProjectRef,
        ref_: &str,
        start: &Start,
    ) -> Result<Pipeline, Error> {
        let description =
            format!("starting a pipeline of ref `{}` in project {project}", sanitize(ref_));
        let token = start.token.as_ref().or(self.http.token.as_ref());
        let (path, operation, body) = match token {
            Some(token) if token.kind() != Kind::Private => (
                "/trigger/pipeline",
                Operation::TriggerPipeline(token.kind()),
                trigger_body(ref_, start, token),
            ),
            _ => ("/pipeline", Operation::StartPipeline, pipeline_body(ref_, start)),
        };
        let mut request = self.api_request(operation, description, project, path);
        request.anonymous = matches!(operation.job_tokens(), JobTokens::InBody(_));
        if !request.anonymous {
            self.require_supported_token(&request)?;
        }
        let page = self.web_page(project, "pipelines");
        let possible_effect = format!(
            "the pipeline may have been started nevertheless: look at {page} before you try again"
        );
        let change = Change { request, method: Method::POST, body: Some(body), possible_effect };
        self.http.send_once(&change, |response| self.http.read(response))
    }

    /// Retries the failed and canceled jobs of a pipeline.
    pub fn retry_pipeline(&self, at: &PipelineAt) -> Result<Pipeline, Error> {
        let PipelineAt { project, id } = at;
        let page = self.web_page(project, &format!("pipelines/{id}"));
        let change = self.post(
            Operation::RetryPipeline,
            format!("retrying pipeline {id} of project {project}"),
            project,
            &format!("/pipelines/{id}/retry"),
            format!("it may have been retried nevertheless: look at {page}"),
        )?;
        self.http.send_once(&change, |response| self.http.read(response))
    }

    /// Starts a manual job or bridge.
    pub fn play_job(&self, project: &ProjectRef, id: JobId) -> Result<(), Error> {
        let page = self.web_page(project, &format!("jobs/{id}"));
        let change = self.post(
            Operation::PlayJob,
            format!("playing job {id} of project {project}"),
            project,
            &format!("/jobs/{id}/play"),
            format!("it may have been played nevertheless: look at {page}"),
        )?;
        self.http.send_once(&change, |response| response.refuse_page())
    }

    /// Keeps the artifacts of a job: they will not expire.
    pub fn keep_artifacts(&self, project: &ProjectRef, id: JobId) -> Result<Job, Error> {
        let change = self.post(
            Operation::KeepArtifacts,
            format!("keeping the artifacts of job {id} in project {project}"),
            project,
            &format!("/jobs/{id}/artifacts/keep"),
            "they may be kept nevertheless; a repetition does no harm".to_owned(),
        )?;
        self.http.send_once(&change, |response| self.http.read(response))
    }

    /// Deletes the artifacts of a job.
    pub fn delete_artifacts(&self, project: &ProjectRef, id: JobId) -> Result<(), Error> {
        self.delete_at(
            Operation::DeleteArtifacts,
            format!("deleting the artifacts of job {id} in project {project}"),
            project,
            &format!("/jobs/{id}/artifacts"),
        )
    }

    /// Schedules the deletion of all artifacts of a project that are not locked.
    pub fn delete_project_artifacts(&self, project: &ProjectRef) -> Result<(), Error> {
        self.delete_at(
            Operation::DeleteProjectArtifacts,
            format!("deleting all artifacts of project {project}"),
            project,
            "/artifacts",
        )
    }

    /// Checks without a request that the token can change something: job tokens can only start
    /// pipelines.
    pub fn check_can_write(&self, operation: Operation, description: String) -> Result<(), Error> {
        let address = self.http.root.clone();
        self.require_supported_token(&ApiRequest::new(operation, description, None, address))
    }

    fn delete_at(
        &self,
        operation: Operation,
        description: String,
        project: &ProjectRef,
        path: &str,
    ) -> Result<(), Error> {
        let request = self.api_request(operation, description, project, path);
        self.require_supported_token(&request)?;
        let possible_effect =
            "they may be deleted nevertheless; a repetition does no harm".to_owned();
        let change = Change { request, method: Method::DELETE, body: None, possible_effect };
        self.http.send_once(&change, |response| response.refuse_page())
    }

    fn post(
        &self,
        operation: Operation,
        description: String,
        project: &ProjectRef,
        path: &str,
        possible_effect: String,
    ) -> Result<Change, Error> {
        let request = self.api_request(operation, description, project, path);
        self.require_supported_token(&request)?;
        Ok(Change { request, method: Method::POST, body: None, possible_effect })
    }

    fn require_supported_token(&self, request: &ApiRequest) -> Result<(), Error> {
        let reason = match self.http.token_kind() {
            Some(Kind::Private) => return Ok(()),
            Some(Kind::Job | Kind::Trigger) => "GitLab accepts no job token for this",
            None => "this requires a token",
        };
        Err(self.error(request, Cause::NotSent { reason }))
    }

    /// Returns the address of a page of a project in the browser. If only the ID of the project is
    /// known, that is its front page.
    fn web_page(&self, project: &ProjectRef, rest: &str) -> String {
        let root = self.http.root.to_string();
        let root = root.strip_suffix("/api/v4").unwrap_or(&root);
        match project {
            ProjectRef::Id(id) => format!("{root}/projects/{id}"),
            ProjectRef::Path(path) | ProjectRef::Known { path, .. } => {
                format!("{root}/{}/-/{rest}", sanitize(path))
            }
        }
    }
}

/// The body for the trigger endpoint: a form with `ref`, `token`, `variables[K]` and `inputs[K]`, or
/// JSON if an input is not a string.
fn trigger_body(ref_: &str, start: &Start, token: &Token) -> (&'static str, String) {
    let Start { variables, inputs, .. } = start;
    if inputs.iter().any(|(_, value)| !value.is_string()) {
        let mut body = json!({ "ref": ref_, "token": token.reveal(), "inputs": object(inputs) });
        if !variables.is_empty() {
            body["variables"] = object(variables);
        }
        return (JSON_TYPE, body.to_string());
    }
    let texts = inputs.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    let variables = variables.iter().map(|(name, value)| (name, value.as_str()));
    let fields = [("ref".to_owned(), ref_), ("token".to_owned(), token.reveal())]
        .into_iter()
        .chain(variables.map(|(name, value)| (format!("variables[{name}]"), value)))
        .chain(texts.map(|(name, value)| (format!("inputs[{name}]"), value)));
    let fields = fields.map(|(name, value)| format!("{}={}", escaped(&name), escaped(value)));
    (FORM_TYPE, fields.collect::<Vec<_>>().join("&"))
}

/// The body for the endpoint that starts a pipeline as a user.
fn pipeline_body(ref_: &str, start: &Start) -> (&'static str, String) {
    let variable = |(key, value): &(String, String)| json!({ "key": key, "value": value });
    let mut body = json!({ "ref": ref_ });
    if !start.variables.is_empty() {
        body["variables"] = start.variables.iter().map(variable).collect();
    }
    if !start.inputs.is_empty() {
        body["inputs"] = object(&start.inputs);
    }
    (JSON_TYPE, body.to_string())
}

/// Collects pairs into a JSON object. The last of several values for a name counts, as in a form.
fn object<T: Serialize>(pairs: &[(String, T)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}
