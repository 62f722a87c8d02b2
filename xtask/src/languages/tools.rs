//! The tool-chains of languages.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt::{self, Need};
use crate::command::{command, show};
use crate::lock::Lock;
use crate::paths::{self, Paths};

/// The generator of bindings for C; the other tools are in files of the examples.
const WIT_BINDGEN: [&str; 6] =
    // Not optimized, which would take minutes.
    ["wit-bindgen-cli@0.63.0", "--locked", "--debug", "--no-default-features", "--features", "c"];

const NEEDS: [Need; 5] = [
    Need::Program("make", "make"),
    Need::Program("node", "nodejs"),
    Need::Program("npm", "npm"),
    Need::Program("python3", "python3"),
    Need::Module("ensurepip", "python3-venv"),
];

/// The installed tools.
pub(crate) struct Tools {
    folder: PathBuf,
    /// A text that changes with the versions of tools.
    pub(crate) versions: String,
}

impl Tools {
    /// Installs what is not there in the versions of the examples.
    pub(crate) fn install(paths: &Paths) -> Result<Tools> {
        let folder = paths.languages();
        let _lock = Lock::take(&folder)?;
        let examples = paths.root.join("plugins/examples");
        let requirements = requirements(&examples)?;
        let lock = examples.join("javascript-critical-path/package-lock.json");
        let lock_text =
            fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
        let tools = Tools { folder, versions: [&requirements, &lock_text, WIT_BINDGEN[0]].join("\n") };
        tools.part("python", &requirements, |folder| install_python(folder, &requirements))?;
        tools.part("node", &lock_text, |folder| install_node(folder, &lock))?;
        let lock = paths.root.join("tests/trace-reader/package-lock.json");
        let lock_text =
            fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
        // Written in JavaScript, too: a reader of traces.
        tools.part("trace-reader", &lock_text, |folder| install_node(folder, &lock))?;
        tools.part("c", &WIT_BINDGEN.join(" "), install_wit_bindgen)?;
        Ok(tools)
    }

    /// A command that finds the tools.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = command(program, [""; 0]);
        let tools = ["python/bin", "node/node_modules/.bin", "c/bin"].map(|part| self.folder.join(part));
        let usual = env::var_os("PATH").unwrap_or_default();
        let folders = tools.into_iter().chain(env::split_paths(&usual));
        command.env("PATH", env::join_paths(folders).unwrap_or_else(|_| OsString::from(&usual)));
        command
    }

    /// Makes a part of the tools anew, unless what is there was made of the same.
    fn part(&self, name: &str, made_of: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let folder = self.folder.join(name);
        let stamp = folder.join("made-of");
        if fs::read_to_string(&stamp).is_ok_and(|old| old == made_of) {
            return Ok(());
        }
        apt::ensure(&NEEDS)?;
        println!("installing the tools of plugins in other languages: {name}");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        make(&folder).with_context(|| format!("cannot install the tools for {name}"))?;
        Ok(fs::write(stamp, made_of)?)
    }
}

/// The Python packages of all examples.
fn requirements(examples: &Path) -> Result<String> {
    let files = paths::folders(examples)?.into_iter().map(|example| example.join("requirements.txt"));
    let texts = files.filter(|file| file.exists()).map(fs::read_to_string);
    Ok(texts.collect::<std::io::Result<Vec<_>>>()?.concat())
}

fn install_python(folder: &Path, requirements: &str) -> Result<()> {
    show(command("python3", ["-m", "venv"]).arg(folder))?;
    let mut pip = command(folder.join("bin/pip"), ["install", "--quiet", "--disable-pip-version-check"]);
    show(pip.args(requirements.lines()))
}

fn install_node(folder: &Path, lock: &Path) -> Result<()> {
    let package = lock.with_file_name("package.json");
    fs::copy(package, folder.join("package.json"))?;
    fs::copy(lock, folder.join("package-lock.json"))?;
    show(command("npm", ["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(folder))
}

fn install_wit_bindgen(folder: &Path) -> Result<()> {
    let mut cargo = command("cargo", ["install", "--quiet", "--root"]);
    // Not in a checkout, whose settings are for other programs.
    cargo.arg(folder).args(WIT_BINDGEN).current_dir(folder).env_remove("RUSTFLAGS");
    show(&mut cargo)
}
