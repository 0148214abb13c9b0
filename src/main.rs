//! The entry point of the process: runs downriver and returns its exit code.

use std::process::ExitCode;

use downriver::env::Env;
use downriver::exit::Exit;

fn main() -> ExitCode {
    let exit = match Env::from_process() {
        Ok(env) => {
            let interrupt = env.interrupt.clone();
            let exit = downriver::run(env);
            // After a signal, the signal thread cleans up and ends the process with its exit code.
            while interrupt.stopping() {
                std::thread::park();
            }
            exit
        }
        // Without a current directory or signal handlers, no report has been set up yet.
        Err(_) => Exit::Fault,
    };
    ExitCode::from(exit.code())
}
