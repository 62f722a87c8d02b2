//! Element kinds and the guests of tests: compiled for WebAssembly, then wrapped as components.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use wit_component::{ComponentEncoder, DecodedWasm};

use crate::command::output;
use crate::paths::{self, Paths};
use crate::setup::{self, TARGET, Toolchain};

/// Folders that hold a folder for each guest.
const FOLDERS: [&str; 2] = ["plugins", "tests/guests"];

/// Makes target/components/NAME.wasm of each guest's folder NAME.
pub(crate) fn run(paths: &Paths) -> Result<()> {
    let toolchain = setup::run(paths)?;
    let components = paths.components();
    fs::create_dir_all(&components)?;
    let mut made = BTreeSet::new();
    for manifest in manifests(paths)? {
        for module in compile(&toolchain, &manifest, &paths.target().join("guests"))? {
            let name = module.name.clone();
            let component = encode(&module).with_context(|| format!("{name} cannot be a component"))?;
            let file = components.join(format!("{name}.wasm"));
            write_if_changed(&file, &component)?;
            if !made.insert(file) {
                bail!("two guests are named {name}");
            }
        }
    }
    for file in paths::files(&components)? {
        if !made.contains(&file) {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

/// The manifests to compile: a workspace's own, or each crate's.
pub(crate) fn manifests(paths: &Paths) -> Result<Vec<PathBuf>> {
    let mut manifests = vec![];
    for folder in FOLDERS.map(|folder| paths.root.join(folder)) {
        let workspace = folder.join("Cargo.toml");
        if workspace.exists() {
            manifests.push(workspace);
        } else if folder.exists() {
            let crates = paths::folders(&folder)?.into_iter().map(|krate| krate.join("Cargo.toml"));
            manifests.extend(crates.filter(|manifest| manifest.exists()));
        }
    }
    Ok(manifests)
}

/// A core module as the compiler leaves it.
struct Module {
    /// The name of the folder of its crate.
    name: String,
    file: PathBuf,
}

fn compile(toolchain: &Toolchain, manifest: &Path, target: &Path) -> Result<Vec<Module>> {
    println!("compiling the guests of {}", manifest.display());
    let mut cargo = toolchain.cargo();
    cargo.args([
        "build",
        "--quiet",
        "--release",
        "--target",
        TARGET,
        "--message-format",
        "json-render-diagnostics",
    ]);
    cargo.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(target);
    // What this program was itself compiled with is not for guests.
    let messages = output(cargo.env_remove("RUSTFLAGS").env_remove("RUSTC"))
        .with_context(|| format!("cannot compile {}", manifest.display()))?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter_map(|m| module(&m).transpose())
        .collect()
}

/// The module that a message of cargo's tells of, if it does.
fn module(message: &Value) -> Result<Option<Module>> {
    let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let Some(file) = files.map(PathBuf::from).find(|file| file.extension().is_some_and(|e| e == "wasm"))
    else {
        return Ok(None);
    };
    let manifest = Path::new(message["manifest_path"].as_str().context("cargo names no manifest")?);
    let name = paths::name(manifest.parent().context("a manifest has a folder")?);
    Ok(Some(Module { name, file }))
}

fn encode(module: &Module) -> Result<Vec<u8>> {
    let bytes = fs::read(&module.file)?;
    let component = ComponentEncoder::default().module(&bytes)?.validate(true).encode()?;
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&component)? else {
        bail!("it has a WIT package, but no component");
    };
    let imports = resolve.worlds[world].imports.keys().map(|key| resolve.name_world_key(key));
    if let Some(wasi) = imports.into_iter().find(|name| name.starts_with("wasi:")) {
        bail!("it imports {wasi}; a guest has no system interface");
    }
    Ok(component)
}

fn write_if_changed(file: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let new = file.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(&new, file)?;
    println!("{} ({} KB)", file.display(), bytes.len() / 1000);
    Ok(())
}
