//! Endpoints for jobs and bridges (trigger jobs).

use super::client::Client;
use super::error::Error;
use super::operation::Operation;
use super::pages::read_all;
use crate::model::{Bridge, Job, JobId, PipelineAt, ProjectRef};

impl Client {
    /// Returns the bridges of a pipeline, newest first, without retried ones.
    pub fn bridges(&self, at: &PipelineAt) -> Result<Vec<Bridge>, Error> {
        let list = |name: &str| {
            let request = self.api_request(
                Operation::ListBridges,
                format!("listing the bridges of pipeline {} in project {}", at.id, at.project),
                &at.project,
                &format!("/pipelines/{}/{name}", at.id),
            );
            read_all(&self.http, &request, |bridge: &Bridge| bridge.id)
        };
        match list("bridges") {
            // GitLab 19.2 renamed the endpoint; the old name may be removed in a later version.
            Err(error) if error.is_unknown_route() => list("trigger_jobs").map_err(|_| error),
            result => result,
        }
    }

    /// Returns the jobs of a pipeline, newest first, without bridges and retried jobs.
    pub fn jobs(&self, at: &PipelineAt) -> Result<Vec<Job>, Error> {
        let request = self.api_request(
            Operation::ListJobs,
            format!("listing the jobs of pipeline {} in project {}", at.id, at.project),
            &at.project,
            &format!("/pipelines/{}/jobs", at.id),
        );
        read_all(&self.http, &request, |job: &Job| job.id)
    }

    /// Returns one job. The endpoint does not accept job tokens and does not find bridges.
    pub fn job(&self, project: &ProjectRef, id: JobId) -> Result<Job, Error> {
        let request = self.api_request(
            Operation::ReadJob,
            format!("reading job {id} of project {project}"),
            project,
            &format!("/jobs/{id}"),
        );
        self.http.get(&request, |response| self.http.read(response))
    }

    /// Returns the log of a job as its runner wrote it. The endpoint does not accept job tokens.
    pub fn job_log(&self, project: &ProjectRef, id: JobId) -> Result<Vec<u8>, Error> {
        let request = self.api_request(
            Operation::ReadLog,
            format!("reading the log of job {id} in project {project}"),
            project,
            &format!("/jobs/{id}/trace"),
        );
        self.http.get(&request, |response| response.plain_text())
    }
}
