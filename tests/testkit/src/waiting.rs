//! Waits for other processes, and sends them signals.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// The time limit, enough for a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// Waits until a condition holds.
///
/// # Panics
/// If it is not so within two minutes.
#[track_caller]
pub fn wait_for(what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal, such as `TERM`, to a process.
///
/// # Panics
/// If it does not run any more.
pub fn signal(process: u32, signal: &str) {
    let status = Command::new("kill").args(["-s", signal, &process.to_string()]).status();
    assert!(status.expect("there is a `kill`").success(), "process {process} does not run any more");
}
