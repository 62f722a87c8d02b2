//! `spec-host serve` on another host: in a network namespace of its own, at the end of a wire.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::owned_process::{OwnedProcess, owned};
use super::wire::{FarEnd, Wire};
use crate::Host;

/// How long it may take to listen.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running `spec-host serve` without a network but its wire.
#[derive(Debug)]
pub struct ServeHost {
    process: Option<OwnedProcess>,
    wire: Wire,
    host: Host,
    arguments: Vec<String>,
}

impl ServeHost {
    /// Starts it over the cache of `host`, with more arguments, at the end of a wire of this round trip.
    ///
    /// # Panics
    /// If it does not listen soon.
    #[must_use]
    pub fn start(host: Host, arguments: &[&str], round_trip: Duration) -> ServeHost {
        let wire = Wire::to(FarEnd::Unix(socket(&host)), round_trip);
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut served = ServeHost { process: None, wire, host, arguments };
        served.start_again();
        served
    }

    /// The wire to it.
    #[must_use]
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// `http://HOST:PORT` of the wire.
    #[must_use]
    pub fn url(&self) -> String {
        self.wire.url()
    }

    /// The host whose cache it serves.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Kills it, with all that it executes.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it with the same cache behind the same wire; it must not run.
    ///
    /// # Panics
    /// If it does not listen soon.
    pub fn start_again(&mut self) {
        let socket = socket(&self.host);
        // A killed server leaves it.
        let _ = std::fs::remove_file(&socket);
        let serve = self.host.command_in(Path::new("/"));
        let mut command = owned("unshare");
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.arg("--net").arg(serve.get_program()).args(serve.get_args());
        for (name, value) in serve.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args(["serve", "--listen", &format!("unix:{}", socket.display())]).args(&self.arguments);
        let folder = self.host.folder().to_path_buf();
        let mut process = OwnedProcess::start("serve", command, &folder);
        process.wait_until("listening", DEADLINE, |log| log.contains("listening on "));
        self.process = Some(process);
    }

    /// What it has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.as_ref().map(OwnedProcess::log).unwrap_or_default()
    }
}

/// Only root has network namespaces without a user namespace.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn socket(host: &Host) -> PathBuf {
    host.folder().join("socket")
}
