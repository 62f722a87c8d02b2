//! Programs of the base, run in it: `buildbox-casd` and its clients.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::super::base::Base;
use crate::command::{command, output};

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

/// Runs a command some times, after a script. Only bash's times go to the standard output, one a line: what the command
/// prints is dropped, its errors are shown if it fails, and whatever else complains does so on the standard error.
const MEASURE: &str = r#"
runs=$1; prepare=$2; shift 2
exec 3>&1 > /dev/null
eval "$prepare"
TIMEFORMAT=%R
for ((run = 0; run < runs; run++)); do
    { time "$@" 2> /tmp/errors 3>&-; } 2>&3 || { status=$?; cat /tmp/errors >&2; exit $status; }
done
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

    /// How long a command takes in the base, each of `runs` times, after a script prepared for it.
    pub(super) fn times(&self, prepare: &str, runs: usize, argv: &[&str]) -> Result<Vec<Duration>> {
        let mut bash = self.command("bash");
        bash.args(["-ec", MEASURE, "bash", &runs.to_string(), prepare]).args(argv).env("LC_ALL", "C");
        let lines = output(&mut bash)?;
        let times = lines.lines().map(|line| line.parse().map(Duration::from_secs_f64));
        let times: Vec<_> = times.collect::<Result<_, _>>().with_context(|| format!("no time:\n{lines}"))?;
        ensure!(times.len() == runs, "{} of {runs} times were measured: {argv:?}", times.len());
        Ok(times)
    }
}

/// A command that the kernel kills when this program ends, in whatever way.
pub(super) fn owned(program: impl AsRef<Path>) -> Command {
    let mut owned = command("setpriv", ["--pdeathsig", "KILL"]);
    owned.arg(program.as_ref());
    owned
}
