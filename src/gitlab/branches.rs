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
    id: u64,
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

    /// Returns the id of a project that is given by its path, to change something in it: GitLab
    /// follows an old path of a renamed project only where something is read. A path that may not
    /// be read is returned as it is.
    ///
    /// # Errors
    /// If GitLab cannot be reached.
    pub fn follow_rename(&self, project: &ProjectRef) -> Result<ProjectRef, Error> {
        let ProjectRef::Path(path) = project else { return Ok(project.clone()) };
        if self.check_can_write(Operation::ReadProject, String::new()).is_err() {
            // No other token may read a project.
            return Ok(project.clone());
        }
        let description = format!("asking for the id of project {}", sanitize(path));
        let request = self.api_request(Operation::ReadProject, description, project, "");
        let found: Result<Project, Error> = self.http.get(&request, |response| response.json());
        match found {
            Ok(project) => Ok(ProjectRef::Id(project.id)),
            Err(error) if matches!(error.status(), Some(401 | 403 | 404)) => Ok(project.clone()),
            Err(error) => Err(error),
        }
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
