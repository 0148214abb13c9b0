//! Scripts for shell completion, and man pages. `complete` asks the scripts for words.

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
fn every_shell_gets_a_script_that_asks_the_program() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = printed(&format!("completions {shell}"));
        assert!(ran.stdout.contains("COMPLETE") && ran.stdout.contains(shell), "{}", ran.stdout);
        assert!(ran.stdout.is_ascii(), "{shell}: PowerShell takes it in the console's code page");
        let asked = Run::new(World::from_json(serde_json::json!({"projects": [{"id": 1}]})))
            .bare()
            .vars([("COMPLETE", shell)])
            .succeeds();
        assert_eq!(asked.stdout, ran.stdout, "{shell}");
    }
    run("completions tcsh").fails(2).says("[possible values: bash, elvish, fish, powershell, zsh]");
    run("completions").fails(2);
}

/// A job in CI may have a variable of this name for a purpose of its own.
#[test]
fn a_variable_of_that_name_that_is_no_shell_means_nothing() {
    for value in ["true", "1", "tcsh"] {
        run("completions bash").vars([("COMPLETE", value)]).succeeds().says("");
    }
    let ran = run("completions bash").vars([("COMPLETE", "zsh")]).succeeds();
    assert!(ran.stdout.contains("bash"), "{}", ran.stdout);
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
