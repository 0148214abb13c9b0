//! downriver fetches the artifacts of a pipeline that another pipeline triggered.
//!
//! The library is the whole program except `main`, so that tests and the demo run it in process; it
//! is not a public API. The modules stand in reading order: plain types, decisions, the lookup and
//! the transfer, the edges, the shell. ARCHITECTURE.md describes them.

pub mod descriptors;
pub mod error;
pub mod exit;
pub mod model;
pub mod plan;
pub mod sanitize;
pub mod shell;
pub mod temp_name;
pub mod token;

pub mod refusal;
pub mod select;

pub mod lookup;
pub mod step;
pub mod transfer;
pub mod trigger;

pub mod archive;
pub mod clock;
pub mod disk;
pub mod extract;
pub mod gitlab;
pub mod interrupt;
pub mod parallel;
pub mod ranged;

pub mod args;
pub mod commands;
pub mod env;
pub mod report;
pub mod settings;
pub mod ui;
pub mod usage;

use std::sync::Arc;

use clap::CommandFactory;
use commands::{App, Cli, NameRecorder};
use env::Env;
use exit::Exit;
use interrupt::Leftover;
use report::Report;
use ui::Ui;

/// Runs the program, from its arguments to its exit code.
pub fn run(mut env: Env) -> Exit {
    if let Some(exit) = commands::complete(&mut env, Cli::command) {
        return exit;
    }
    let command = match commands::parse(&env.args) {
        Ok(command) => command,
        Err(error) => return answer(&mut env, &error),
    };
    let plain = env.var("NO_COLOR").is_some() || env.var("TERM") == Some("dumb");
    let (stdout, stderr) = (env.stdout.take(), env.stderr.take());
    let in_a_job = env.var("GITLAB_CI").is_some();
    let ui = Ui::new(stdout, stderr, command.output_args(), plain, env.clock.clone());
    let ui = Arc::new(ui.with_sections(in_a_job));
    let waited = command.waits();
    let interrupt = env.interrupt.clone();
    let recorder = Arc::new(NameRecorder::new(ui.clone(), &env));
    let result = commands::run(command, App { env, ui: ui.clone(), watch: recorder.clone() });
    recorder.save();
    ui.finish();
    for Leftover { path, reason } in interrupt.take_leftovers() {
        let path = sanitize::sanitize(&path.to_string_lossy()).to_string();
        ui.warn(&format!("cannot remove the temporary folder `{path}`: {reason}"));
    }
    match result {
        Ok(exit) => exit,
        Err(error) => {
            let report = Report::new(&error, waited);
            if report.exit != Exit::Done {
                ui.report(&report, serde_json::Value::Null);
            }
            report.exit
        }
    }
}

/// Answers questions about the program itself, where it cannot run: without descriptors or threads
/// for its signal handlers, nothing would be cleaned up.
pub fn run_without_signals(mut env: Env, reason: std::io::Error) -> Exit {
    if let Err(error) = commands::parse(&env.args) {
        return answer(&mut env, &error);
    }
    let message = format!(
        "error: cannot handle signals: {reason}\nhint: more open files or threads must be allowed (ulimit -n, ulimit -u)\n"
    );
    let stderr = &mut env.stderr.writer;
    // Without standard error there is nowhere to print it.
    let _ = stderr.write_all(message.as_bytes()).and_then(|()| stderr.flush());
    Exit::Disk
}

/// Help and version go to standard output, what cannot be parsed to standard error.
fn answer(env: &mut Env, error: &clap::Error) -> Exit {
    let (stream, exit) = if error.use_stderr() {
        (&mut env.stderr, Exit::Usage)
    } else {
        (&mut env.stdout, Exit::Done)
    };
    let text = error.render();
    let plain = !stream.terminal || env.vars.contains_key("NO_COLOR");
    let text = if plain { text.to_string() } else { text.ansi().to_string() };
    // The reader may have closed the stream.
    let _ = stream.writer.write_all(text.as_bytes()).and_then(|()| stream.writer.flush());
    exit
}
