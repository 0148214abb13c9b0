//! The facts about a client that exit codes and hints of failed requests depend on, besides the
//! request and the response.

use super::address::Address;
use super::operation::JobTokens;
use super::request::ApiRequest;
use crate::model::ProjectRef;
use crate::token::{Kind, Token};

/// The setting that named the address of the API, as far as hints depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NamedBy {
    /// A flag, a variable or the default, all of which `--api-url` replaces.
    #[default]
    Setting,
    /// `--host` and `--url-path` of `trigger`, beside which there is no `--api-url`.
    Host,
    /// A web address among the arguments, beside which `--api-url` must name the same server.
    Url,
}

/// The settings behind a client that hints depend on.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub named_by: NamedBy,
    /// The names of the project that the running job belongs to. Its job token needs no allowlist
    /// there.
    pub own_projects: Vec<ProjectRef>,
    /// The way to have a token sent that was withheld from this server.
    pub withheld: Option<String>,
    /// The command line is that of pipeline-trigger, which has no flags for the network.
    pub legacy_cli: bool,
}

/// The facts at the time of a failed request.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The root of the API.
    pub(super) root: Address,
    /// The kind of the token that the request was made with.
    pub(super) token: Option<Kind>,
    /// The token is the name of a variable, such as `$API_TOKEN`.
    pub(super) unexpanded: bool,
    pub(super) named_by: NamedBy,
    pub(super) withheld: Option<String>,
    /// The command line has no flags for the network.
    pub(super) legacy_cli: bool,
    pub(super) access: Access,
    /// Pipelines or jobs of some project could be listed in this run, so the address is that of
    /// the API, and it accepts the token.
    pub(super) has_answered: bool,
    /// GitLab itself named the project in an earlier answer.
    pub(super) is_named_by_gitlab: bool,
}

/// The access to the project of a request, as far as earlier responses and settings prove it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Pipelines or jobs of the project could be listed.
    Readable,
    /// The project of the running job.
    Own,
    Unknown,
}

impl Facts {
    pub(super) fn new(
        root: &Address,
        token: Option<&Token>,
        origin: &Origin,
        request: &ApiRequest,
        readable: bool,
        has_answered: bool,
    ) -> Facts {
        let kind = match request.operation.job_tokens() {
            JobTokens::InBody(kind) => Some(kind),
            JobTokens::Always | JobTokens::Newer | JobTokens::Never => token.map(Token::kind),
        };
        let own = kind == Some(Kind::Job)
            && request
                .project
                .as_ref()
                .is_some_and(|project| origin.own_projects.contains(project));
        Facts {
            root: root.clone(),
            token: kind,
            unexpanded: token.is_some_and(Token::is_variable_name),
            named_by: origin.named_by,
            withheld: origin.withheld.clone(),
            legacy_cli: origin.legacy_cli,
            access: match (readable, own) {
                (true, _) => Access::Readable,
                (false, true) => Access::Own,
                (false, false) => Access::Unknown,
            },
            has_answered,
            is_named_by_gitlab: false,
        }
    }

    /// Returns true if an address is that of another API: of another server, by another scheme, or
    /// below another path.
    pub(super) fn is_other_api(&self, at: &Address) -> bool {
        at.api_root().is_some_and(|root| root.to_string() != self.root_text())
    }

    /// Returns the root of the API without a slash at its end.
    pub(super) fn root_text(&self) -> String {
        self.root.to_string().trim_end_matches('/').to_owned()
    }

    /// Returns true if an address that a download was redirected to is of object storage: of
    /// another server, and not of an API.
    pub(super) fn is_storage(&self, request: &ApiRequest, at: &Address) -> bool {
        request.is_download && !at.same_origin(&self.root) && at.api_root().is_none()
    }
}
