//! C: clang with wasi-libc, whose system interface is not used. The bindings are made here, so nothing else is needed.

use std::fs;
use std::path::{Path, PathBuf};

use super::{PluginBuild, WIT_FOLDER, result_of_tool};
use crate::encode;
use crate::error::{PackageError, Result};
use crate::tools::{Tool, command, is_in_path, run};
use crate::world::Language;

/// The versions of clang that are looked for, the best first.
const CLANGS: [&str; 8] =
    ["clang-19", "clang", "clang-22", "clang-21", "clang-20", "clang-18", "clang-17", "clang-16"];

/// Where Debian's wasi-libc is.
const LIBC: &str = "/usr/include/wasm32-wasi";

const FLAGS: [&str; 7] = [
    "--target=wasm32-wasi",
    "-O2",
    "-Wall",
    "-Wextra",
    "-mexec-model=reactor",
    "-nostartfiles",
    "-Wl,--no-entry,--strip-debug",
];

pub(super) fn build(build: &PluginBuild<'_>, progress: &dyn Fn(&str)) -> Result<Vec<u8>> {
    let clang = clang()?;
    progress("making the bindings");
    let bindings = build.output.join("bindings");
    fs::create_dir_all(&bindings).map_err(|error| PackageError::io("make", &bindings, error))?;
    encode::c_bindings(&build.folder.join(WIT_FOLDER), build.world, &bindings)?;
    progress("compiling with clang");
    let module = build.intermediate("module.wasm");
    let mut command = command(clang, build.folder);
    command.args(FLAGS).arg("-I").arg(absolute(&bindings)?).arg("-o").arg(absolute(&module)?);
    for file in files(&build.folder.join("src"), &["c"])?.iter().chain(&files(&bindings, &["c", "o"])?) {
        command.arg(absolute(file)?);
    }
    run(&mut command)?;
    encode::component(
        &result_of_tool(&module)?,
        "use nothing of the C library that needs files, clocks or the environment, such as printf and abort",
    )
}

/// The compiler: that of a WASI SDK if one is named, else one of Debian's.
fn clang() -> Result<PathBuf> {
    if let Some(sdk) = std::env::var_os("WASI_SDK_PATH").filter(|path| !path.is_empty()) {
        return tool().at(&Path::new(&sdk).join("bin/clang"));
    }
    let clang = CLANGS.iter().find(|clang| is_in_path(clang)).ok_or_else(|| tool().missing(""))?;
    match Path::new(LIBC).is_dir() {
        true => Ok(clang.into()),
        false => Err(tool().missing("there is no wasi-libc")),
    }
}

fn tool() -> Tool {
    let install = "apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32".to_owned();
    Tool { name: "clang with wasi-libc", language: Language::C, install }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| PackageError::io("find", path, error))
}

/// The files of a folder with these extensions, sorted.
fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let read = || {
        let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
        entries.collect::<std::io::Result<Vec<_>>>()
    };
    let mut files = read().map_err(|error| PackageError::io("read", folder, error))?;
    files.retain(|file| file.extension().is_some_and(|own| extensions.iter().any(|extension| own == *extension)));
    files.sort();
    Ok(files)
}
