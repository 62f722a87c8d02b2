//! The Debian root that the example and the tests build on.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::apt::{self, Need};
use crate::command::{command, output, show};
use crate::lock::Lock;
use crate::paths::Paths;

const NEEDS: [Need; 2] = [Need::Program("mmdebstrap", "mmdebstrap"), Need::Program("newuidmap", "uidmap")];

const PACKAGES: &str = "buildbox,gcc,g++,make,autoconf,automake,libtool,binutils";

/// Makes the tar of the base in the cache, unless it is there.
pub(crate) fn run(paths: &Paths, force: bool) -> Result<()> {
    let tar = paths.base_tar();
    let _lock = Lock::take(&tar)?;
    if tar.exists() && !force {
        return Ok(());
    }
    apt::ensure(&NEEDS)?;
    println!("making a Debian root with mmdebstrap (600 MB, about a minute)");
    let part = tar.with_extension("part.tar");
    let mut mmdebstrap = command("mmdebstrap", ["--variant=minbase", "--format=tar", "--quiet"]);
    // A mirror that is not up to date is sufficient.
    mmdebstrap.args([
        "--aptopt=Acquire::Check-Valid-Until \"false\"",
        &format!("--include={PACKAGES}"),
        "sid",
    ]);
    show(mmdebstrap.arg(&part)).context("cannot make the Debian root")?;
    let hash = sha256(&part)?;
    fs::rename(&part, &tar)?;
    fs::write(hash_file(paths), hash)?;
    Ok(())
}

/// Unpacks the base in the cache, unless this one is there; answers with the folder.
pub(crate) fn unpack(paths: &Paths) -> Result<PathBuf> {
    run(paths, false)?;
    let root = paths.base_root();
    let _lock = Lock::take(&root)?;
    let (stamp, hash) = (root.with_extension("unpacked"), hash(paths)?);
    if fs::read_to_string(&stamp).is_ok_and(|old| old == hash) {
        return Ok(root);
    }
    let new = tempfile::tempdir_in(root.parent().context("the cache has no folder")?)?;
    let folder = new.path().join("base");
    fs::create_dir(&folder)?;
    let mut tar = command("tar", ["--extract", "--no-same-owner", "--exclude=./dev/*", "--file"]);
    show(tar.arg(paths.base_tar()).arg("--directory").arg(&folder))?;
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    fs::rename(&folder, &root)?;
    fs::write(&stamp, hash)?;
    Ok(root)
}

/// The SHA-256 of the base's tar, in hexadecimal; taken from the last time if the tar did not change.
pub(crate) fn hash(paths: &Paths) -> Result<String> {
    let (tar, file) = (paths.base_tar(), hash_file(paths));
    let changed = |path| fs::metadata(path).and_then(|metadata| metadata.modified());
    if matches!((changed(&tar), changed(&file)), (Ok(tar), Ok(hash)) if tar <= hash) {
        return Ok(fs::read_to_string(file)?);
    }
    let hash = sha256(&tar)?;
    fs::write(file, &hash)?;
    Ok(hash)
}

/// The SHA-256 of a file, in hexadecimal.
pub(crate) fn sha256(file: &Path) -> Result<String> {
    let line = output(command("sha256sum", ["--binary"]).arg(file))?;
    let (hash, _name) = line.split_once(' ').context("sha256sum printed no hash")?;
    Ok(hash.to_owned())
}

fn hash_file(paths: &Paths) -> PathBuf {
    paths.base_tar().with_extension("tar.sha256")
}
