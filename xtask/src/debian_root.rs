//! Roots of Debian packages, unpacked as they are: no script of theirs runs, and nothing is installed on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::apt::{self, Need};
use crate::command::{command, show};
use crate::lock::Lock;

/// The file of a root that says what it is made of.
pub(crate) const STAMP: &str = "made-of";

/// A root of packages, and of those that they depend on, but of nothing that every Debian has.
pub(crate) struct DebianRoot {
    /// The release.
    pub(crate) suite: &'static str,
    /// Separated by commas.
    pub(crate) packages: &'static str,
    /// Patterns of paths that are left out.
    pub(crate) excluded: &'static [&'static str],
    /// Folders that packages need not have: where things are mounted.
    pub(crate) mount_points: &'static [&'static str],
}

impl DebianRoot {
    /// Makes the root at a path of the cache, unless it is there; says first what it `makes`. Answers with the path.
    pub(crate) fn ensure(&self, root: PathBuf, needs: &[Need], makes: &str) -> Result<PathBuf> {
        self.ensure_with(root, needs, makes, &[], |_, _| Ok(()))
    }

    /// As [`ensure`](Self::ensure); `finish` adds to the unpacked root what `more` names, with a folder for what it
    /// needs meanwhile.
    pub(crate) fn ensure_with(
        &self,
        root: PathBuf,
        needs: &[Need],
        makes: &str,
        more: &[&str],
        finish: impl FnOnce(&Path, &Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let _lock = Lock::take(&root)?;
        apt::ensure(needs)?;
        let wanted = [&[self.suite, self.packages], self.excluded, more].concat().join("\n");
        if fs::read_to_string(root.join(STAMP)).is_ok_and(|made_of| made_of == wanted) {
            return Ok(root);
        }
        println!("making {makes}");
        let new = tempfile::tempdir_in(root.parent().context("the cache has no folder")?)?;
        let folder = new.path().join("root");
        self.unpack(&folder)?;
        finish(&folder, new.path())?;
        fs::write(folder.join(STAMP), wanted)?;
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::rename(&folder, &root)?;
        Ok(root)
    }

    /// Unpacks it into a new folder.
    fn unpack(&self, folder: &Path) -> Result<()> {
        for point in self.mount_points {
            fs::create_dir_all(folder.join(point))?;
        }
        let mut mmdebstrap = command("mmdebstrap", ["--variant=extract", "--format=tar", "--quiet"]);
        // A mirror that lags behind is good enough.
        mmdebstrap.args([
            "--aptopt=Acquire::Check-Valid-Until \"false\"",
            &format!("--include={}", self.packages),
            self.suite,
        ]);
        let mut packing =
            mmdebstrap.arg("-").stdout(Stdio::piped()).spawn().context("cannot start mmdebstrap")?;
        let mut unpack = command("tar", ["--extract", "--no-same-owner"]);
        unpack.args(self.excluded.iter().map(|path| format!("--exclude={path}")));
        unpack.stdin(packing.stdout.take().context("it has a pipe")?);
        let unpacked = show(unpack.arg("--directory").arg(folder));
        // Its end of the pipe, if it could not be started.
        drop(unpack);
        let packed = packing.wait()?;
        ensure!(packed.success(), "{packed}: mmdebstrap cannot unpack {}", self.packages);
        unpacked
    }
}
