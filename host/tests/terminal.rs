//! The live view and its questions on a real terminal.

mod support;

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::Project;

/// Everything must happen within this time, however slow the machine is.
const DEADLINE: Duration = Duration::from_secs(60);

/// A program on a terminal of its own.
struct Session {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Session {
    fn start(project: &Project, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("terminals can be made");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("terminals can be made");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(name.to_bytes()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(OFlags::NOCTTY.bits().cast_signed());
        let slave = || options.open(&path).map(OwnedFd::from).expect("the terminal can be opened");
        let mut command = project.command(arguments);
        command.env("TERM", "xterm").env("NO_COLOR", "1").stdin(slave()).stdout(slave()).stderr(slave());
        let child = command.spawn().expect("the binary starts");
        let keyboard = File::from(master);
        let mut reader = keyboard.try_clone().expect("file descriptors can be copied");
        let (send, screen) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keyboard, screen, seen: String::new() }
    }

    fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + DEADLINE;
        while !self.seen.contains(text) {
            let left = until.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("'{text}' did not appear: {}", self.seen),
            }
        }
    }

    fn type_line(&mut self, text: &str) {
        self.keyboard.write_all(format!("{text}\n").as_bytes()).expect("the terminal takes it");
    }

    /// Waits for the end: the exit code and all that was shown.
    fn end(mut self) -> (i32, String) {
        let until = Instant::now() + DEADLINE;
        // The terminal hangs up when the last program on it ends.
        while let Ok(bytes) = self.screen.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        let ended = self.child.try_wait().expect("it can be waited for");
        let ended = ended.or_else(|| (Instant::now() < until).then(|| self.child.wait().expect("it ends")));
        let code = ended.and_then(|status| status.code());
        (code.unwrap_or_else(|| panic!("it does not end: {}", self.seen)), std::mem::take(&mut self.seen))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cursor_is_shown(screen: &str) -> bool {
    screen.rfind("\x1b[?25h") >= screen.rfind("\x1b[?25l")
}

#[test]
fn a_failure_asks_and_quits() {
    let project = Project::new();
    let mut session = Session::start(&project, &["build", "above.bst"]);
    session.wait_for("(q)uit");
    session.type_line("nonsense");
    session.wait_for("'nonsense' is none of these");
    session.type_line("q");
    let (code, screen) = session.end();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("1 failed, 1 skipped"), "{screen}");
    assert!(cursor_is_shown(&screen), "{screen:?}");
}

#[test]
fn a_failed_job_can_be_retried() {
    let project = Project::new();
    let mut session = Session::start(&project, &["build", "above.bst"]);
    session.wait_for("(r)etry");
    session.seen.clear();
    session.type_line("r");
    session.wait_for("(r)etry");
    session.type_line("c");
    let (code, screen) = session.end();
    assert_eq!(code, 1, "{screen}");
}

#[test]
fn success_leaves_a_clean_screen() {
    let project = Project::new();
    let (code, screen) = Session::start(&project, &["build", "top.bst"]).end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("succeeded"), "{screen}");
    assert!(cursor_is_shown(&screen), "{screen:?}");
}

#[test]
fn nobody_is_asked_who_decided_before() {
    let project = Project::new();
    let (code, screen) = Session::start(&project, &["--on-error", "quit", "build", "above.bst"]).end();
    assert_eq!(code, 1, "{screen}");
    assert!(!screen.contains("What now?"), "{screen}");
}
