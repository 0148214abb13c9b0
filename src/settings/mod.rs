//! Settings: from flags and environment variables to the values of a run, each with its source.
//!
//! On a developer's machine there are two fallbacks for values that neither flags nor variables
//! give: the git remote of the current folder, and the credentials that other tools store.

mod api;
mod cache;
mod checkout;
mod commit;
mod credentials;
mod dot_segment;
mod effective;
mod git_refs;
mod git_remote;
mod inputs;
mod latest;
mod network;
mod own_job;
mod scope;
mod secret_file;
mod sourced;
#[cfg(test)]
mod tests;
mod token;
mod token_rule;
mod url_word;
mod variables;
mod web_url;

pub use crate::usage::Usage;
pub use api::api;
pub use cache::{CacheSettings, cache};
pub use effective::{connection_settings, lookup_settings};
pub use git_refs::{checkout_root, git_refs};
pub use network::network;
pub use own_job::own_job;
pub use scope::{ResolvedScope, project, scope};
pub use sourced::{Setting, Source, Sourced};
pub use token::{ChosenToken, own_projects, pipeline_token, token};
pub use url_word::{SplitWords, split_web_url};
pub use variables::{check_variables, home_dir, in_ci, user_cache_dir};
pub use web_url::{WebUrl, WebUrlTarget};
