//! `buildbox-casd`, which comes with BuildStream, as the server.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use spec_testkit::{require_env, wait_for};

use crate::exchange::both_ways;

/// A running casd, which is killed when this goes.
struct Casd {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Casd {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("there is a free port").to_string();
        let mut command = Command::new(binary());
        command.arg(format!("--bind={address}")).arg(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("casd comes with BuildStream");
        wait_for("casd to listen", || TcpStream::connect(&address).is_ok());
        Self { child, url: format!("http://{address}"), _folder: folder }
    }
}

impl Drop for Casd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The casd of the BuildStream that `SPEC_BST` names.
fn binary() -> PathBuf {
    let root = require_env("SPEC_BST");
    let root = root.parent().and_then(|bin| bin.parent()).expect("it is in an environment of Python");
    let pythons = std::fs::read_dir(root.join("lib")).expect("there is a Python").flatten();
    let inner = "site-packages/buildstream/subprojects/buildbox/buildbox-casd";
    let found = pythons.map(|python| python.path().join(inner)).find(|path| path.is_file());
    found.expect("BuildStream brings casd")
}

#[test]
fn artifacts_go_both_ways_through_casd() {
    both_ways(&Casd::start().url);
}
