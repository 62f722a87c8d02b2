//! Every test runs as the user who runs the tests and, if that is root, once more as an ordinary user.

mod command;
mod escapes;
mod fixture;
mod isolation;
mod lifetime;
mod outside;
mod overlay;
mod streams;
mod terminal;

use std::os::unix::process::CommandExt;
use std::process::Command;

const AGAIN: &str = "SPEC_SANDBOX_TESTS_AGAIN";
const NOBODY: u32 = 65534;

#[test]
fn all_tests_again_as_an_ordinary_user() {
    if !rustix::process::geteuid().is_root() || std::env::var_os(AGAIN).is_some() {
        return;
    }
    // Standard error is not captured, so a failing inner run shows its report.
    let status = Command::new("/proc/self/exe").env(AGAIN, "1").uid(NOBODY).gid(NOBODY).status();
    assert!(status.expect("the test program can be run").success());
}
