//! The registry that tests of references use: Debian's `docker-registry`, unpacked into a folder. Nothing of it is
//! installed on the machine.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::apt::{self, Need};
use crate::debian_root::DebianRoot;
use crate::lock::Lock;
use crate::paths::Paths;

const ROOT: DebianRoot = DebianRoot {
    suite: "bookworm",
    packages: "docker-registry,libc6",
    excluded: &["./dev/*", "./usr/share/doc", "./usr/share/locale", "./usr/share/man"],
    mount_points: &["dev", "proc", "tmp"],
};

const NEEDS: [Need; 1] = [Need::Program("mmdebstrap", "mmdebstrap")];

/// Makes the root in the cache, unless it is there; answers with its folder.
pub(crate) fn run(paths: &Paths) -> Result<PathBuf> {
    let root = paths.docker_registry();
    let _lock = Lock::take(&root)?;
    let (stamp, wanted) = (root.join("made-of"), ROOT.made_of());
    if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == wanted) {
        return Ok(root);
    }
    apt::ensure(&NEEDS)?;
    println!("making a root with a registry of components");
    let new = tempfile::tempdir_in(root.parent().context("the cache has no folder")?)?;
    let folder = new.path().join("docker-registry");
    ROOT.unpack(&folder)?;
    fs::write(folder.join("made-of"), wanted)?;
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    fs::rename(&folder, &root)?;
    Ok(root)
}
