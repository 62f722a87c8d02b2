//! Rust: cargo, with a compiler that has the target `wasm32-unknown-unknown`.

use std::env;
use std::path::Path;
use std::process::Command;

use super::{PluginBuild, result_of_tool};
use crate::encode;
use crate::error::Result;
use crate::tools::{Tool, command, is_in_path, output, run};
use crate::world::Language;

const TARGET: &str = "wasm32-unknown-unknown";

/// A toolchain that has the target beside the one in use.
const LINKED: &str = "+spec-wasm";

/// Which compiler is taken: `rustup` for the one in use, `debian` for the one linked as `spec-wasm`, `auto` for the first
/// that has the target.
const ROUTE: &str = "SPEC_WASM_ROUTE";

pub(super) fn build(build: &PluginBuild<'_>, progress: &dyn Fn(&str)) -> Result<Vec<u8>> {
    let mut cargo = cargo(build.folder)?;
    progress("compiling with cargo");
    let target = build.folder.join("target");
    cargo.args(["build", "--release", "--lib", "--target", TARGET, "--target-dir", "target"]);
    // Flags for programs of this machine, such as those of a configuration of cargo, do not apply to WebAssembly.
    cargo.env("RUSTFLAGS", "").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTC");
    run(&mut cargo)?;
    let module =
        target.join(TARGET).join("release").join(format!("{}.wasm", build.manifest.name.as_variable()));
    let module = result_of_tool(&module)?;
    encode::component(
        &module,
        "export the plugin with the macro of spec-guest-sdk, and use no system interface",
    )
}

fn cargo(folder: &Path) -> Result<Command> {
    let cargo = || command("cargo", folder);
    let tool = |name, install: &str| Tool { name, language: Language::Rust, install: install.to_owned() };
    if !is_in_path("cargo") {
        return Err(tool("cargo", "apt-get install rustup && rustup default stable").missing(""));
    }
    let has_target = |toolchain: Option<&str>| {
        let mut rustc = command("rustc", folder);
        rustc.args(toolchain).args(["--print", "target-libdir", "--target", TARGET]);
        output(&mut rustc).is_some_and(|libraries| Path::new(libraries.trim()).is_dir())
    };
    let route = env::var(ROUTE).unwrap_or_default();
    if route != "debian" && has_target(None) {
        return Ok(cargo());
    }
    if route != "rustup" && has_target(Some(LINKED)) {
        let mut cargo = cargo();
        cargo.arg(LINKED);
        return Ok(cargo);
    }
    let install = format!("rustup target add {TARGET}");
    Err(tool("the Rust library for WebAssembly", &install).missing(""))
}
