//! The commit that `--commit` names: a SHA, or anything that git resolves in the checkout.

use std::io;
use std::process::{Command, Stdio};

use super::checkout::Checkout;
use super::web_url::is_sha;
use crate::env::Env;
use crate::sanitize::sanitize;
use crate::usage::Usage;

/// Returns the SHA of a commit; one that only GitLab can complete stays shortened.
///
/// # Errors
/// A name that is no SHA, where there is no checkout, or git is missing or does not know it.
pub(super) fn commit(rev: &str, env: &Env) -> Result<String, Usage> {
    if matches!(rev.len(), 40 | 64) && is_sha(rev) {
        return Ok(rev.to_ascii_lowercase());
    }
    let unknown = |why: &str| {
        Usage::new(format!("--commit is `{}`, {why}", sanitize(rev)))
            .hint("give the SHA of the commit, in full or its first digits")
    };
    let resolved = match Checkout::discover(&env.dir) {
        // A tag is peeled in a second step: `:/text` would take the suffix as a part of the text.
        Some(_) => rev_parse(rev, env).and_then(|found| match found {
            Some(sha) => rev_parse(&format!("{sha}^{{commit}}"), env),
            None => Ok(None),
        }),
        None if is_sha(rev) => Ok(None),
        None => return Err(unknown("which is no SHA, and there is no git checkout here")),
    };
    match resolved {
        Ok(Some(sha)) => Ok(sha),
        Ok(None) | Err(_) if is_sha(rev) => Ok(rev.to_ascii_lowercase()),
        Ok(None) => Err(unknown("which git does not know in this checkout")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(unknown("which only git could resolve, and git is not installed"))
        }
        Err(error) => Err(unknown(&format!("and git cannot be run: {error}"))),
    }
}

/// Asks git for the full SHA of a revision. None if git does not know it.
///
/// The command runs no hooks and no filters. The variables keep a partial clone from fetching
/// missing objects, which could run commands that the configuration of an untrusted checkout names.
fn rev_parse(rev: &str, env: &Env) -> io::Result<Option<String>> {
    let output = Command::new("git")
        .args(["rev-parse", "--verify", "--quiet", "--end-of-options", rev])
        .current_dir(&env.dir)
        .env_clear()
        .envs(&env.vars)
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    let sha = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok((output.status.success() && is_sha(&sha)).then_some(sha))
}
