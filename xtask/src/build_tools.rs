//! Tools that real projects are built with: Debian's packages as tars, to be staged over the base. No script of theirs runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::apt::Need;
use crate::command::{command, show};
use crate::debian_root::{DebianRoot, STAMP};
use crate::paths::Paths;

/// The base's release, whose libraries the tools need.
const SUITE: &str = "sid";

/// What only people read, and what no build here needs.
const EXCLUDED: &[&str] = &[
    "./dev/*",
    "./etc",
    "./usr/lib/x86_64-linux-gnu/perl*",
    "./usr/share/doc",
    "./usr/share/info",
    "./usr/share/locale",
    "./usr/share/man",
    "./usr/share/perl",
    "./var",
];

const NEEDS: [Need; 2] = [Need::Program("mmdebstrap", "mmdebstrap"), Need::Program("newuidmap", "uidmap")];

/// Meson, Ninja, CMake, and what builds packages for Python.
const TOOLS: DebianRoot = DebianRoot {
    suite: SUITE,
    packages: "meson,ninja-build,cmake,pkgconf,python3-dev,python3-build,python3-installer,python3-setuptools,python3-wheel,python-is-python3",
    excluded: EXCLUDED,
    mount_points: &["tmp"],
};

/// Cargo and the compiler for Rust.
const RUST: DebianRoot =
    DebianRoot { suite: SUITE, packages: "cargo,rustc", excluded: EXCLUDED, mount_points: &["tmp"] };

/// Makes the tar of the tools in the cache, unless it is there; answers with its path.
pub(crate) fn run(paths: &Paths) -> Result<PathBuf> {
    let root = TOOLS.ensure(paths.build_tools(), &NEEDS, "a root with Meson, CMake and Python (200 MB)")?;
    pack(&root)
}

/// Makes the tar of cargo and the compiler for Rust in the cache, unless it is there; answers with its path.
pub(crate) fn rust(paths: &Paths) -> Result<PathBuf> {
    let root = RUST.ensure(paths.rust(), &NEEDS, "a root with cargo and rustc (600 MB)")?;
    pack(&root)
}

/// Packs a root as the tar beside it, unless that was made of this root.
fn pack(root: &Path) -> Result<PathBuf> {
    let tar = root.with_extension("tar");
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    if matches!((changed(&root.join(STAMP)), changed(&tar)), (Ok(root), Ok(tar)) if root <= tar) {
        return Ok(tar);
    }
    let part = tar.with_extension("part.tar");
    let mut pack = command("tar", ["--create", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    pack.arg(format!("--exclude=./{STAMP}")).arg("--file").arg(&part).arg("--directory").arg(root).arg(".");
    show(&mut pack).with_context(|| format!("cannot pack {}", root.display()))?;
    fs::rename(&part, &tar)?;
    Ok(tar)
}
