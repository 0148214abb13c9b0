//! Endpoints for jobs and bridges (trigger jobs).

use super::client::Client;
use super::error::Error;
use super::pages::read_all;
use super::request::{JobTokens, project_segment};
use crate::model::{Bridge, Job, JobId, PipelineAt, ProjectRef};

impl Client {
    /// Returns the bridges of a pipeline, newest first, without retried ones.
    pub fn bridges(&self, at: &PipelineAt) -> Result<Vec<Bridge>, Error> {
        let list = |name: &str| {
            let request = self.api_request(
                format!("listing the bridges of pipeline {} in project {}", at.id, at.project),
                &format!("/projects/{}/pipelines/{}/{name}", project_segment(&at.project), at.id),
                JobTokens::Newer,
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
            format!("listing the jobs of pipeline {} in project {}", at.id, at.project),
            &format!("/projects/{}/pipelines/{}/jobs", project_segment(&at.project), at.id),
            JobTokens::Newer,
        );
        read_all(&self.http, &request, |job: &Job| job.id)
    }

    /// Returns one job. The endpoint does not accept job tokens and does not find bridges.
    pub fn job(&self, project: &ProjectRef, id: JobId) -> Result<Job, Error> {
        let request = self.api_request(
            format!("reading job {id} of project {project}"),
            &format!("/projects/{}/jobs/{id}", project_segment(project)),
            JobTokens::Never,
        );
        self.http.get(&request, |response| self.http.read(response))
    }

    /// Returns the log of a job as its runner wrote it. The endpoint does not accept job tokens.
    pub fn job_log(&self, project: &ProjectRef, id: JobId) -> Result<Vec<u8>, Error> {
        let request = self.api_request(
            format!("reading the log of job {id} in project {project}"),
            &format!("/projects/{}/jobs/{id}/trace", project_segment(project)),
            JobTokens::Never,
        );
        self.http.get(&request, |response| response.text())
    }
}
