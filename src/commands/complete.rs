//! Shell completion: the script of `completions` calls the program again for each word.
//!
//! clap_complete knows the shells and the flags. The values that it cannot know come from the
//! checkout and from the last lookup in it; no request is sent.

use std::ffi::OsStr;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;

use super::known_names::KnownNames;
use crate::env::Env;
use crate::exit::Exit;
use crate::settings;

/// The variable by which a script of `completions` asks for completion; its value is the shell.
pub const VARIABLE: &str = "COMPLETE";

/// The types of reports that GitLab's API sends (`file_type` of a job's artifacts).
const REPORT_TYPES: [&str; 26] = [
    "accessibility",
    "annotations",
    "api_fuzzing",
    "browser_performance",
    "cluster_image_scanning",
    "cobertura",
    "codequality",
    "container_scanning",
    "coverage_fuzzing",
    "cyclonedx",
    "dast",
    "dependency_scanning",
    "dotenv",
    "jacoco",
    "junit",
    "license_scanning",
    "load_performance",
    "lsif",
    "metrics",
    "performance",
    "repository_xray",
    "requirements",
    "requirements_v2",
    "sast",
    "secret_detection",
    "terraform",
];

/// Answers a shell that asks for completion. None if no shell asks, and then the tree of commands is
/// not built.
pub fn complete(env: &mut Env, command: fn() -> Command) -> Option<Exit> {
    let shells = Shells::builtins();
    let shell = shells.completer(env.var(VARIABLE)?)?;
    if env.args.get(1).is_some_and(|arg| arg != "--") {
        return None;
    }
    let mut output = Vec::new();
    let written = match env.args.get(2..) {
        Some(words) if !words.is_empty() => {
            let mut command = with_values(command(), env, shell.name());
            command.build();
            shell.write_complete(&mut command, words.to_vec(), Some(&env.dir), &mut output)
        }
        _ => shell.write_registration(VARIABLE, "downriver", "downriver", "downriver", &mut output),
    };
    let written = written.and_then(|()| env.stdout.writer.write_all(&output));
    let written = written.and_then(|()| env.stdout.writer.flush());
    Some(if written.is_ok() { Exit::Done } else { Exit::Fault })
}

/// Builds the commands, and gives their flags and arguments their values.
fn with_values(command: Command, env: &Env, shell: &'static str) -> Command {
    let commands: Vec<String> =
        command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let KnownNames { jobs, bridges } = KnownNames::load(env);
    let refs: Vec<String> = settings::git_refs(&env.dir).into_iter().collect();
    let commits: Vec<String> = ["HEAD".to_owned()].into_iter().chain(refs.clone()).collect();
    let reports = REPORT_TYPES.map(str::to_owned).to_vec();
    command.mut_subcommands(|mut command| {
        command.build();
        command.mut_args(|arg| {
            let values = match (arg.get_long(), arg.get_id().as_str()) {
                (Some("ref"), _) => &refs,
                (Some("commit"), _) => &commits,
                (Some("bridge"), _) => &bridges,
                (Some("report"), _) => &reports,
                (Some("fetch"), _) | (None, "jobs" | "words") => &jobs,
                (None, "command") => &commands,
                _ => return arg,
            };
            one_of(arg, values.clone(), shell)
        })
    })
}

fn one_of(arg: Arg, values: Vec<String>, shell: &'static str) -> Arg {
    arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
        let typed = typed.to_string_lossy();
        let typed = typed.trim_start_matches(['\'', '"']);
        let values = values.iter().filter(|value| value.starts_with(typed));
        values.map(|value| CompletionCandidate::new(quoted(value, shell))).collect::<Vec<_>>()
    }))
}

/// Quotes a value that its shell would take for several words. zsh, fish and elvish quote what
/// they insert by themselves.
fn quoted(value: &str, shell: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./@%+,".contains(c);
    match shell {
        _ if value.chars().all(plain) => value.to_owned(),
        "bash" => format!("'{}'", value.replace('\'', r"'\''")),
        "powershell" => format!("'{}'", value.replace('\'', "''")),
        _ => value.to_owned(),
    }
}
