//! Endpoints for pipelines: single ones and the newest of a ref, commit or merge request.

use super::client::Client;
use super::error::Error;
use super::operation::Operation;
use super::pages::read_all;
use super::request::ApiRequest;
use crate::model::{Pipeline, PipelineAt, PipelineId, ProjectRef};
use crate::parallel::parallel;
use crate::sanitize::sanitize;

/// Returns the pipeline that an address of the API is about, if it is about a single one.
pub fn pipeline_in(address: &str) -> Option<PipelineId> {
    let (_, rest) = address.split_once("/pipelines/")?;
    rest.split(['/', '?']).next()?.parse().ok().map(PipelineId)
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
