//! Suggestions for commands and flags that other tools have under another name. clap itself compares
//! letters only.

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Commands of other tools, and the command here that does the same.
const COMMANDS: [(&str, &[&str]); 9] = [
    ("fetch", &["download", "get", "dl", "pull", "artifact", "artifacts", "copy", "save"]),
    ("list", &["pipelines", "pipeline", "runs", "recent", "list-pipelines"]),
    ("ls", &["files", "dir", "ls-files", "list-files", "contents"]),
    ("cat", &["print", "read", "view"]),
    ("trigger", &["run", "start", "create"]),
    ("wait", &["watch", "status"]),
    ("explain", &["why", "dry-run", "plan"]),
    ("tree", &["graph", "bridges", "jobs"]),
    ("delete", &["rm", "remove", "erase"]),
];

/// Flags of other tools, and the flag here that does the same.
const FLAGS: [(&str, &[&str]); 9] = [
    ("--dir", &["-C", "-P", "--dest", "--destination", "--directory", "--out-dir", "--output-dir"]),
    ("--output", &["-O", "--file", "--out", "--output-file"]),
    ("--ref", &["-b", "--branch", "--tag", "--ref-name"]),
    ("--path", &["--include", "--files", "--glob", "--pattern"]),
    ("--on-conflict", &["--overwrite", "--force", "--clobber", "--no-clobber", "--skip-existing"]),
    ("--mr", &["--merge-request", "--merge-request-iid"]),
    ("--commit", &["--sha", "--rev", "--revision", "-c"]),
    ("--private-token", &["--token", "--access-token", "--pat"]),
    ("--api-url", &["--host", "--hostname", "--url", "--server", "--server-url", "--gitlab-url"]),
];

/// Replaces the suggestion of a parse error by the command or flag that was probably meant.
pub(super) fn improve(mut error: Error, cli: &Command, args: &[String]) -> Error {
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let typed = context(&error, ContextKind::InvalidSubcommand);
            if let Some(command) = typed.and_then(|typed| meant(&COMMANDS, &typed)) {
                let command = ContextValue::Strings(vec![command.to_owned()]);
                error.insert(ContextKind::SuggestedSubcommand, command);
            }
        }
        ErrorKind::UnknownArgument => {
            let typed = context(&error, ContextKind::InvalidArg);
            if let Some(flag) = typed.and_then(|typed| flag(&typed, cli, args)) {
                // The advice to pass it after `--` would only get in the way.
                error.remove(ContextKind::Suggested);
                error.insert(ContextKind::SuggestedArg, ContextValue::String(flag));
            }
        }
        _ => {}
    }
    error
}

fn context(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    }
}

fn meant(names: &[(&'static str, &[&str])], typed: &str) -> Option<&'static str> {
    names.iter().find(|(_, others)| others.contains(&typed)).map(|(name, _)| *name)
}

/// Returns the flag that was meant, if the command that was typed has it: the one of the other case,
/// or the one of another name.
fn flag(typed: &str, cli: &Command, args: &[String]) -> Option<String> {
    let command = args.iter().find_map(|arg| cli.find_subcommand(arg))?;
    let has_short = |letter| command.get_arguments().any(|arg| arg.get_short() == Some(letter));
    let has_long = |name: &str| command.get_arguments().any(|arg| arg.get_long() == Some(name));
    let mut letters = typed.strip_prefix('-')?.chars();
    if let (Some(letter), None) = (letters.next(), letters.next()) {
        let other = if letter.is_lowercase() {
            letter.to_ascii_uppercase()
        } else {
            letter.to_ascii_lowercase()
        };
        if has_short(other) {
            return Some(format!("-{other}"));
        }
    }
    let typed = typed.split('=').next()?;
    let flag = meant(&FLAGS, typed)?;
    has_long(flag.trim_start_matches('-')).then(|| flag.to_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::super::parse;

    /// Returns the tips of the error that these words end with.
    fn tips(line: &str) -> String {
        let words: Vec<OsString> =
            ["downriver"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
        let error = parse(&words).unwrap_err().render().to_string();
        let tips = error.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
        tips.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn commands_of_other_tools_lead_to_the_command_here() {
        for (typed, expect) in [
            ("download", "fetch"),
            ("get", "fetch"),
            ("dl", "fetch"),
            ("fetsh", "fetch"),
            ("rm", "delete"),
            ("run", "trigger"),
            ("pipelines", "list"),
            ("completion", "completions"),
        ] {
            let tip = format!("a similar subcommand exists: '{expect}'");
            assert_eq!(tips(&format!("{typed} x")), tip, "{typed}");
        }
        assert_eq!(tips("frobnicate x"), "");
    }

    #[test]
    fn flags_of_other_tools_lead_to_the_flag_that_the_command_has() {
        for (typed, expect) in [
            ("fetch x -d vendor", "-D"),
            ("fetch x -C vendor", "--dir"),
            ("fetch x -O a.zip", "-o"),
            ("fetch x --destination vendor", "--dir"),
            ("fetch x --branch=main", "--ref"),
            ("ls x --branch main", "--ref"),
            ("fetch x --overwrite", "--on-conflict"),
            ("fetch x --token t", "--private-token"),
            ("fetch x -r 1", "-R"),
            ("list --sttaus failed", "--status"),
        ] {
            assert_eq!(tips(typed), format!("a similar argument exists: '{expect}'"), "{typed}");
        }
        for typed in ["ls x --destination a", "completions bash -d"] {
            assert!(!tips(typed).contains("--dir"), "{typed}: {}", tips(typed));
        }
    }
}
