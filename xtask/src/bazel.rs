//! Bazel, a client of the server: Debian's packages, unpacked into a folder that is the root of its sandbox. Nothing
//! of it is installed on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::apt::{self, Need};
use crate::command::{command, show};
use crate::lock::Lock;
use crate::paths::Paths;

/// The release of Debian whose Bazel is 4.2.3.
const SUITE: &str = "bookworm";

/// With their dependencies, but without Debian's essential packages; Bazel's own actions need a shell.
const PACKAGES: &str = "bazel-bootstrap,bash,coreutils";

/// Excluded: compilers for C and Perl, which the packages depend on, documentation and headers.
const EXCLUDED: [&str; 9] = [
    "./dev/*",
    "./usr/include",
    "./usr/lib/gcc",
    "./usr/lib/jvm/*/jmods",
    "./usr/lib/x86_64-linux-gnu/perl*",
    "./usr/share/doc",
    "./usr/share/locale",
    "./usr/share/man",
    "./usr/share/perl",
];

/// Folders that [`PACKAGES`] may lack, and on which the sandbox mounts something.
const MOUNT_POINTS: [&str; 4] = ["dev", "home", "proc", "tmp"];

/// The tests run it with bubblewrap.
const NEEDS: [Need; 3] = [
    Need::Program("mmdebstrap", "mmdebstrap"),
    Need::Program("newuidmap", "uidmap"),
    Need::Program("bwrap", "bubblewrap"),
];

/// Makes the root with Bazel in the cache, unless it is there; answers with its folder.
pub(crate) fn run(paths: &Paths) -> Result<PathBuf> {
    let root = paths.bazel();
    let _lock = Lock::take(&root)?;
    apt::ensure(&NEEDS)?;
    let (stamp, wanted) = (root.join("made-of"), [&[SUITE, PACKAGES][..], &EXCLUDED].concat().join("\n"));
    if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == wanted) {
        return Ok(root);
    }
    println!("making a root with Bazel (500 MB, about a minute)");
    let new = tempfile::tempdir_in(root.parent().context("the cache has no folder")?)?;
    let folder = new.path().join("bazel");
    unpack(&folder)?;
    fs::write(folder.join("made-of"), wanted)?;
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    fs::rename(&folder, &root)?;
    Ok(root)
}

/// Unpacks the packages without running their scripts.
fn unpack(folder: &Path) -> Result<()> {
    for point in MOUNT_POINTS {
        fs::create_dir_all(folder.join(point))?;
    }
    let mut mmdebstrap = command("mmdebstrap", ["--variant=extract", "--format=tar", "--quiet"]);
    // A mirror that lags behind is good enough.
    mmdebstrap.args([
        "--aptopt=Acquire::Check-Valid-Until \"false\"",
        &format!("--include={PACKAGES}"),
        SUITE,
    ]);
    let mut packing =
        mmdebstrap.arg("-").stdout(Stdio::piped()).spawn().context("cannot start mmdebstrap")?;
    let mut unpack = command("tar", ["--extract", "--no-same-owner"]);
    unpack.args(EXCLUDED.map(|path| format!("--exclude={path}")));
    unpack.stdin(packing.stdout.take().context("it has a pipe")?);
    let unpacked = show(unpack.arg("--directory").arg(folder));
    // Closes its end of the pipe, if it could not be started.
    drop(unpack);
    let packed = packing.wait()?;
    ensure!(packed.success(), "{packed}: mmdebstrap cannot make the root with Bazel");
    unpacked
}
