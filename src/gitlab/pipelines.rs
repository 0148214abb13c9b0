//! Endpoints for pipelines: single ones and the newest of a ref, commit or merge request.

use super::client::Client;
use super::error::Error;
use super::operation::Operation;
use crate::model::{Pipeline, PipelineAt, ProjectRef};
use crate::sanitize::sanitize;

impl Client {
    /// Returns a pipeline.
    pub fn pipeline(&self, at: &PipelineAt) -> Result<Pipeline, Error> {
        let request = self.api_request(
            Operation::ReadPipeline,
            format!("reading pipeline {} of project {}", at.id, at.project),
            &at.project,
            &format!("/pipelines/{}", at.id),
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

    /// Returns the newest pipelines of a merge request, in no particular order.
    pub fn merge_request_pipelines(
        &self,
        project: &ProjectRef,
        iid: u64,
    ) -> Result<Vec<Pipeline>, Error> {
        let description =
            format!("listing the pipelines of merge request {iid} in project {project}");
        if self.has_job_token() {
            // The endpoint of merge requests does not accept job tokens. Merge request pipelines
            // are listed by their refs instead.
            let mut newest = Vec::new();
            for name in ["head", "merge"] {
                let ref_ = format!("refs/merge-requests/{iid}/{name}");
                let filters = [("ref", &*ref_)];
                newest.extend(self.list_pipelines(description.clone(), project, &filters, 1)?);
            }
            return Ok(newest);
        }
        let path = format!("/merge_requests/{iid}/pipelines");
        let request = self
            .api_request(Operation::ListMergeRequestPipelines, description, project, &path)
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
        self.http.get(&request, |response| response.json())
    }
}
