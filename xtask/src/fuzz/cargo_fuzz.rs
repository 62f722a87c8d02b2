//! cargo-fuzz, and the compiler that it uses.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::folder;
use crate::apt::{self, Need};
use crate::command::{command, output, show};
use crate::lock::Lock;
use crate::paths::Paths;

/// The version that compiles targets as this program expects them.
const VERSION: &str = "0.13.2";

/// An installed cargo-fuzz.
pub(super) struct CargoFuzz {
    program: PathBuf,
    /// Whether there is a nightly compiler, which knows all that cargo-fuzz may ask for.
    nightly: bool,
}

impl CargoFuzz {
    /// Installs the pinned version, unless it is there already.
    pub(super) fn install(paths: &Paths) -> Result<CargoFuzz> {
        // libFuzzer is C++.
        apt::ensure(&[Need::Program("c++", "g++")])?;
        let root = paths.cargo_fuzz();
        let program = root.join("bin/cargo-fuzz");
        let _lock = Lock::take(&root)?;
        let installed = output(&mut command(&program, ["fuzz", "--version"])).unwrap_or_default();
        if installed.trim() != format!("cargo-fuzz {VERSION}") {
            let mut cargo =
                command("cargo", ["install", "--quiet", "--locked", "--force", "--version", VERSION]);
            cargo.arg("--root").arg(&root).arg("cargo-fuzz");
            show(&mut cargo).context("cannot install cargo-fuzz from crates.io")?;
        }
        // Without rustup there is one compiler.
        let toolchains = output(&mut command("rustup", ["toolchain", "list"])).unwrap_or_default();
        let nightly = toolchains.lines().any(|line| line.starts_with("nightly"));
        Ok(CargoFuzz { program, nightly })
    }

    /// Compiles all targets. Without a sanitizer: none of the code under test is unsafe.
    pub(super) fn build(&self, paths: &Paths) -> Result<()> {
        let mut build = Command::new(&self.program);
        build.args(["fuzz", "build", "--sanitizer", "none", "--target", &triple(), "--fuzz-dir"]);
        build.arg(folder(paths)).arg("--target-dir").arg(target(paths)).current_dir(&paths.root);
        match self.nightly {
            true => build.env("RUSTUP_TOOLCHAIN", "nightly"),
            false => build.env("RUSTC_BOOTSTRAP", "1"),
        };
        show(&mut build)
    }
}

/// What is made for fuzzing alone, with other flags than the rest.
pub(super) fn target(paths: &Paths) -> PathBuf {
    paths.target().join("fuzz")
}

/// Where the programs are.
pub(super) fn programs(paths: &Paths) -> PathBuf {
    target(paths).join(triple()).join("release")
}

fn triple() -> String {
    format!("{}-unknown-linux-gnu", env::consts::ARCH)
}
