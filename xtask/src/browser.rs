//! A browser without a screen, which the tests open pages in: Debian's packages, unpacked into a folder that is the root of
//! its sandbox. Nothing of it is installed on the machine.

use std::path::PathBuf;

use anyhow::Result;

use crate::apt::Need;
use crate::debian_root::DebianRoot;
use crate::paths::Paths;

/// The stable release of Debian, with a font.
const ROOT: DebianRoot = DebianRoot {
    suite: "bookworm",
    packages: "chromium-headless-shell,fonts-dejavu-core",
    // Excluded: drivers of graphics cards and their compiler, Perl, which packages depend on, and what only people read.
    excluded: &[
        "./dev/*",
        "./usr/lib/x86_64-linux-gnu/dri",
        "./usr/lib/x86_64-linux-gnu/libLLVM*",
        "./usr/lib/x86_64-linux-gnu/libz3*",
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

/// Makes the root with the browser in the cache, unless it is there; answers with its folder.
pub(crate) fn run(paths: &Paths) -> Result<PathBuf> {
    ROOT.ensure(paths.browser(), &NEEDS, "a root with a browser (400 MB, about half a minute)")
}
