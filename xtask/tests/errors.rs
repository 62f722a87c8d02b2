//! Tests of error messages.

use std::process::Command;

#[test]
fn an_error_is_told_without_the_program_s_own_stack() {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    // Without a folder for its cache it does nothing.
    let failed = xtask.arg("base").env_clear().env("RUST_BACKTRACE", "1").output().expect("it starts");
    let told = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(told, "error: neither SPEC_CACHE nor XDG_CACHE_HOME nor HOME is set\n");
    assert_eq!(failed.status.code(), Some(1));
}
