//! Programs of the base, run in it: `buildbox-casd` and its clients.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::super::base::Base;
use crate::command::command;

/// Makes the base the root, read-only, with the scratch folder at `/mnt`. Not by `chroot`, in which casd's sandboxes
/// would have no namespaces; not by `bwrap`, whose `/proc` they could not mount again. Everything it starts ends with
/// this program, because it runs in its own process namespace.
const ENTER: &str = r#"
root=$1; scratch=$2; host=$3; shift 3
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
cd "$root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs run
mount --bind "$scratch" mnt
touch tmp/spec-host; mount --bind "$host" tmp/spec-host
mkdir tmp/tree; mount --bind "$root" tmp/tree
pivot_root . .
umount -l .
cd /
exec "$@"
"#;

/// The base as a root, with `spec-host` and itself in `/tmp`.
pub(super) struct Inside {
    pub(super) base: Base,
    pub(super) host: PathBuf,
    pub(super) scratch: PathBuf,
}

/// Where [`Inside`] has the binary.
pub(super) const SPEC_HOST: &str = "/tmp/spec-host";
/// The path at which [`Inside`] has the base a second time, without other mounts in it.
pub(super) const TREE: &str = "/tmp/tree";

impl Inside {
    /// A command of the base.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut enter = owned("unshare");
        enter.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", ENTER, "sh"]);
        enter.arg(self.base.root()).arg(&self.scratch).arg(&self.host).arg(program);
        enter
    }

    /// The times that bash measures in a script.
    pub(super) fn seconds(&self, script: &str, arguments: &[&str]) -> Result<Vec<Duration>> {
        let script = format!("set -e; TIMEFORMAT=%R; {script}");
        let measured = self.command("bash").args(["-c", &script, "bash"]).args(arguments).output()?;
        let lines = String::from_utf8_lossy(&measured.stderr);
        ensure!(measured.status.success(), "{}: {arguments:?}\n{lines}", measured.status);
        let times = lines.lines().map(|line| line.parse().map(Duration::from_secs_f64));
        times.collect::<Result<_, _>>().with_context(|| format!("bash tells seconds, not:\n{lines}"))
    }
}

/// A command that the kernel kills when this program ends, in whatever way.
pub(super) fn owned(program: impl AsRef<Path>) -> Command {
    let mut owned = command("setpriv", ["--pdeathsig", "KILL"]);
    owned.arg(program.as_ref());
    owned
}
