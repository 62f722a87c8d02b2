//! The binary, with a cache of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Outcome, Project};

/// How long a run may take: long enough for a build on a busy machine, short enough to end a test.
const DEADLINE: Duration = Duration::from_secs(300);

/// The `spec-host` binary with a cache and a configuration that go when this goes.
#[derive(Debug)]
pub struct Host {
    binary: PathBuf,
    folder: TempDir,
}

impl Host {
    /// A binary with an empty cache.
    ///
    /// # Panics
    /// If there is no binary, or its configuration cannot be written.
    #[must_use]
    pub fn new() -> Host {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let host = Host { binary: binary(), folder };
        host.configure("");
        host
    }

    /// Adds lines to the user configuration, in place of those added before.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn configure(&self, lines: &str) {
        let cache = self.cache();
        let text =
            format!("cachedir: {}\nlogdir: {}\n{lines}", cache.display(), cache.join("logs").display());
        fs::write(self.configuration(), text).expect("a file of our own folder can be written");
    }

    /// The folder of the cache.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// A command on a project, to which arguments are added.
    #[must_use]
    pub fn command(&self, project: &Project) -> Command {
        self.command_in(project.path())
    }

    /// A command in a folder, to which arguments are added.
    #[must_use]
    pub fn command_in(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.configuration()).arg("--directory").arg(folder);
        // What the tests' own environment says must not change what is built.
        command.env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME");
        command
    }

    /// Runs a command on a project.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn run(&self, project: &Project, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(project).args(arguments), DEADLINE)
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("spec-host.conf")
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

/// The binary that `SPEC_HOST` names, or the one that cargo put beside this test.
fn binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("SPEC_HOST") {
        return PathBuf::from(binary);
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).expect("a test is in PROFILE/deps");
    let binary = profile.join("spec-host");
    assert!(binary.is_file(), "{} is not there: run `cargo xtask test`", binary.display());
    binary
}
