//! The list of jobs on a real terminal: keys in, screen out.
#![cfg(unix)]

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use serde_json::json;
use tempfile::TempDir;

use crate::fake::Fake;
use crate::scenes::{downstream, job, job_with};

const ROWS: u16 = 12;

/// The program on a terminal of its own.
struct Session {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    dir: TempDir,
    pty: Box<dyn portable_pty::MasterPty + Send>,
    /// The mode of the terminal before the program was started.
    mode: String,
}

impl Session {
    fn start(fake: &Fake, line: &str, columns: u16) -> Session {
        let dir = tempfile::tempdir().unwrap();
        let size = PtySize { rows: ROWS, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_downriver"));
        command.env_clear();
        let here = fake.here();
        for (name, value) in [
            ("CI_API_V4_URL", fake.api_url()),
            ("CI_PROJECT_ID", here["project"].to_string()),
            ("CI_PIPELINE_ID", here["pipeline"].to_string()),
            ("GITLAB_TOKEN", fake.token("private").0),
            ("TERM", "xterm-256color".to_owned()),
            ("HOME", dir.path().display().to_string()),
        ] {
            command.env(name, value);
        }
        command.args(line.split(' '));
        command.cwd(dir.path());
        let mode = mode(&*pty.master);
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, columns, 0)));
        let (shown, mut output) = (Arc::clone(&screen), pty.master.try_clone_reader().unwrap());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().unwrap().process(&bytes[..count]);
            }
        });
        let keys = pty.master.take_writer().unwrap();
        Session { child, keys, screen, dir, pty: pty.master, mode }
    }

    fn contents(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen fulfils a condition.
    #[track_caller]
    fn shows(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        for _ in 0..1000 {
            let contents = self.contents();
            if condition(&contents) {
                return contents;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{what}:\n{}", self.contents());
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn exit_code(&mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn mode(pty: &dyn portable_pty::MasterPty) -> String {
    format!("{:?}", pty.get_termios().unwrap())
}

fn fake() -> Fake {
    let long = "a job whose name is longer than forty columns";
    let jobs = [job(201, "build"), job_with(202, "docs", json!({})), job(203, long)];
    Fake::start(downstream(&jobs))
}

#[test]
fn arrows_and_enter_take_a_job() {
    let fake = fake();
    let mut session = Session::start(&fake, "fetch", 80);
    session.shows("the first line", |screen| screen.contains("> [ ] build"));
    session.press("\x1b[B");
    session.shows("the second line", |screen| screen.contains("> [ ] docs"));
    session.press(" ");
    session.shows("a mark", |screen| screen.contains("> [x] docs") && screen.contains("1 marked"));
    session.press("\r");
    assert_eq!(session.exit_code(), 0, "{}", session.contents());
    assert_eq!(session.files(), ["from"]);
    // Nothing of the list is left between the lines of the run.
    session.shows("no list", |screen| !screen.contains("[x]") && screen.contains("docs (202)"));
}

#[test]
fn typing_filters() {
    let fake = fake();
    let mut session = Session::start(&fake, "cat from", 80);
    session.shows("the list", |screen| screen.contains("> build"));
    session.press("DO");
    session.shows("one line", |screen| screen.contains("> docs") && screen.contains("1 of 3"));
    session.press("\r");
    assert_eq!(session.exit_code(), 0);
    session.shows("the file", |screen| screen.contains("202"));
}

#[test]
fn escape_and_ctrl_c_end_with_130_and_leave_the_screen_clean() {
    for key in ["\x1b", "\x03"] {
        let fake = fake();
        let mut session = Session::start(&fake, "fetch", 40);
        session.shows("the list", |screen| screen.contains("> [ ] build"));
        session.press(key);
        assert_eq!(session.exit_code(), 130, "{key:?}");
        session.shows("the end", |screen| screen.contains("no job was chosen"));
        assert!(!session.contents().contains("[ ]"), "{}", session.contents());
        assert_eq!(session.files(), [""; 0]);
    }
}

#[test]
fn forty_columns_hold_name_and_status_on_one_line() {
    let fake = fake();
    let mut session = Session::start(&fake, "fetch", 40);
    let screen =
        session.shows("the list", |screen| screen.contains("Enter") || screen.contains('…'));
    let lines: Vec<&str> = screen.lines().filter(|line| line.contains("[ ]")).collect();
    assert_eq!(lines.len(), 3, "{screen}");
    assert!(lines.iter().all(|line| line.contains("success")), "{screen}");
    assert!(lines[2].contains("a job whose name is lo"), "{screen}");
    // A list that wrapped would leave lines behind when it is drawn again.
    session.press("\x1b[B\x1b[A\x1b[B");
    let screen = session.shows("the second line", |screen| screen.contains("> [ ] docs"));
    assert_eq!(screen.matches("which jobs?").count(), 1, "{screen}");
    session.press("\x1b");
    assert_eq!(session.exit_code(), 130);
}

#[test]
fn hostile_names_move_nothing_on_the_screen() {
    let hostile = "\u{1b}[H\u{1b}[2Jowned\u{202e}\r\n\u{9b}1A";
    let fake = Fake::start(downstream(&[job(201, hostile), job(202, "docs")]));
    let mut session = Session::start(&fake, "fetch", 80);
    let screen = session.shows("the list", |screen| screen.contains("docs"));
    assert!(screen.contains("> [ ] \\u{1b}[H\\u{1b}[2Jow"), "{screen}");
    assert!(screen.contains("which jobs?"), "{screen}");
    session.press("\x1b");
    assert_eq!(session.exit_code(), 130);
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 143)] {
        for line in ["fetch", "cat from"] {
            let fake = fake();
            let mut session = Session::start(&fake, line, 80);
            session.shows("the list", |screen| screen.contains("> ") && screen.contains("build"));
            // Raw mode begins right after the list is drawn.
            for _ in 0..1000 {
                if mode(&*session.pty) != session.mode {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            assert_ne!(mode(&*session.pty), session.mode);
            let id = session.child.process_id().unwrap().to_string();
            std::process::Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap();
            assert_eq!(session.exit_code(), code, "{signal} {line}");
            assert_eq!(mode(&*session.pty), session.mode, "{signal} {line}");
            session.shows("the end", |screen| {
                screen.lines().any(|line| line == "interrupted: nothing was left behind")
            });
        }
    }
}
