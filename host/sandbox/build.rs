//! Compiles `init/` into a small freestanding program, which the library embeds.
//!
//! It becomes process 1 of every sandbox. As a separate, statically linked program of a few kilobytes it starts in a
//! fraction of a millisecond whatever the size of the host, and the sandbox never has a copy of the host's memory.

use std::{env, path::PathBuf, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=init");
    println!("cargo::rerun-if-changed=src/protocol.rs");
    let var = |name: &str| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"));
    let out = PathBuf::from(var("OUT_DIR")).join("init");
    let mut rustc = Command::new(var("RUSTC"));
    rustc.args(["--edition=2024", "--crate-name=spec_sandbox_init", "--crate-type=bin", "--target"]);
    rustc.arg(var("TARGET")).arg("-o").arg(&out).arg("init/main.rs");
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={linker}"));
    }
    rustc.args([
        "-Copt-level=2",
        "-Clto=fat",
        "-Cpanic=abort",
        "-Cstrip=symbols",
        "-Crelocation-model=static",
    ]);
    rustc.args(["-nostdlib", "-nostartfiles", "-static"].map(|arg| format!("-Clink-arg={arg}")));
    let output = rustc.output().expect("the compiler that compiled this script can be run");
    let messages = String::from_utf8_lossy(&output.stderr);
    messages.lines().for_each(|line| println!("cargo::warning={line}"));
    assert!(output.status.success(), "the sandbox's init does not compile: {rustc:?}");
}
