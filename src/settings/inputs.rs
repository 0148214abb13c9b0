//! The project and the pipeline of a run, from the flags, the variables and the git checkout.

use super::api::api;
use super::checkout::Checkout;
use super::credentials;
use super::dot_segment::has_dot_segment;
use super::sourced::{Source, Sourced};
use super::variables::{in_ci, variable};
use super::web_url::WebUrl;
use crate::args::{ConnectArgs, LookupArgs, PipelineArg};
use crate::env::Env;
use crate::gitlab;
use crate::model::{PipelineId, ProjectRef};
use crate::sanitize::sanitize;
use crate::usage::Usage;

/// The inputs that can name a project or a pipeline.
pub(super) struct Inputs<'a> {
    pub lookup: &'a LookupArgs,
    pub connect: &'a ConnectArgs,
    /// The address of a project, from the arguments or from `--project`.
    pub web_url: Option<&'a WebUrl>,
    pub env: &'a Env,
}

impl Inputs<'_> {
    /// Returns the project of `--project`, of the first of these variables that is set, or of the
    /// git remote.
    ///
    /// # Errors
    /// None of them names a project, or the name is not usable.
    pub fn project(&self, names: &[&'static str]) -> Result<Sourced<ProjectRef>, Usage> {
        if let Some(project) = self.explicit_project(names)? {
            return Ok(project);
        }
        self.git_remote_project()?.ok_or_else(|| {
            Usage::new("no project is given").hint(
                "name it with --project ID or --project GROUP/NAME; in a CI job CI_PROJECT_ID names it",
            )
        })
    }

    /// Returns the project of `--project`, or of the first of these variables that is set.
    pub fn explicit_project(
        &self,
        names: &[&'static str],
    ) -> Result<Option<Sourced<ProjectRef>>, Usage> {
        if let Some(WebUrl { project, source, .. }) = self.web_url {
            return Ok(Some(Sourced { value: project.clone(), source: source.clone() }));
        }
        let explicit = match &self.lookup.project {
            Some(project) => Some((project.clone(), Source::Flag("--project"))),
            None => variable(self.env, names).map(|project| (project.value, project.source)),
        };
        let Some((project, source)) = explicit else { return Ok(None) };
        // An empty value usually comes from an unset shell variable. Falling back to another
        // project would be a surprise.
        if project.trim_matches('/').is_empty() {
            return Err(Usage::new(format!("{source} is empty"))
                .hint("name the project by its id, or its path like group/project"));
        }
        if has_dot_segment(&project) {
            let project = sanitize(&project);
            return Err(Usage::new(format!(
                "{source} is `{project}`, which is no path of a project"
            ))
            .hint("name the project by its id, or its path like group/project"));
        }
        Ok(Some(Sourced { value: ProjectRef::parse(&project), source }))
    }

    /// Returns the pipeline of `--pipeline`, or of the first of these variables that is set.
    pub fn pipeline(&self, names: &[&'static str]) -> Result<Option<Sourced<PipelineId>>, Usage> {
        if let Some(PipelineArg::Id(id)) = self.lookup.pipeline {
            let source = Source::Flag("--pipeline");
            return Ok(Some(Sourced { value: PipelineId(id), source }));
        }
        let number = self.number(names)?;
        Ok(number.map(|Sourced { value, source }| Sourced { value: PipelineId(value), source }))
    }

    /// Returns the number in the first of these variables that is set.
    pub fn number(&self, names: &[&'static str]) -> Result<Option<Sourced<u64>>, Usage> {
        let Some(Sourced { value, source }) = variable(self.env, names) else { return Ok(None) };
        match value.parse() {
            Ok(value) => Ok(Some(Sourced { value, source })),
            Err(_) => Err(Usage::new(format!(
                "{source} is `{}`, which is no number of a pipeline or a job",
                sanitize(&value)
            ))),
        }
    }

    /// Finds the git checkout of the current folder. Returns None in a CI job, whose checkout need
    /// not be the project in question.
    pub fn checkout(&self) -> Option<Checkout> {
        if in_ci(self.env) { None } else { Checkout::discover(&self.env.dir) }
    }

    fn git_remote_project(&self) -> Result<Option<Sourced<ProjectRef>>, Usage> {
        let Some(remote) = self.checkout().and_then(|checkout| checkout.remote) else {
            return Ok(None);
        };
        let api: Sourced<gitlab::Address> = api(self.connect, self.lookup, None, self.env)?;
        // Git and the API can be on different hosts.
        let mapped = credentials::find_api(&remote.api, self.env);
        let hosts = mapped.iter().map(|api| &api.value).chain([&remote.api]);
        if !hosts.into_iter().any(|known| known.host() == api.value.host()) {
            let message = format!(
                "no project is given: git remote {} is of {}, but {} names {}",
                sanitize(&remote.name),
                sanitize(remote.api.host()),
                api.source,
                sanitize(api.value.host())
            );
            return Err(
                Usage::new(message).hint("name it with --project ID or --project GROUP/NAME")
            );
        }
        let value = ProjectRef::Path(remote.project(&api.value).to_owned());
        Ok(Some(Sourced { value, source: Source::GitRemote(remote.name) }))
    }
}
