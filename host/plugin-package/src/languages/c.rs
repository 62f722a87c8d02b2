//! C: a compiler with wasi-libc, whose system interface is not used: Zig's in the plugin's own Python environment, a WASI SDK,
//! or Debian's clang. The bindings are made here, so nothing else is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PluginBuild, WIT_FOLDER, result_of_tool};
use crate::encode;
use crate::error::{PackageError, Result};
use crate::tools::{Tool, command, is_in_path, run};
use crate::world::Language;

/// The versions of clang that are looked for, the best first.
const CLANGS: [&str; 8] =
    ["clang-19", "clang", "clang-22", "clang-21", "clang-20", "clang-18", "clang-17", "clang-16"];

/// Where Debian's wasi-libc is.
const DEBIAN_LIBC: &str = "/usr/include/wasm32-wasi";

const FLAGS: [&str; 8] = [
    "--target=wasm32-wasi",
    "-std=c17",
    "-Os",
    "-Wall",
    "-Wextra",
    "-mexec-model=reactor",
    "-Wl,--no-entry",
    "-Wl,--strip-debug",
];

pub(super) fn build(build: &PluginBuild<'_>, progress: &dyn Fn(&str)) -> Result<Vec<u8>> {
    let (mut command, compiling) = compiler(build.folder)?;
    progress("making the bindings");
    let bindings = build.output.join("bindings");
    fs::create_dir_all(&bindings).map_err(|error| PackageError::io("make", &bindings, error))?;
    encode::c_bindings(&build.folder.join(WIT_FOLDER), build.world, &bindings)?;
    progress(compiling);
    let module = build.intermediate("module.wasm");
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

/// The first compiler that is there, and what is said while it compiles. Zig leaves the start files of a reactor out by itself, and warns of the flag.
fn compiler(folder: &Path) -> Result<(Command, &'static str)> {
    let python = folder.join(".venv/bin/python");
    if python.is_file() {
        let mut zig = command(absolute(&python)?, folder);
        zig.args(["-m", "ziglang", "cc"]);
        return Ok((zig, "compiling with Zig, which compiles its C library first, once on a machine"));
    }
    let tool = Tool::of_folder("a C compiler for WebAssembly", Language::C, folder);
    if let Some(sdk) = std::env::var_os("WASI_SDK_PATH").filter(|path| !path.is_empty()) {
        let clang = tool.at(&Path::new(&sdk).join("bin/clang"))?;
        return Ok((without_start_files(command(clang, folder)), "compiling with the WASI SDK"));
    }
    let clang = CLANGS.iter().find(|clang| is_in_path(clang)).filter(|_| Path::new(DEBIAN_LIBC).is_dir());
    let clang = clang.map(|clang| (without_start_files(command(clang, folder)), "compiling with clang"));
    clang.ok_or_else(|| tool.missing(""))
}

fn without_start_files(mut clang: Command) -> Command {
    clang.arg("-nostartfiles");
    clang
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
    files.retain(|file| {
        file.extension().is_some_and(|own| extensions.iter().any(|extension| own == *extension))
    });
    files.sort();
    Ok(files)
}
