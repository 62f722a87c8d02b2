//! The second command of the README: runs every check, all in the release profile, so that wasmtime is compiled once.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::bst::Bst;
use crate::command::{command, output, show};
use crate::paths::Paths;
use crate::steps::step;
use crate::{
    base, bazel, browser, build_tools, buildgrid, docker_registry, example, fuzz, guests, languages,
};

/// Sets everything up and passes every test; the last line has the numbers.
pub(crate) fn run(paths: &Paths) -> Result<()> {
    step("compile the element kinds", || guests::run(paths))?;
    let languages = step("compile plugins in other languages", || languages::run(paths))?;
    step("make the Debian base", || base::run(paths, false))?;
    step("prepare the example", || example::run(paths))?;
    let bst = step("install BuildStream", || Bst::install(paths))?;
    let bazel = step("unpack Bazel", || bazel::run(paths))?;
    let browser = step("unpack the browser", || browser::run(paths))?;
    let base = step("unpack the base", || base::unpack(paths))?;
    let tools = step("pack Meson, CMake and Python", || build_tools::run(paths))?;
    let buildgrid = step("unpack BuildGrid", || buildgrid::run(paths))?;
    let registry = step("unpack a registry of components", || docker_registry::run(paths))?;
    step("format", || show(&mut cargo(paths, "fmt --all --check")))?;
    step("format of the guests", || show(&mut guests_cargo(paths, "fmt --all --check")))?;
    step("format of the SDK", || show(&mut sdk_cargo(paths, "fmt --check")))?;
    step("format of the fuzz targets", || {
        show(cargo(paths, "fmt --check").current_dir(fuzz::folder(paths)))
    })?;
    // With the feature of `cargo xtask bench`, which nothing else here compiles. It only adds code.
    step("clippy", || {
        show(&mut cargo(
            paths,
            "clippy --workspace --all-targets --release --features spec-host/bench -- -D warnings",
        ))
    })?;
    step("clippy of the guests", || {
        show(&mut guests_cargo(paths, "clippy --workspace --all-targets --release -- -D warnings"))
    })?;
    step("clippy of the SDK", || {
        show(&mut sdk_cargo(paths, "clippy --all-targets --release -- -D warnings"))
    })?;
    // Compiles what it packs, without the rest of the checkout.
    step("pack the SDK", || show(&mut sdk_cargo(paths, "package --quiet --allow-dirty")))?;
    step("check of the fuzz targets", || fuzz::check(paths))?;
    step("documentation", || {
        show(cargo(paths, "doc --workspace --no-deps --release").env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    // Not "build": without the tests' own dependencies wasmtime would have other features, and be compiled twice.
    step("compile", || show(tests_cargo(paths)?.arg("--no-run")))?;
    let mut tests = tests_cargo(paths)?;
    tests.arg("--no-fail-fast");
    tests.env("SPEC_BASE_TAR", paths.base_tar());
    tests.env("SPEC_BASE_ROOT", &base);
    tests.env("SPEC_BAZEL", &bazel);
    tests.env("SPEC_BROWSER", &browser);
    tests.env("SPEC_BUILD_TOOLS", &tools);
    tests.env("SPEC_BUILDGRID", &buildgrid);
    tests.env("SPEC_DOCKER_REGISTRY", &registry);
    tests.env("SPEC_BST", bst.program("bst"));
    tests.env("SPEC_EXAMPLE", paths.example());
    tests.env("SPEC_LANGUAGE_COMPONENTS", languages);
    tests.env("SPEC_LANGUAGE_TOOLS", paths.languages());
    let guests = step("tests of the guests", || {
        // As native code, which need not be small, so that no linker optimizes it.
        count(&mut guests_cargo(paths, "test --workspace --no-fail-fast"))
    })?;
    let sdk = step("tests of the SDK", || count(&mut sdk_cargo(paths, "test --release --no-fail-fast")))?;
    let tally = step("tests", || count(&mut tests))?.and(guests).and(sdk);
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if !tally.all_ran_well {
        bail!("step failed: tests");
    }
    Ok(())
}

fn cargo(paths: &Paths, arguments: &str) -> Command {
    let mut cargo = command("cargo", arguments.split(' '));
    // Set for every command, so that what depends on it is compiled once.
    cargo.current_dir(&paths.root).env("SPEC_COMPONENTS", paths.components());
    cargo
}

/// The command that compiles and runs the tests. Our crates are optimized little and in many units, so that the compiler has less
/// work with them and all processors do it; what others wrote is the same as in a release, such as the compiler of components.
fn tests_cargo(paths: &Paths) -> Result<Command> {
    let mut metadata = cargo(paths, "metadata --no-deps --format-version 1");
    let metadata: Value = serde_json::from_str(&output(&mut metadata)?).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let mut tests = cargo(paths, "test --workspace --release");
    for name in packages.iter().filter_map(|package| package["name"].as_str()) {
        for setting in ["opt-level=1", "codegen-units=16"] {
            tests.args(["--config", &format!("profile.release.package.{name}.{setting}")]);
        }
    }
    Ok(tests)
}

/// A cargo command on the SDK, which is no part of a workspace.
fn sdk_cargo(paths: &Paths, arguments: &str) -> Command {
    let mut cargo = guests_cargo(paths, arguments);
    cargo.current_dir(paths.root.join("guest-sdk"));
    cargo
}

/// A cargo command on the workspace of the guests; they are compiled for this machine.
fn guests_cargo(paths: &Paths, arguments: &str) -> Command {
    let mut cargo = cargo(paths, arguments);
    cargo.current_dir(paths.root.join("plugins")).env("CARGO_TARGET_DIR", paths.target().join("guests"));
    cargo
}

/// The tests of all crates together.
struct Tally {
    passed: u64,
    failed: u64,
    all_ran_well: bool,
}

impl Tally {
    fn and(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            all_ran_well: self.all_ran_well && other.all_ran_well,
        }
    }
}

/// Runs the tests, and adds up the lines in which each test program tells its result.
fn count(tests: &mut Command) -> Result<Tally> {
    let mut child = tests.stdout(Stdio::piped()).spawn()?;
    let mut tally = Tally { passed: 0, failed: 0, all_ran_well: false };
    if let Some(lines) = child.stdout.take() {
        for line in BufReader::new(lines).lines() {
            let line = line?;
            println!("{line}");
            tally.passed += number_before(&line, " passed;");
            tally.failed += number_before(&line, " failed;");
        }
    }
    tally.all_ran_well = child.wait()?.success();
    Ok(tally)
}

fn number_before(line: &str, word: &str) -> u64 {
    let Some(rest) = line.strip_prefix("test result: ") else { return 0 };
    let number = rest.split(word).next().and_then(|text| text.rsplit(' ').next());
    number.filter(|_| rest.contains(word)).and_then(|number| number.parse().ok()).unwrap_or(0)
}
