//! Bazel, a client of the server: Debian's packages, unpacked into a folder that is the root of its sandbox. Nothing
//! of it is installed on the machine.

use std::path::PathBuf;

use anyhow::Result;

use crate::apt::Need;
use crate::debian_root::DebianRoot;
use crate::paths::Paths;

/// The release of Debian whose Bazel is 4.2.3. Bazel's own actions need a shell.
const ROOT: DebianRoot = DebianRoot {
    suite: "bookworm",
    packages: "bazel-bootstrap,bash,coreutils",
    // Excluded: compilers for C and Perl, which the packages depend on, documentation and headers.
    excluded: &[
        "./dev/*",
        "./usr/include",
        "./usr/lib/gcc",
        "./usr/lib/jvm/*/jmods",
        "./usr/lib/x86_64-linux-gnu/perl*",
        "./usr/share/doc",
        "./usr/share/locale",
        "./usr/share/man",
        "./usr/share/perl",
    ],
    mount_points: &["dev", "home", "proc", "tmp"],
};

/// The tests run it with bubblewrap.
const NEEDS: [Need; 3] = [
    Need::Program("mmdebstrap", "mmdebstrap"),
    Need::Program("newuidmap", "uidmap"),
    Need::Program("bwrap", "bubblewrap"),
];

/// Makes the root with Bazel in the cache, unless it is there; answers with its folder.
pub(crate) fn run(paths: &Paths) -> Result<PathBuf> {
    ROOT.ensure(paths.bazel(), &NEEDS, "a root with Bazel (500 MB, about a minute)")
}
