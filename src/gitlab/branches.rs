//! Branches and tags: which one is the default, where one stands, its newest pipeline.

use serde::Deserialize;

use super::address::escaped;
use super::{Client, Error, JobTokens, segment};
use crate::model::{Pipeline, ProjectRef};
use crate::sanitize::sanitize;

#[derive(Deserialize)]
struct Project {
    /// Null where nothing was pushed yet.
    default_branch: Option<String>,
}

#[derive(Deserialize)]
struct Commit {
    id: String,
}

impl Client {
    /// The default branch of a project. GitLab shows projects to job tokens only where they are
    /// public.
    pub fn default_branch(&self, project: &ProjectRef) -> Result<Option<String>, Error> {
        let mut request = self.api_request(
            format!("asking for the default branch of project {project}"),
            &format!("/projects/{}", segment(project)),
            JobTokens::Never,
        );
        request.advice = Some("name the branch or tag with --ref, then nothing needs to be asked");
        let project: Project = self.http.get(&request, |answer| answer.json())?;
        Ok(project.default_branch)
    }

    /// The commit that a branch or tag is at.
    pub fn tip(&self, project: &ProjectRef, ref_: &str) -> Result<String, Error> {
        let request = self.api_request(
            format!("asking where ref `{}` of project {project} is", sanitize(ref_)),
            &format!("/projects/{}/repository/commits/{}", segment(project), escaped(ref_)),
            JobTokens::Never,
        );
        let commit: Commit = self.http.get(&request, |answer| answer.json())?;
        Ok(commit.id)
    }

    /// The newest pipeline of a branch or tag, however it ended.
    pub fn newest_of(&self, project: &ProjectRef, ref_: &str) -> Result<Option<Pipeline>, Error> {
        let doing =
            format!("listing the pipelines of ref `{}` in project {project}", sanitize(ref_));
        Ok(self.newest(doing, project, &[("ref", ref_)], 1)?.into_iter().next())
    }
}
