//! The advice where a ref has no pipeline: the flags that lead to one of another ref.

use crate::shell::quoted;

/// Returns the flags for the newest pipeline of the default branch, or of another ref that has some.
pub(super) fn hint(
    ref_: &str,
    pushed: Option<bool>,
    default_branch: Option<&str>,
    seen: &[String],
) -> String {
    let push = if pushed == Some(false) { "push the branch, or " } else { "" };
    let other = default_branch
        .filter(|branch| seen.iter().any(|name| name == branch))
        .or_else(|| seen.first().map(String::as_str))
        .filter(|name| *name != ref_);
    match other {
        Some(name) if default_branch == Some(name) => format!(
            "{push}take the newest of the default branch with `--pipeline latest --ref {}`",
            quoted(name)
        ),
        Some(name) => format!(
            "{push}take the newest of another ref, as with `--pipeline latest --ref {}`",
            quoted(name)
        ),
        None if pushed == Some(false) => "push the branch".to_owned(),
        None => "`downriver list` shows the pipelines of the project".to_owned(),
    }
}
