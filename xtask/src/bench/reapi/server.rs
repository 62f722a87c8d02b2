//! The two servers, each with an empty store when it starts.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::super::measure::cpu_of_process;
use super::inside::{Inside, owned};

/// How long a server may take to listen.
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Ours,
    Casd,
}

/// A running server; dropping this kills it and everything that it runs. Its store stays, because file systems are
/// slow after many files were deleted.
pub(super) struct Server {
    child: Child,
    /// For every client.
    pub(super) tcp: String,
    /// For clients outside of the base.
    pub(super) unix: String,
}

impl Server {
    /// Starts one with a store in a new folder of this name.
    pub(super) fn start(kind: Kind, inside: &Inside, name: &str) -> Result<Server> {
        let folder = inside.scratch.join(name);
        fs::create_dir(&folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut command = match kind {
            Kind::Ours => {
                let (config, at) =
                    (folder.join("spec-host.conf"), |name| folder.join(name).display().to_string());
                fs::write(&config, format!("cachedir: {}\nlogdir: {}\n", at("cache"), at("logs")))?;
                let mut serve = owned(&inside.host);
                serve.arg("--config").arg(config).args(["serve", "--listen", &address]);
                serve.arg("--listen").arg(format!("unix:{}", at("socket")));
                serve
            }
            Kind::Casd => {
                let mut casd = inside.command("buildbox-casd");
                casd.args([format!("--bind={address}"), format!("--bind=unix:/mnt/{name}/socket")]);
                casd.args(["--buildbox-run=/usr/bin/buildbox-run-bubblewrap", &format!("/mnt/{name}/cache")]);
                casd
            }
        };
        let log = fs::File::create(folder.join("log"))?;
        let child = command.stdout(Stdio::null()).stderr(log).spawn()?;
        let unix = format!("unix://{}", folder.join("socket").display());
        let mut server = Server { child, tcp: format!("http://{address}"), unix };
        server.listens(&address, folder.join("log"))?;
        Ok(server)
    }

    /// The processor time that it has taken so far.
    pub(super) fn cpu(&self) -> Result<Duration> {
        cpu_of_process(self.child.id())
    }

    fn listens(&mut self, address: &str, log: PathBuf) -> Result<()> {
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(address).is_err() {
            let runs = self.child.try_wait()?.is_none() && Instant::now() < end;
            ensure!(runs, "a server does not listen:\n{}", fs::read_to_string(&log)?);
            sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
