//! The entry point of the process: runs downriver and returns its exit code.

use std::process::ExitCode;

use downriver::env::Env;

fn main() -> ExitCode {
    let (env, ready) = Env::from_process();
    let exit = match ready {
        Ok(()) => {
            let interrupt = env.interrupt.clone();
            let exit = downriver::run(env);
            // After a signal, the signal thread cleans up and ends the process with its exit code.
            while interrupt.stopping() {
                std::thread::park();
            }
            exit
        }
        Err(error) => downriver::run_without_signals(env, error),
    };
    ExitCode::from(exit.code())
}
