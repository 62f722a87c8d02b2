//! Roots that engines run in: folders of Debian packages, which only this machine's cache has.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::owned_process::owned;
use crate::require_env;

/// Makes a folder the root, read-only, in namespaces of its own. Not by `chroot`, in which sandboxes of engines would have no
/// namespaces; not by `bwrap`, whose `/proc` they could not mount again. `umount` is the root's own.
const ENTER: &str = r#"
root=$1; scratch=$2; shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
cd "$root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs run
mount --bind "$scratch" mnt
mkdir tmp/tree; mount --bind "$root" tmp/tree
pivot_root . .
umount -l .
cd /mnt
exec "$@"
"#;

/// Where programs are, in the roots and on this machine.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// A folder that is the root of processes. They have it read-only, a scratch folder at [`SCRATCH`], and the root once more,
/// without anything mounted in it, at [`TREE`].
#[derive(Clone, Debug)]
pub struct EngineRoot {
    root: PathBuf,
    user: u32,
}

/// Where processes in an [`EngineRoot`] have their scratch folder.
pub const SCRATCH: &str = "/mnt";

/// Where processes in an [`EngineRoot`] have the root itself.
pub const TREE: &str = "/tmp/tree";

impl EngineRoot {
    /// A folder as the root; processes in it are root there.
    #[must_use]
    pub fn new(root: &Path) -> EngineRoot {
        EngineRoot { root: root.to_path_buf(), user: 0 }
    }

    /// The Debian base that `SPEC_BASE_ROOT` names: it has recc, casd and their relatives.
    ///
    /// # Panics
    /// If it names none.
    #[must_use]
    pub fn base() -> EngineRoot {
        EngineRoot::new(&require_env("SPEC_BASE_ROOT"))
    }

    /// The root that `SPEC_BUILDGRID` names.
    ///
    /// # Panics
    /// If it names none.
    #[must_use]
    pub fn buildgrid() -> EngineRoot {
        EngineRoot::new(&require_env("SPEC_BUILDGRID"))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The same, for programs that refuse to run as root. Their files belong to the user of this machine.
    #[must_use]
    pub fn as_ordinary_user(self) -> EngineRoot {
        EngineRoot { user: 1000, ..self }
    }

    /// A command in the root, to which arguments are added, with this scratch folder. It has the network of this machine; all
    /// that it starts ends with it.
    #[must_use]
    pub fn command(&self, scratch: &Path, program: &str) -> Command {
        let mut enter = owned("unshare");
        enter.arg("--user").args(["--map-user", "--map-group"].map(|map| format!("{map}={}", self.user)));
        enter.args(["--keep-caps", "--mount", "--pid", "--ipc", "--fork", "--kill-child=KILL"]);
        enter.args(["sh", "-ec", ENTER, "sh"]).arg(&self.root).arg(scratch).arg(program);
        enter.env_clear().envs([("PATH", PATH), ("HOME", SCRATCH), ("LC_ALL", "C.UTF-8")]);
        enter
    }
}
