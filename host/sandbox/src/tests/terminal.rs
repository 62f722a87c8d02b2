//! A shell on a terminal, which `script` of util-linux provides.

use super::fixture::{Fixture, PATIENCE};
use crate::{InputSource, OutputTarget, SandboxCommand, Termination, run};
use std::process::Command as Process;

/// Not a test: the host on a terminal.
#[test]
#[ignore = "started by another test"]
fn host_on_a_terminal() {
    let fixture = Fixture::new();
    let script = "set -m; test -t 0 && tty; : < /dev/tty && echo controlling; \
                  kill -TSTP $$; sleep 0 & wait && fg 2>/dev/null; echo still here";
    let command = SandboxCommand {
        stdin: InputSource::Terminal,
        stdout: OutputTarget::Inherit,
        stderr: OutputTarget::Inherit,
        timeout: Some(PATIENCE),
        ..super::fixture::shell(script)
    };
    assert_eq!(run(&fixture.root, &command).expect("runs").termination, Termination::Exited(0));
    // Only the foreground group may read; a host left in the background would be stopped here.
    let foreground = rustix::termios::tcgetpgrp(std::io::stdin()).expect("a terminal");
    assert_eq!(foreground, rustix::process::getpgrp());
}

/// Runs an ignored test of this program on a terminal; returns what the terminal shows.
pub(super) fn on_a_terminal(test: &str) -> String {
    let inner = format!("/proc/{}/exe --ignored --exact --nocapture {test}", std::process::id());
    let output = Process::new("script").args(["-qec", &inner, "/dev/null"]).output();
    let output = output.expect("script is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn terminal_is_lent_and_taken_back() {
    let text = on_a_terminal("tests::terminal::host_on_a_terminal");
    for line in ["/dev/console\r", "controlling\r", "still here\r"] {
        assert!(text.lines().any(|l| format!("{l}\r").contains(line)), "{line:?} is missing in {text}");
    }
}
