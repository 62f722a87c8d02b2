//! The registry that tests of references use: Debian's `docker-registry`, unpacked into a folder. Nothing of it is
//! installed on the machine.

use std::path::PathBuf;

use anyhow::Result;

use crate::apt::Need;
use crate::debian_root::DebianRoot;
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
    ROOT.ensure(paths.docker_registry(), &NEEDS, "a root with a registry of components")
}
