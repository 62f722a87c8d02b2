//! The route without rustup's server: Debian's `rustc-web` compiles the standard library from Debian's
//! `rust-web-src` for WebAssembly, and a folder of links presents both as a toolchain.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{LINKED, TARGET};
use crate::apt::{self, Need};
use crate::command::{command, output, show};
use crate::lock::Lock;
use crate::paths::{self, Paths};

const RUSTC: &str = "/usr/bin/rustc";
const RUSTLIB: &str = "/usr/lib/rustlib";

/// Both packages must be of one version, which they are when they are installed together.
const NEEDS: [Need; 3] = [
    Need::File("/usr/share/doc/rustc-web", "rustc-web"),
    Need::File("/usr/share/doc/rust-web-src", "rust-web-src"),
    Need::Program("cc", "gcc"),
];

/// Whether the toolchain is made and linked.
pub(super) fn is_there(paths: &Paths) -> bool {
    let folder = paths.wasm_toolchain();
    is_made(&folder) && is_linked(&folder)
}

/// Makes and links the toolchain, unless it is there.
pub(super) fn install(paths: &Paths) -> Result<()> {
    let folder = paths.wasm_toolchain();
    let _lock = Lock::take(&folder)?;
    apt::ensure(&NEEDS)?;
    if !is_made(&folder) {
        make(&folder)?;
    }
    if !is_linked(&folder) {
        show(command("rustup", ["toolchain", "link", LINKED]).arg(&folder))?;
    }
    Ok(())
}

/// Whether the toolchain is made of the compilers that are installed now.
fn is_made(folder: &Path) -> bool {
    let made_of = fs::read_to_string(folder.join("made-of"));
    matches!((made_of, versions()), (Ok(then), Ok(now)) if then == now)
}

/// Whether rustup knows the toolchain by its name.
fn is_linked(folder: &Path) -> bool {
    let sysroot = output(&mut command("rustup", ["run", LINKED, "rustc", "--print", "sysroot"]));
    sysroot.is_ok_and(|sysroot| Path::new(sysroot.trim()) == folder)
}

/// Makes the toolchain beside its place, and moves it there when it is whole.
fn make(folder: &Path) -> Result<()> {
    println!("compiling Rust's standard library for {TARGET} (a few minutes, once)");
    let new = tempfile::tempdir_in(folder.parent().context("the cache has no folder")?)?;
    let library = compile_library(&new.path().join("library"))?;
    let toolchain = new.path().join("toolchain");
    fill(&toolchain, &library, folder).context("cannot make the toolchain for guests")?;
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::rename(&toolchain, folder)?;
    Ok(())
}

/// What the toolchain is made of: another version of either needs another one.
fn versions() -> Result<String> {
    Ok(output(&mut command(RUSTC, ["-vV"]))? + &output(&mut command("rustc", ["-vV"]))?)
}

/// Compiles the standard library as a by-product of an empty crate; answers with the folder of its parts.
fn compile_library(krate: &Path) -> Result<PathBuf> {
    fs::create_dir_all(krate.join("src"))?;
    fs::write(krate.join("src/lib.rs"), "")?;
    let manifest = "[package]\nname = \"nothing\"\nedition = \"2021\"\n[workspace]\n";
    fs::write(krate.join("Cargo.toml"), manifest)?;
    let mut cargo = command("cargo", ["build", "--release", "--target", TARGET, "--target-dir", "target"]);
    cargo.arg("-Zbuild-std=std,panic_abort").current_dir(krate);
    // Without its bitcode in the library, guests could not be optimised across crates.
    let environment = [
        ("RUSTC", RUSTC),
        ("RUSTC_BOOTSTRAP", "1"),
        ("RUSTFLAGS", "-Cembed-bitcode=yes"),
        ("RUSTC_WRAPPER", ""),
    ];
    show(cargo.envs(environment))
        .context("cannot compile the standard library; are rustc-web and rust-web-src of one version?")?;
    Ok(krate.join("target").join(TARGET).join("release/deps"))
}

/// A sysroot of links that will stand at `place`.
fn fill(toolchain: &Path, library: &Path, place: &Path) -> Result<()> {
    let host = host_triple()?;
    let active = PathBuf::from(output(&mut command("rustc", ["--print", "sysroot"]))?.trim());

    let wasm = toolchain.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&wasm)?;
    for part in paths::files(library)? {
        let name = paths::name(&part);
        if name.ends_with(".rlib") && !name.starts_with("libnothing") {
            fs::copy(&part, wasm.join(name))?;
        }
    }

    let native = toolchain.join("lib/rustlib").join(&host);
    let linker = Path::new("lib/rustlib").join(&host).join("bin/rust-lld");
    fs::create_dir_all(native.join("bin"))?;
    symlink(Path::new(RUSTLIB).join(&host).join("lib"), native.join("lib"))?;
    symlink(active.join(&linker), toolchain.join(&linker))?;

    let programs = toolchain.join("bin");
    fs::create_dir_all(&programs)?;
    symlink(active.join("bin/cargo"), programs.join("cargo"))?;
    let rustc = programs.join("rustc");
    fs::write(&rustc, format!("#!/bin/sh\nexec {RUSTC} --sysroot '{}' \"$@\"\n", place.display()))?;
    fs::set_permissions(&rustc, Permissions::from_mode(0o755))?;
    fs::write(toolchain.join("made-of"), versions()?)?;
    Ok(())
}

fn host_triple() -> Result<String> {
    let version = output(&mut command(RUSTC, ["-vV"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).with_context(|| format!("{RUSTC} does not say what it runs on"))
}
