//! Endpoints for pipelines: single ones and the newest of a ref, commit or merge request.

use serde::Deserialize;

use super::client::Client;
use super::error::Error;
use super::operation::Operation;
use super::pages::{read_all, read_first};
use super::request::ApiRequest;
use crate::model::{Pipeline, PipelineAt, PipelineId, ProjectRef};
use crate::parallel::parallel;
use crate::sanitize::sanitize;

/// Returns the pipeline that an address of the API is about, if it is about a single one.
pub fn pipeline_in(address: &str) -> Option<PipelineId> {
    let (_, rest) = address.split_once("/pipelines/")?;
    rest.split(['/', '?']).next()?.parse().ok().map(PipelineId)
}

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
            Operation::ReadPipeline,
            format!("reading pipeline {} of project {}", at.id, at.project),
            &at.project,
            &format!("/pipelines/{}", at.id),
        );
        self.http.get(&request, |response| self.http.read(response))
    }

    /// Returns the newest successful pipelines of a branch or tag, newest first. `limit` is at
    /// most 100.
    pub fn successful_pipelines(
        &self,
        project: &ProjectRef,
        ref_: &str,
        limit: usize,
    ) -> Result<Vec<Pipeline>, Error> {
        let description = format!(
            "listing the successful pipelines of ref `{}` in project {project}",
            sanitize(ref_)
        );
        let filters = [("ref", ref_), ("status", "success")];
        self.list_pipelines(description, project, &filters, limit)
    }

    /// Returns the newest pipelines of a project, newest first. `limit` is at most 100.
    pub fn pipelines(&self, project: &ProjectRef, limit: usize) -> Result<Vec<Pipeline>, Error> {
        let description = format!("listing the pipelines of project {project}");
        self.list_pipelines(description, project, &[], limit)
    }

    /// Returns the newest pipeline of a commit, or an empty list.
    pub fn commit_pipelines(
        &self,
        project: &ProjectRef,
        sha: &str,
    ) -> Result<Vec<Pipeline>, Error> {
        let description =
            format!("listing the pipelines of commit {} in project {project}", sanitize(sha));
        self.list_pipelines(description, project, &[("sha", sha)], 1)
    }

    /// Returns the pipelines of a merge request, in no particular order. With a job token, older ones
    /// may be missing.
    pub fn merge_request_pipelines(
        &self,
        project: &ProjectRef,
        iid: u64,
    ) -> Result<Vec<Pipeline>, Error> {
        let description =
            format!("listing the pipelines of merge request {iid} in project {project}");
        let path = format!("/merge_requests/{iid}/pipelines");
        let operation = Operation::ListMergeRequestPipelines;
        let mut request = self.api_request(operation, description.clone(), project, &path);
        // Those on the refs of the merge request come first there, so that the newest of all can be
        // on any page.
        let list = |request: &ApiRequest| read_all(&self.http, request, |it: &Pipeline| it.id);
        if !self.has_job_token() {
            return list(&request);
        }
        // That endpoint does not accept job tokens, and only public projects show it to everybody.
        // The pipelines of the refs that GitLab makes for a merge request are listed besides.
        request.anonymous = true;
        let refs =
            ["head", "merge", "train"].map(|name| format!("refs/merge-requests/{iid}/{name}"));
        let lists: Vec<Option<&str>> =
            refs.iter().map(|ref_| Some(ref_.as_str())).chain([None]).collect();
        let found = parallel(lists.len(), &lists, |ref_| match ref_ {
            Some(ref_) => self.list_pipelines(description.clone(), project, &[("ref", ref_)], 1),
            None => Ok(list(&request).unwrap_or_default()),
        })?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Returns the newest pipeline of a branch or tag, whatever its status.
    pub fn newest_pipeline(
        &self,
        project: &ProjectRef,
        ref_: &str,
    ) -> Result<Option<Pipeline>, Error> {
        let description =
            format!("listing the pipelines of ref `{}` in project {project}", sanitize(ref_));
        let pipelines = self.list_pipelines(description, project, &[("ref", ref_)], 1)?;
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
        let description = format!("listing the pipelines of project {project}");
        let mut request =
            self.api_request(Operation::ListPipelines, description, project, "/pipelines");
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
        let description = format!(
            "listing the merge requests of branch `{}` in project {project}",
            sanitize(branch)
        );
        let operation = Operation::ListMergeRequestPipelines;
        let request = self
            .api_request(operation, description, project, "/merge_requests")
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
        description: String,
        project: &ProjectRef,
        filters: &[(&str, &str)],
        limit: usize,
    ) -> Result<Vec<Pipeline>, Error> {
        let mut request =
            self.api_request(Operation::ListPipelines, description, project, "/pipelines");
        for (name, value) in filters {
            request = request.query(name, value);
        }
        let request = request.query("per_page", &limit.to_string()).query("page", "1");
        self.http.get(&request, |response| self.http.read(response))
    }
}
