//! `cargo xtask dist`: one archive that spec-host is installed from on a machine without Rust.

mod licences;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::command::{command, output, show};
use crate::hello;
use crate::paths::Paths;
use crate::steps::step;

/// The shells with completions, and the files where distributions look for these.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "share/bash-completion/completions/spec-host"),
    ("fish", "share/fish/vendor_completions.d/spec-host.fish"),
    ("zsh", "share/zsh/site-functions/_spec-host"),
];

/// Texts of the checkout that are installed, too.
const TEXTS: [&str; 3] = ["CHANGELOG.md", "LICENSE", "README.md"];

/// Makes the archive of `host`, or of a binary that is compiled now, in `target/dist`, and prints its path.
pub(crate) fn run(paths: &Paths, host: Option<PathBuf>) -> Result<()> {
    let host = hello::named_or_built(paths, host.as_deref(), &[])?;
    let archive = step("make the archive", || make(&host, &paths.root, &paths.target().join("dist")))?;
    println!("{}", archive.display());
    Ok(())
}

/// Makes the archive of a binary in the folder `to`; answers with its path.
fn make(host: &Path, checkout: &Path, to: &Path) -> Result<PathBuf> {
    fs::create_dir_all(to)?;
    let version = output(command(host, ["--version"]).current_dir(to))?;
    let version = version.split_whitespace().last().context("it tells its version")?.to_owned();
    let name = format!("spec-host-{version}-{}-linux", std::env::consts::ARCH);
    let scratch = TempDir::new_in(to)?;
    let root = scratch.path().join(&name);
    install(host, checkout, &root)?;
    let archive = to.join(format!("{name}.tar.gz"));
    let mut tar = tar::Builder::new(GzEncoder::new(File::create(&archive)?, Compression::default()));
    tar.mode(tar::HeaderMode::Deterministic);
    tar.append_dir_all(&name, &root)?;
    tar.into_inner()?.finish()?;
    Ok(archive)
}

/// Writes what is installed below `root`.
fn install(host: &Path, checkout: &Path, root: &Path) -> Result<()> {
    let documents = root.join("share/doc/spec-host");
    for folder in [root.join("bin"), documents.clone()] {
        fs::create_dir_all(folder)?;
    }
    fs::copy(host, root.join("bin/spec-host"))?;
    show(command(host, ["man-pages"]).arg(root.join("share/man/man1")))?;
    for (shell, file) in COMPLETIONS {
        let file = root.join(file);
        fs::create_dir_all(file.parent().context("completions are in a folder")?)?;
        fs::write(file, output(&mut command(host, ["completions", shell]))?)?;
    }
    for text in TEXTS {
        fs::copy(checkout.join(text), documents.join(text))?;
    }
    fs::write(documents.join("third-party-licences.md"), licences::of_linked(checkout)?)?;
    Ok(())
}
