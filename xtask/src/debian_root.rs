//! Roots of Debian packages, unpacked as they are: no script of theirs runs, and nothing is installed on the machine.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::command::{command, show};

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
    /// What another root would differ in.
    pub(crate) fn made_of(&self) -> String {
        [&[self.suite, self.packages], self.excluded].concat().join("\n")
    }

    /// Unpacks it into a new folder.
    pub(crate) fn unpack(&self, folder: &Path) -> Result<()> {
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
