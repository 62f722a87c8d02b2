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

/// Makes target/components/NAME.wasm of each guest's folder NAME.
pub(crate) fn run(paths: &Paths) -> Result<()> {
    let toolchain = setup::run(paths)?;
    let components = paths.components();
    fs::create_dir_all(&components)?;
    let mut made = BTreeSet::new();
    for module in compile(&toolchain, paths)? {
        let name = &module.name;
        let component = encode(&module).with_context(|| format!("{name} cannot be a component"))?;
        let file = components.join(format!("{name}.wasm"));
        write_if_changed(&file, &component)?;
        if !made.insert(file) {
            bail!("two guests are named {name}");
        }
    }
    for file in paths::files(&components)? {
        if !made.contains(&file) {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

/// The manifest of the guests' workspace, which holds those of the tests too.
pub(crate) fn manifest(paths: &Paths) -> PathBuf {
    paths.root.join("plugins/Cargo.toml")
}

/// A core module as the compiler leaves it.
struct Module {
    /// The name of the folder of its crate.
    name: String,
    file: PathBuf,
    /// Whether it is a guest of the tests, which may break the contract of plugins.
    is_of_tests: bool,
}

fn compile(toolchain: &Toolchain, paths: &Paths) -> Result<Vec<Module>> {
    let mut cargo = toolchain.cargo();
    cargo.args(["build", "--workspace", "--release", "--target", TARGET]);
    cargo
        .args(["--quiet", "--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(manifest(paths));
    // The compiler flags of this program do not apply to guests.
    cargo.arg("--target-dir").arg(paths.target().join("guests")).env_remove("RUSTFLAGS").env_remove("RUSTC");
    let messages = output(&mut cargo).context("cannot compile the guests")?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    messages.filter_map(|message| module(&message, &paths.root.join("tests")).transpose()).collect()
}

/// The module that a message of cargo's tells of, if it does.
fn module(message: &Value, tests: &Path) -> Result<Option<Module>> {
    let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let Some(file) = files.map(PathBuf::from).find(|file| file.extension().is_some_and(|e| e == "wasm"))
    else {
        return Ok(None);
    };
    let manifest = Path::new(message["manifest_path"].as_str().context("cargo names no manifest")?);
    let name = paths::name(manifest.parent().context("a manifest has a folder")?);
    Ok(Some(Module { name, file, is_of_tests: manifest.starts_with(tests) }))
}

fn encode(module: &Module) -> Result<Vec<u8>> {
    let bytes = fs::read(&module.file)?;
    let component = ComponentEncoder::default().module(&bytes)?.validate(true).encode()?;
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&component)? else {
        bail!("it has a WIT package, but no component");
    };
    let imports = resolve.worlds[world].imports.keys().map(|key| resolve.name_world_key(key));
    let wasi = imports.into_iter().find(|name| name.starts_with("wasi:"));
    if let (Some(wasi), false) = (wasi, module.is_of_tests) {
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
