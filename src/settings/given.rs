//! The project and the pipeline that are given, each by whoever speaks first.

use super::checkout::Checkout;
use super::{Source, Sourced, Usage, api, in_ci, variable};
use crate::args::{Connect, Lookup};
use crate::env::Env;
use crate::gitlab;
use crate::model::{PipelineId, ProjectRef};
use crate::sanitize::sanitize;

/// Whether one of the parts of a path is `.` or `..`: servers and proxies fold those, and the token
/// would be sent to another place of the API than is meant.
pub(super) fn has_dots(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "." | ".."))
}

/// Everything that can name a project or a pipeline.
pub(super) struct Given<'a> {
    pub lookup: &'a Lookup,
    pub connect: &'a Connect,
    pub env: &'a Env,
}

impl Given<'_> {
    /// The project of `--project`, of the first of these variables, or of the git remote.
    pub fn project(&self, names: &[&'static str]) -> Result<Sourced<ProjectRef>, Usage> {
        if let Some(project) = self.flag_or(names)? {
            return Ok(project);
        }
        self.of_remote()?.ok_or_else(|| {
            Usage::new("no project is given").hint(
                "name it with --project ID or --project GROUP/NAME; in a CI job CI_PROJECT_ID names it",
            )
        })
    }

    /// The project of `--project`, or of the first of these variables.
    pub fn flag_or(&self, names: &[&'static str]) -> Result<Option<Sourced<ProjectRef>>, Usage> {
        let given = match &self.lookup.project {
            Some(project) => Some((project.clone(), Source::Flag("--project"))),
            None => variable(self.env, names).map(|project| (project.value, project.source)),
        };
        let Some((project, source)) = given else { return Ok(None) };
        // An empty one is most often a variable that is not set: no other project is meant by it.
        if project.trim_matches('/').is_empty() {
            return Err(Usage::new(format!("{source} is empty"))
                .hint("name the project by its id, or its path like group/project"));
        }
        if has_dots(&project) {
            let project = sanitize(&project);
            return Err(Usage::new(format!(
                "{source} is `{project}`, which is no path of a project"
            ))
            .hint("name the project by its id, or its path like group/project"));
        }
        Ok(Some(Sourced { value: ProjectRef::parse(&project), source }))
    }

    /// The pipeline of `--pipeline`, or of the first of these variables.
    pub fn pipeline(&self, names: &[&'static str]) -> Result<Option<Sourced<PipelineId>>, Usage> {
        if let Some(id) = self.lookup.pipeline {
            let source = Source::Flag("--pipeline");
            return Ok(Some(Sourced { value: PipelineId(id), source }));
        }
        let number = self.number(names)?;
        Ok(number.map(|Sourced { value, source }| Sourced { value: PipelineId(value), source }))
    }

    /// The number in the first of these variables that is set.
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

    /// The git checkout one stands in; a CI job stands in one by chance.
    pub fn checkout(&self) -> Option<Checkout> {
        if in_ci(self.env) { None } else { Checkout::around(&self.env.dir) }
    }

    fn of_remote(&self) -> Result<Option<Sourced<ProjectRef>>, Usage> {
        let Some(remote) = self.checkout().and_then(|checkout| checkout.remote) else {
            return Ok(None);
        };
        let api: Sourced<gitlab::Address> = api(self.connect, self.lookup, None, self.env)?;
        if api.value.host() != remote.api.host() {
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
