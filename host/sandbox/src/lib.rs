//! Runs one command in a root of its own, with limits, isolated from the machine. This crate knows no digests.
//!
//! ```no_run
//! # use spec_sandbox::{OutputPipe, OutputTarget, RootSpec, SandboxCommand, Termination, spawn};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let root = RootSpec::new(["/trees/base", "/trees/app"], "/build/1/upper", "/build/1/work");
//! let (log, end) = OutputPipe::new(std::fs::File::create("log")?)?;
//! let command = SandboxCommand { stdout: OutputTarget::Fd(end), ..SandboxCommand::new(["make"]) };
//! let outcome = spawn(&root, &command)?.read(&mut [log])?;
//! assert_eq!(outcome.termination, Termination::Exited(0));
//! # Ok(())
//! # }
//! ```
//!
//! # What the command sees
//! Its own user, mount, process, network, IPC, host name and cgroup namespaces. The root is an overlay of
//! read-only layers; what the command writes lands in [`RootSpec::upper`]. Mount points that the root lacks
//! are made and afterwards removed again, so the upper directory holds what the command did and nothing else.
//! A directory that comes from a layer can be renamed in one step where layers are images; on other
//! overlays it cannot (`mv` copies it).
//!
//! # Who owns the files
//! Always, also for root, the command runs in a user namespace with one user and one group: the host's own, under the
//! numbers [`SandboxCommand::uid`] and [`SandboxCommand::gid`]. Files of the host's user outside belong to the build
//! user inside, and the other way round, so no ownership must be changed, and root and ordinary users leave the same
//! upper directory behind (whiteouts are character devices 0:0, opaque directories carry `user.overlay.opaque`).
//! Layers should belong to the user who runs the host.
//!
//! Only real root can have images as layers: the host then makes the overlay before it enters the user namespace, and the
//! upper directory has attributes of its own, `trusted.overlay.opaque`, `redirect` and `metacopy`: renamed directories and
//! files of which only the metadata changed refer to the layers.
//!
//! # What the command may ask of the kernel
//! It has no capabilities and gains none (`no_new_privs`; nothing is set-uid). A filter of system calls refuses what the
//! default profiles of container runtimes refuse: keys, mounts, namespaces, `bpf`, `perf_event_open`, `io_uring`, sockets
//! other than UNIX, IPv4, IPv6 and netlink for routes, faked terminal input, and calls that are newer than the filter, in
//! every binary interface that the machine runs. Parts of `/proc` that are about the machine are hidden. User namespaces are
//! for those whose [`SandboxCommand::user_namespaces`] says so.
//!
//! # What the host does with files after the command
//! It removes mount points that it made, and only these: through descriptors of their directories in the upper directory that
//! were opened before the command started, if what has the name there is still what was made. No path that the command can
//! change is followed. Output is read from a pipe ([`OutputPipe`]). Devices are nodes of the sandbox's own where the host is real
//! root, else the host's nodes, mounted so that modes and times cannot be changed.
//!
//! # Who owns the processes
//! A supervisor, a small program embedded in this library (`init/`), outlives neither the host nor the sandbox: it
//! holds one end of a socket, the host the other. A host that is killed closes its end. Where this process may make control
//! groups, every sandbox has one of its own.
//!
//! Linux 5.12 or newer; 6.15 for images, 6.16 for metacopy folders; 6.8 for roots with more layers than fit into a page of mount options.

mod arguments;
mod cgroup;
mod command;
mod error;
mod filesystem;
mod filter;
/// Compiled by `build.rs`; named here for `cargo fmt` alone.
#[cfg(any())]
#[path = "../init/main.rs"]
mod init;
mod overlay;
mod probe;
#[allow(dead_code, unreachable_pub)]
mod protocol;
mod remedy;
mod root;
mod running;
mod script;
mod spawn;
mod stream;
#[cfg(test)]
mod tests;

pub use arguments::{MAX_ARGUMENT_SIZE, check_arguments};
pub use command::{Capabilities, InputSource, OutputTarget, Resource, ResourceLimit, SandboxCommand};
pub use error::SandboxError;
pub use probe::{SandboxCheck, probe};
pub use root::{Layer, Mount, MountKind, RootSpec, Subtree};
pub use running::{CommandOutcome, KillHandle, ResourceUsage, Running, Termination, clear_work};
pub use spawn::{run, spawn};
pub use stream::OutputPipe;
