//! A compiler for WebAssembly components, by one of two routes.

mod debian;
mod rustup;

use std::env;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::command;
use crate::paths::Paths;

/// The target that guests are compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The name of the toolchain that the Debian route links.
const LINKED: &str = "spec-wasm";

/// What compiles guests.
pub(crate) enum Toolchain {
    /// The toolchain in use, which has the target.
    Active,
    /// Debian's compiler with a standard library of our own compiling, linked as `spec-wasm`.
    Linked,
}

impl Toolchain {
    /// A cargo command for guests.
    pub(crate) fn cargo(&self) -> Command {
        match self {
            Toolchain::Active => command("cargo", [] as [&str; 0]),
            Toolchain::Linked => command("cargo", [format!("+{LINKED}")]),
        }
    }
}

/// Sets up a compiler for guests by the route that `SPEC_WASM_ROUTE` names.
pub(crate) fn run(paths: &Paths) -> Result<Toolchain> {
    match env::var("SPEC_WASM_ROUTE").as_deref().unwrap_or("auto") {
        "auto" | "" => either(paths),
        "rustup" => rustup::install()
            .context("rustup cannot add the target; SPEC_WASM_ROUTE=debian does without")
            .map(|()| Toolchain::Active),
        "debian" => debian::install(paths).map(|()| Toolchain::Linked),
        other => bail!("SPEC_WASM_ROUTE is {other:?}; expected auto, rustup or debian"),
    }
}

fn either(paths: &Paths) -> Result<Toolchain> {
    if rustup::is_there() {
        return Ok(Toolchain::Active);
    }
    if debian::is_there(paths) {
        return Ok(Toolchain::Linked);
    }
    let Err(error) = rustup::install() else { return Ok(Toolchain::Active) };
    println!("{error:#}\ntaking Debian's compiler instead");
    debian::install(paths)
        .context("neither rustup nor Debian brings a compiler for WebAssembly; `rustup target add` would")?;
    Ok(Toolchain::Linked)
}
