//! Shell completions and man pages of the command line.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::fake::World;
use crate::harness::Run;
use crate::ran::Ran;

const COMMANDS: [&str; 11] = [
    "fetch",
    "ls",
    "cat",
    "explain",
    "wait",
    "tree",
    "trigger",
    "keep",
    "delete",
    "completions",
    "man",
];

fn run(line: &str) -> Run<'static> {
    let world = World::from_json(serde_json::json!({"projects": [{"id": 1}]}));
    Run::new(world).bare().args(line)
}

/// Nothing is asked of anybody for it.
fn printed(line: &str) -> Ran {
    let ran = run(line).succeeds();
    ran.asks(&[]);
    assert_eq!(ran.stderr, "");
    ran
}

#[test]
fn every_shell_gets_to_know_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = printed(&format!("completions {shell}"));
        for command in COMMANDS.iter().chain(&["--on-conflict", "keep-inside"]) {
            let flag = command.trim_start_matches('-');
            assert!(ran.stdout.contains(flag), "{shell}: {command}");
        }
        assert!(ran.stdout.is_ascii(), "{shell}: PowerShell takes it in the console's code page");
    }
    run("completions tcsh").fails(2).says("[possible values: bash, elvish, fish, powershell, zsh]");
    run("completions").fails(2);
}

#[test]
fn the_shells_at_hand_can_read_it() {
    for shell in ["bash", "zsh", "fish"] {
        let started = Command::new(shell).arg("-n").stdin(Stdio::piped()).spawn();
        let Ok(mut started) = started else {
            println!("skipped: there is no {shell}");
            continue;
        };
        let script = printed(&format!("completions {shell}")).stdout;
        started.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(started.wait().unwrap().success(), "{shell}");
    }
}

/// With `*::`, zsh gives the rest of the line to that argument, flags and all.
#[test]
fn zsh_completes_flags_after_the_name_of_a_job() {
    let script = printed("completions zsh").stdout;
    assert!(script.contains("\n'*:jobs -- ") && !script.contains("\n'*::"), "{script}");
}

#[test]
fn the_program_and_each_command_has_its_page() {
    let main = printed("man").stdout;
    assert!(main.starts_with(".ie \\n(.g") && main.contains("\n.TH downriver 1 "), "{main}");
    for command in COMMANDS {
        assert!(main.contains(&format!("downriver\\-{command}(1)")), "{command}");
        let page = printed(&format!("man {command}")).stdout;
        let version = env!("CARGO_PKG_VERSION");
        let head = format!(
            "\n.TH downriver-{command} 1 \"\" \"downriver {version}\" \"downriver manual\"\n"
        );
        // What is not ASCII is something else to a plain troff.
        assert!(page.contains(&head) && page.is_ascii(), "{page}");
    }
    assert!(printed("man fetch").stdout.contains("\\fB\\-\\-on\\-conflict\\fR"));
    run("man fetsch").fails(2).says("no command `fetsch`").says("hint: the commands are fetch, ls");
    run("man help").fails(2);
}
