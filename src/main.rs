//! The process: the real outside goes in, an exit code comes out.

use std::process::ExitCode;

use downriver::env::Env;
use downriver::exit::Exit;

fn main() -> ExitCode {
    let exit = match Env::real() {
        Ok(env) => {
            let interrupt = env.interrupt.clone();
            let exit = downriver::run(env);
            // Then the thread of signals cleans up and says how the run has ended.
            while interrupt.stopping() {
                std::thread::park();
            }
            exit
        }
        // Without a current directory or a way to hear signals there is nothing to report to.
        Err(_) => Exit::Fault,
    };
    ExitCode::from(exit.code())
}
