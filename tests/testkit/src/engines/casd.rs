//! `buildbox-casd` of the base: store, action cache, assets, and execution of actions on this machine.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::engine_root::{EngineRoot, SCRATCH};
use super::owned_process::OwnedProcess;
use super::ports;

/// How long it may take to listen.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running casd, whose store goes when this goes.
#[derive(Debug)]
pub struct Casd {
    process: Option<OwnedProcess>,
    address: SocketAddr,
    root: EngineRoot,
    scratch: TempDir,
}

impl Casd {
    /// Starts one in the base that `SPEC_BASE_ROOT` names.
    ///
    /// # Panics
    /// If it does not listen soon.
    #[must_use]
    pub fn start() -> Casd {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        Casd::start_in(EngineRoot::base(), scratch)
    }

    /// Starts one in this root, with its store in this folder.
    ///
    /// # Panics
    /// If it does not listen soon.
    #[must_use]
    pub fn start_in(root: EngineRoot, scratch: TempDir) -> Casd {
        let mut casd = Casd { process: None, address: ports::free_address(), root, scratch };
        casd.start_again();
        casd
    }

    /// Kills it, with all that it executes.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it with the same store at the same address; it must not run.
    ///
    /// # Panics
    /// If it does not listen soon.
    pub fn start_again(&mut self) {
        let mut command = self.root.command(self.scratch.path(), "buildbox-casd");
        command.arg(format!("--bind={}", self.address)).arg(format!("--bind=unix:{SCRATCH}/socket"));
        command.args(["--buildbox-run=/usr/bin/buildbox-run-bubblewrap", "--jobs=2", "--quota-high=30G"]);
        command.arg(format!("{SCRATCH}/store"));
        let mut process = OwnedProcess::start("casd", command, self.scratch.path());
        process.wait_until("listening", DEADLINE, |_| ports::is_listening(&self.address));
        self.process = Some(process);
    }

    /// `http://HOST:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The path of its unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.scratch.path().join("socket")
    }

    /// The folder with its store, logs and socket.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.scratch.path()
    }
}
