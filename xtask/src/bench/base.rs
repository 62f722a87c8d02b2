//! The Debian base as a folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::command::{command, show};
use crate::paths::Paths;

/// The unpacked base, which stays for later runs.
pub(super) struct Base {
    root: PathBuf,
}

impl Base {
    /// Unpacks the base, unless this one is there from an earlier run.
    pub(super) fn unpack(paths: &Paths) -> Result<Base> {
        let root = paths.target().join("bench-root");
        let (stamp, hash) = (root.with_extension("base"), crate::base::hash(paths)?);
        if !fs::read_to_string(&stamp).is_ok_and(|old| old == hash) {
            if root.exists() {
                fs::remove_dir_all(&root)?;
            }
            fs::create_dir(&root)?;
            let mut tar = command("tar", ["--extract", "--no-same-owner", "--exclude=./dev/*", "--file"]);
            show(tar.arg(paths.base_tar()).arg("--directory").arg(&root))?;
            // Where files are bound into the read-only root.
            fs::create_dir_all(root.join("buildstream-install"))?;
            fs::create_dir_all(root.join("buildstream"))?;
            fs::write(root.join("usr/include/dep.h"), "")?;
            fs::write(&stamp, hash)?;
        }
        Ok(Base { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}
