//! Debian's `docker-registry`, a registry of the OCI distribution specification.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use tempfile::TempDir;

use super::owned_process::{OwnedProcess, owned};
use super::ports::{free_address, is_listening};
use crate::require_env;

/// How long it may take to listen.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running registry with an empty store, which goes when this goes.
#[derive(Debug)]
pub struct DockerRegistry {
    _process: OwnedProcess,
    address: SocketAddr,
    _folder: TempDir,
}

impl DockerRegistry {
    /// Starts one on this machine, without TLS.
    ///
    /// # Panics
    /// If `SPEC_DOCKER_REGISTRY` does not name its root, or it does not listen soon.
    #[must_use]
    pub fn start() -> DockerRegistry {
        let root = require_env("SPEC_DOCKER_REGISTRY");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let address = free_address();
        let configuration = folder.path().join("config.yml");
        let store = folder.path().join("store");
        let text = format!(
            "version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{address}'}}\n",
            store.display()
        );
        fs::write(&configuration, text).expect("a file of our own folder can be written");
        let mut command = owned(root.join("usr/bin/docker-registry"));
        command.arg("serve").arg(&configuration);
        let mut process = OwnedProcess::start("docker-registry", command, folder.path());
        process.wait_until("listening", DEADLINE, |_| is_listening(&address));
        DockerRegistry { _process: process, address, _folder: folder }
    }

    /// `HOST:PORT`, as in references.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}
