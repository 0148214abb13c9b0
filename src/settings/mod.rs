//! Settings: from flags and environment variables to the values of a run, each with its source.
//!
//! On a developer's machine there are two fallbacks for values that neither flags nor variables
//! give: the git remote of the current folder, and the credentials that other tools store.

mod api;
mod cache;
mod checkout;
mod credentials;
mod effective;
mod git_remote;
mod inputs;
mod network;
mod own_job;
mod scope;
mod secret_file;
mod sourced;
#[cfg(test)]
mod tests;
mod token;
mod token_rule;
mod variables;
mod web_url;

pub use crate::usage::Usage;
pub use api::api;
pub use cache::{CacheSettings, cache};
pub use effective::{connection_settings, lookup_settings};
pub use network::network;
pub use own_job::own_job;
pub use scope::{ResolvedScope, project, scope};
pub use sourced::{Setting, Source, Sourced};
pub use token::{ChosenToken, own_projects, pipeline_token, token};
pub use variables::check_variables;
pub use web_url::{WebUrl, split_web_url};
