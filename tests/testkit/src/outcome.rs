//! The outcome of a program.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The exit code of a program and what it wrote.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The exit code; `None` where a signal ended the program.
    pub code: Option<i32>,
    /// Its standard output, as far as it is UTF-8.
    pub stdout: String,
    /// Its standard error, as far as it is UTF-8.
    pub stderr: String,
}

impl Outcome {
    /// Runs a command to its end.
    ///
    /// # Panics
    /// If it cannot be started, or is still running after `deadline`: then it is killed.
    #[must_use]
    pub fn of(command: &mut Command, deadline: Duration) -> Outcome {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stdout = reader(child.stdout.take());
        let stderr = reader(child.stderr.take());
        let status = wait(&mut child, deadline);
        let text = |thread: thread::JoinHandle<String>| thread.join().expect("the reader does not panic");
        let Some(status) = status else {
            panic!("{command:?} did not end within {deadline:?}");
        };
        Outcome { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// The standard output of a run that must succeed.
    ///
    /// # Panics
    /// If it failed.
    #[track_caller]
    pub fn success(&self) -> &str {
        assert_eq!(self.code, Some(0), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        &self.stdout
    }

    /// The standard error of a run that must fail by itself.
    ///
    /// # Panics
    /// If it succeeded, or a signal ended it.
    #[track_caller]
    pub fn failure(&self) -> &str {
        assert!(
            self.code.is_some_and(|code| code != 0),
            "exit code {:?}\nstdout:\n{}\nstderr:\n{}",
            self.code,
            self.stdout,
            self.stderr
        );
        &self.stderr
    }

    /// Checks that a run was refused: with this exit code, with `error[REASON]`, and with all of `says` in its
    /// standard error.
    ///
    /// # Panics
    /// If it was not.
    #[track_caller]
    pub fn refused(&self, code: i32, reason: &str, says: &[&str]) {
        let text = &self.stderr;
        assert_eq!(self.code, Some(code), "instead of {reason} {says:?}:\n{}\n{text}", self.stdout);
        let title = format!("error[{reason}]");
        for say in [&[title.as_str()], says].concat() {
            assert!(text.contains(say), "expected {say:?}:\n{text}");
        }
    }
}

/// Reads a pipe to its end on a thread, at the same time as the other one.
fn reader(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for a child, and kills it at the deadline.
fn wait(child: &mut Child, deadline: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(status) = child.try_wait().expect("our own child can be waited for") {
            return Some(status);
        }
        if Instant::now() > end {
            // It may have ended in between: then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
