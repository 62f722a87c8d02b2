//! A program that is called as `ssh` and runs the command here, as the shell of a server would.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use spec_source::{SshOptions, SshProgram};

/// What it does depends on the host that it is told. Each call is a line of the file `calls`.
const PROGRAM: &str = r#"#!/bin/sh
here=${0%/*}
echo "$GIT_PROTOCOL $*" >> "$here/calls"
while [ $# -gt 2 ]; do shift; done
run() { (cd "$here" && PATH="$here/commands:$PATH" exec sh -c "$1"); }
case $1 in
  *@denied) echo "$1: Permission denied (publickey)." >&2; exit 255 ;;
  *@away) echo "ssh: connect to host away port 22: Connection refused" >&2; exit 255 ;;
  *@flaky)
    [ -e "$here/came" ] || { touch "$here/came"; echo "Connection reset by peer" >&2; exit 255; }
    run "$2" ;;
  *@plain) unset GIT_PROTOCOL; run "$2" ;;
  *@narrow)
    unset GIT_PROTOCOL
    case $2 in git-upload-pack*) run "$2" ;; *) echo "fatal: unrecognized command" >&2; exit 128 ;; esac ;;
  *@noisy) echo "Welcome to this server"; run "$2" ;;
  *@quiet) exit 0 ;;
  *@breaks) run "$2" | { dd bs=1 count=300 status=none; echo "client_loop: send disconnect: Broken pipe" >&2; kill -KILL 0; } ;;
  *@chatty) yes "warning: post-quantum" | head -n 20000 >&2; run "$2" ;;
  *@hangs) sleep 1000 & echo $! >> "$here/started"; echo $$ >> "$here/started"; wait ;;
  *@background) sleep 2 & run "$2" ;;
  *) run "$2" ;;
esac
"#;

/// The program in a folder.
pub(crate) struct FakeSsh {
    folder: PathBuf,
}

impl FakeSsh {
    pub(crate) fn new(folder: &Path) -> Self {
        let program = folder.join("ssh");
        fs::write(&program, PROGRAM).expect("the folder can be written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is there");
        Self { folder: folder.to_owned() }
    }

    pub(crate) fn options(&self) -> SshOptions {
        SshOptions { program: SshProgram::Named(self.folder.join("ssh").display().to_string()) }
    }

    /// Adds a command that the server has.
    pub(crate) fn add_command(&self, name: &str, text: &str) {
        let folder = self.folder.join("commands");
        fs::create_dir_all(&folder).expect("the folder can be written");
        fs::write(folder.join(name), format!("#!/bin/sh\n{text}\n")).expect("the folder can be written");
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).expect("it is there");
    }

    /// The calls so far: the variable of the protocol, and the arguments.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.folder.join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// The numbers of the processes that hang.
    pub(crate) fn started(&self) -> Vec<u32> {
        let started = fs::read_to_string(self.folder.join("started")).unwrap_or_default();
        started.lines().filter_map(|line| line.parse().ok()).collect()
    }
}
