//! Endpoints for branches and tags: the default branch, and the commit of a ref.

use serde::Deserialize;

use super::address::escaped;
use super::client::Client;
use super::error::Error;
use super::operation::Operation;
use crate::model::ProjectRef;
use crate::sanitize::sanitize;

#[derive(Deserialize)]
struct Project {
    /// Null for an empty repository.
    default_branch: Option<String>,
}

#[derive(Deserialize)]
struct Commit {
    id: String,
}

impl Client {
    /// Returns the default branch of a project. With a job token, GitLab shows only public
    /// projects.
    pub fn default_branch(&self, project: &ProjectRef) -> Result<Option<String>, Error> {
        let mut request = self.api_request(
            Operation::ReadProject,
            format!("asking for the default branch of project {project}"),
            project,
            "",
        );
        request.advice = Some("name the branch or tag with --ref, then nothing needs to be asked");
        let project: Project = self.http.get(&request, |response| response.json())?;
        Ok(project.default_branch)
    }

    /// Returns the SHA of the commit that a branch or tag points to.
    pub fn tip(&self, project: &ProjectRef, ref_: &str) -> Result<String, Error> {
        let path = format!("/repository/commits/{}", escaped(ref_));
        let description =
            format!("reading the commit of ref `{}` in project {project}", sanitize(ref_));
        let request = self.api_request(Operation::ReadCommit, description, project, &path);
        let commit: Commit = self.http.get(&request, |response| response.json())?;
        Ok(commit.id)
    }
}
