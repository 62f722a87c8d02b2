//! The first command of the README: sets everything up and runs the programs of the example project.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{command, show};
use crate::paths::Paths;
use crate::steps::step;
use crate::{base, example, guests};

/// Sets everything up, builds the example with spec-host and runs its programs.
pub(crate) fn run(paths: &Paths) -> Result<()> {
    step("compile the element kinds", || guests::run(paths))?;
    step("make the Debian base", || base::run(paths, false))?;
    let project = step("prepare the example", || example::run(paths))?;
    let host = step("compile spec-host", || build_host(paths, &[]))?;
    let checkout = paths.target().join("example/checkout");
    step("build the example", || show(spec_host(&host, &project).args(["build", "all.bst"])))?;
    step("check top.bst out", || {
        let mut check_out = spec_host(&host, &project);
        check_out.args(["artifact", "checkout", "--force", "--deps", "none", "--directory"]);
        show(check_out.arg(&checkout).arg("top.bst"))
    })?;
    step("run its programs", || {
        show(spec_host(&host, &project).args(["shell", "all.bst", "--", "sh", "-c", "hello && top && app"]))
    })?;
    println!("\nspec-host is {}, the project {}", host.display(), project.display());
    Ok(())
}

/// The binary of spec-host that the user names, or else one that is compiled now, with these features.
pub(crate) fn named_or_built(paths: &Paths, named: Option<&Path>, features: &[&str]) -> Result<PathBuf> {
    if let Some(named) = named {
        return named.canonicalize().with_context(|| format!("cannot find {}", named.display()));
    }
    step("compile the element kinds", || guests::run(paths))?;
    step("compile spec-host", || build_host(paths, features))
}

/// Compiles spec-host in the release profile with these features; answers with its path. The whole workspace, as the tests do: with fewer
/// crates some dependencies have other features, and wasmtime would be compiled once more.
pub(crate) fn build_host(paths: &Paths, features: &[&str]) -> Result<PathBuf> {
    let mut cargo = command("cargo", ["build", "--release", "--workspace"]);
    cargo.args(features.iter().flat_map(|feature| ["--features", feature]));
    show(cargo.current_dir(&paths.root).env("SPEC_COMPONENTS", paths.components()))?;
    Ok(paths.release().join("spec-host"))
}

/// A command of spec-host on a project.
pub(crate) fn spec_host(host: &Path, project: &Path) -> Command {
    let mut host = command(host, ["--directory"]);
    host.arg(project);
    host
}
