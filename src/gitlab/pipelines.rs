//! Endpoints for pipelines: single ones and the newest of a ref, commit or merge request.

use serde::Deserialize;

use super::client::Client;
use super::error::Error;
use super::pages::read_first;
use super::request::{JobTokens, project_segment};
use crate::model::{Pipeline, PipelineAt, ProjectRef};
use crate::sanitize::sanitize;

/// Values that pipelines must have to be listed; None admits all.
#[derive(Debug, Clone, Copy, Default)]
pub struct PipelineFilters<'a> {
    pub ref_: Option<&'a str>,
    /// A full SHA.
    pub sha: Option<&'a str>,
    /// One of GitLab's words for a status.
    pub status: Option<&'a str>,
}

#[derive(Deserialize)]
struct MergeRequest {
    iid: u64,
    /// The project that it is merged into.
    project_id: u64,
    /// Null after a fork was deleted.
    source_project_id: Option<u64>,
}

impl Client {
    /// Returns a pipeline.
    pub fn pipeline(&self, at: &PipelineAt) -> Result<Pipeline, Error> {
        let request = self.api_request(
            format!("reading pipeline {} of project {}", at.id, at.project),
            &format!("/projects/{}/pipelines/{}", project_segment(&at.project), at.id),
            JobTokens::Newer,
        );
        self.http.get(&request, |response| response.json())
    }

    /// Returns the newest successful pipelines of a branch or tag, newest first. `limit` is at
    /// most 100.
    pub fn successful_pipelines(
        &self,
        project: &ProjectRef,
        ref_: &str,
        limit: usize,
    ) -> Result<Vec<Pipeline>, Error> {
        let operation = format!(
            "listing the successful pipelines of ref `{}` in project {project}",
            sanitize(ref_)
        );
        let filters = [("ref", ref_), ("status", "success")];
        self.list_pipelines(operation, project, &filters, limit)
    }

    /// Returns the newest pipelines of a project, newest first. `limit` is at most 100.
    pub fn pipelines(&self, project: &ProjectRef, limit: usize) -> Result<Vec<Pipeline>, Error> {
        let operation = format!("listing the pipelines of project {project}");
        self.list_pipelines(operation, project, &[], limit)
    }

    /// Returns the newest pipeline of a commit, or an empty list.
    pub fn commit_pipelines(
        &self,
        project: &ProjectRef,
        sha: &str,
    ) -> Result<Vec<Pipeline>, Error> {
        let operation =
            format!("listing the pipelines of commit {} in project {project}", sanitize(sha));
        self.list_pipelines(operation, project, &[("sha", sha)], 1)
    }

    /// Returns the newest pipelines of a merge request, in no particular order.
    pub fn merge_request_pipelines(
        &self,
        project: &ProjectRef,
        iid: u64,
    ) -> Result<Vec<Pipeline>, Error> {
        let operation =
            format!("listing the pipelines of merge request {iid} in project {project}");
        if self.has_job_token() {
            // The endpoint of merge requests does not accept job tokens. Merge request pipelines
            // are listed by their refs instead.
            let mut newest = Vec::new();
            for name in ["head", "merge"] {
                let ref_ = format!("refs/merge-requests/{iid}/{name}");
                let filters = [("ref", &*ref_)];
                newest.extend(self.list_pipelines(operation.clone(), project, &filters, 1)?);
            }
            return Ok(newest);
        }
        let path = format!("/projects/{}/merge_requests/{iid}/pipelines", project_segment(project));
        let request = self
            .api_request(operation, &path, JobTokens::Never)
            .query("per_page", "1")
            .query("page", "1");
        self.http.get(&request, |response| response.json())
    }

    /// Returns the newest pipeline of a branch or tag, whatever its status.
    pub fn newest_pipeline(
        &self,
        project: &ProjectRef,
        ref_: &str,
    ) -> Result<Option<Pipeline>, Error> {
        let operation =
            format!("listing the pipelines of ref `{}` in project {project}", sanitize(ref_));
        let pipelines = self.list_pipelines(operation, project, &[("ref", ref_)], 1)?;
        Ok(pipelines.into_iter().next())
    }

    /// Returns the newest pipelines of a project that the filters admit, newest first. Child
    /// pipelines are not among them.
    pub fn newest_pipelines(
        &self,
        project: &ProjectRef,
        filters: &PipelineFilters<'_>,
        limit: usize,
    ) -> Result<Vec<Pipeline>, Error> {
        let operation = format!("listing the pipelines of project {project}");
        let path = format!("/projects/{}/pipelines", project_segment(project));
        let mut request = self.api_request(operation, &path, JobTokens::Newer);
        for (name, value) in
            [("ref", filters.ref_), ("sha", filters.sha), ("status", filters.status)]
        {
            if let Some(value) = value {
                request = request.query(name, value);
            }
        }
        read_first(&self.http, &request, limit, |pipeline: &Pipeline| pipeline.id)
    }

    /// Returns the numbers of the open merge requests that would merge this branch of the project,
    /// newest first. Branches of the same name in forks are left out. The endpoint does not accept
    /// job tokens.
    pub fn open_merge_requests(
        &self,
        project: &ProjectRef,
        branch: &str,
    ) -> Result<Vec<u64>, Error> {
        let operation = format!(
            "listing the merge requests of branch `{}` in project {project}",
            sanitize(branch)
        );
        let path = format!("/projects/{}/merge_requests", project_segment(project));
        let request = self
            .api_request(operation, &path, JobTokens::Never)
            .query("state", "opened")
            .query("source_branch", branch)
            .query("per_page", "20")
            .query("page", "1");
        let all: Vec<MergeRequest> = self.http.get(&request, |response| response.json())?;
        let own = all.iter().filter(|it| it.source_project_id == Some(it.project_id));
        Ok(own.map(|it| it.iid).collect())
    }

    fn list_pipelines(
        &self,
        operation: String,
        project: &ProjectRef,
        filters: &[(&str, &str)],
        limit: usize,
    ) -> Result<Vec<Pipeline>, Error> {
        let path = format!("/projects/{}/pipelines", project_segment(project));
        let mut request = self.api_request(operation, &path, JobTokens::Newer);
        for (name, value) in filters {
            request = request.query(name, value);
        }
        let request = request.query("per_page", &limit.to_string()).query("page", "1");
        self.http.get(&request, |response| response.json())
    }
}
