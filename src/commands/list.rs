//! `list`: the newest pipelines of a project, by which one finds an id without a browser.

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use super::app::App;
use crate::args::{ConnectArgs, LookupArgs, OutputArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::gitlab::PipelineFilters;
use crate::model::{Pipeline, ProjectRef, Status};
use crate::sanitize::sanitize;
use crate::settings::{self, SplitWords, Usage, WebUrl, WebUrlTarget};
use crate::ui::pipelines;

/// List the newest pipelines of a project: id, status, ref, commit, source, age, address
#[derive(Debug, Args)]
pub struct List {
    /// The address of a project, pasted from the browser, or of a branch of it
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// The project, by its id, path or web address [CI_PROJECT_ID, or in a git checkout that of its remote]
    #[arg(
        short = 'R',
        long,
        visible_alias = "repo",
        value_name = "ID|PATH|URL",
        help_heading = "Which pipelines"
    )]
    project: Option<String>,
    /// Only pipelines of this branch or tag
    #[arg(long = "ref", value_name = "REF", help_heading = "Which pipelines")]
    ref_: Option<String>,
    /// Only pipelines of this status, such as `failed`
    #[arg(long, value_name = "STATUS", value_parser = PossibleValuesParser::new(Status::words()), hide_possible_values = true, help_heading = "Which pipelines")]
    status: Option<String>,
    /// List so many at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Which pipelines")]
    limit: u32,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    pub output_args: OutputArgs,
}

impl List {
    pub fn run(self, mut app: App) -> Result<Exit, Error> {
        let lookup = LookupArgs { project: self.project.clone(), ..LookupArgs::default() };
        let SplitWords { web_url, words, .. } =
            settings::split_web_url(self.url.as_slice(), &lookup, &self.connect, &app.env)?;
        if let Some(word) = words.first() {
            return Err(Usage::new(format!("`{}` is no URL of a project", sanitize(word)))
                .hint("a project by its id or path is --project, a branch --ref")
                .into());
        }
        let ref_of_url = ref_of(web_url.as_ref())?;
        if ref_of_url.is_some() && self.ref_.is_some() {
            return Err(Usage::new("the URL names a branch, and so does --ref")
                .hint("leave one of them out")
                .into());
        }
        let project = settings::project(&lookup, &self.connect, web_url.as_ref(), &app.env)?;
        let (client, _) = app.connect(&self.connect, &lookup, web_url.as_ref())?;
        let filters = PipelineFilters {
            ref_: self.ref_.as_deref().or(ref_of_url),
            status: self.status.as_deref(),
            ..PipelineFilters::default()
        };
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let listed = client.newest_pipelines(&project, &filters, limit)?;
        if listed.is_empty() {
            app.ui.note(&format!("no pipelines{} in project {project}", described(&filters)));
        }
        for line in pipelines::lines(&listed, app.ui.color_stdout(), app.env.clock.now()) {
            app.ui.line(line)?;
        }
        if app.ui.wants_json() {
            let listed: Vec<Value> = listed.iter().map(|it| value(it, &project)).collect();
            app.ui.document(&json!({ "pipelines": listed }))?;
        }
        Ok(Exit::Done)
    }
}

/// Returns the branch that a web address names.
fn ref_of(web_url: Option<&WebUrl>) -> Result<Option<&str>, Usage> {
    match web_url.map(|url| &url.target) {
        None | Some(WebUrlTarget::Project) => Ok(None),
        Some(WebUrlTarget::Ref(ref_)) => Ok(Some(ref_)),
        Some(_) => Err(Usage::new("the URL names more than a project and a branch")
            .hint("paste the address of a project, or of a branch of it")),
    }
}

fn described(filters: &PipelineFilters<'_>) -> String {
    let ref_ = filters.ref_.map(|ref_| format!(" of ref `{}`", sanitize(ref_)));
    let status = filters.status.map(|status| format!(" with status {status}"));
    format!("{}{}", ref_.unwrap_or_default(), status.unwrap_or_default())
}

fn value(pipeline: &Pipeline, project: &ProjectRef) -> Value {
    json!({
        "id": pipeline.id,
        "project_id": pipeline.project_id.or(project.id()),
        "status": pipeline.status,
        "ref": pipeline.ref_,
        "sha": pipeline.sha,
        "source": pipeline.source,
        "created_at": pipeline.created_at,
        "web_url": pipeline.web_url,
    })
}
