//! BuildStream, the reference for keys and the peer in the benchmark: from PyPI, in its own environment, with its own
//! cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt::{self, Need};
use crate::command::{command, show};
use crate::paths::Paths;

/// The version whose keys and digests are ours too.
pub(crate) const VERSION: &str = "2.8.1";

/// The packages, and those that plugins for sources import without saying so.
const PACKAGES: [&str; 7] = [
    "buildstream==2.8.1",
    "buildstream-plugins==2.8.0",
    "buildstream-plugins-community==2.4.0",
    "arpy==2.4.0",
    "dulwich==1.2.21",
    "requests==2.34.2",
    "tomlkit==0.15.2",
];

/// What BuildStream's own programs need on the machine, and Python to install them.
const NEEDS: [Need; 6] = [
    Need::Program("python3", "python3"),
    Need::Module("ensurepip", "python3-venv"),
    Need::Program("bwrap", "bubblewrap"),
    Need::Program("fusermount3", "fuse3"),
    Need::Program("git", "git"),
    Need::Program("patch", "patch"),
];

/// Installs BuildStream, and runs it where there are arguments.
pub(crate) fn run(paths: &Paths, arguments: &[String]) -> Result<()> {
    let bst = Bst::install(paths)?;
    if arguments.is_empty() {
        println!("{}", bst.program("bst").display());
        return Ok(());
    }
    let config = Bst::write_config(&paths.target().join("bst"), &paths.target().join("bst"))?;
    show(bst.command(&config).args(arguments))
}

/// An installed BuildStream.
pub(crate) struct Bst {
    environment: PathBuf,
}

impl Bst {
    /// Installs the pinned version, unless it is there already.
    pub(crate) fn install(paths: &Paths) -> Result<Bst> {
        let bst = Bst { environment: paths.bst() };
        let stamp = bst.environment.join("installed");
        let packages = PACKAGES.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == packages) {
            return Ok(bst);
        }
        println!("installing {}", PACKAGES.join(", "));
        apt::ensure(&NEEDS)?;
        show(command("python3", ["-m", "venv", "--clear"]).arg(&bst.environment))?;
        let mut pip = command(bst.program("pip"), ["install", "--quiet", "--disable-pip-version-check"]);
        show(pip.args(PACKAGES)).context("cannot install BuildStream from PyPI")?;
        fs::write(&stamp, packages)?;
        Ok(bst)
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.environment.join("bin").join(name)
    }

    /// A `bst` command that touches no cache or configuration of the user.
    pub(crate) fn command(&self, config: &Path) -> Command {
        let mut bst = command(self.program("bst"), ["--no-colors", "--no-interactive", "--config"]);
        bst.arg(config);
        bst
    }

    /// Where [`Bst::write_config`] writes.
    pub(crate) fn config(folder: &Path) -> PathBuf {
        folder.join("buildstream.conf")
    }

    /// Writes a user configuration, which spec-host reads too, into one folder, for a cache in another.
    pub(crate) fn write_config(folder: &Path, cache: &Path) -> Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let config = Bst::config(folder);
        let at = |name: &str| format!("{name}: {}\n", cache.join(name).display());
        let folders = ["cachedir", "sourcedir", "logdir"].map(at).concat();
        let quota = "cache:\n  reserved-disk-space: 1%\n";
        fs::write(&config, format!("{folders}build:\n  max-jobs: 2\nscheduler:\n  builders: 2\n{quota}"))?;
        Ok(config)
    }
}
