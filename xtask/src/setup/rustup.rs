//! The route of most machines: rustup downloads the target's standard library.

use std::path::Path;

use anyhow::{Context, Result};

use super::TARGET;
use crate::command::{command, output, show};

/// Whether the toolchain in use has the target.
pub(super) fn is_there() -> bool {
    let library = output(&mut command("rustc", ["--print", "target-libdir", "--target", TARGET]));
    library.is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

/// Adds the target to the toolchain in use.
pub(super) fn install() -> Result<()> {
    if is_there() {
        return Ok(());
    }
    println!("adding {TARGET} with rustup");
    show(&mut command("rustup", ["target", "add", TARGET])).context("rustup did not add the target")
}
