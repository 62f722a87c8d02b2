//! Runs one command in a root of its own, with limits, cut off from the machine. Knows no digests.
//!
//! ```no_run
//! # use spec_sandbox::{Command, Ending, Output, RootSpec, run};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let root = RootSpec::new(["/trees/base".into(), "/trees/app".into()], "/build/1/upper", "/build/1/work");
//! let command = Command { stdout: Output::Fd(std::fs::File::create("log")?.into()), ..Command::new(["make"]) };
//! let outcome = run(&root, &command)?;
//! assert_eq!(outcome.ending, Ending::Exited(0));
//! # Ok(())
//! # }
//! ```
//!
//! # What the command sees
//! Its own user, mount, process, network, IPC, host name and cgroup namespaces. The root is an overlay of
//! read-only layers; what the command writes lands in [`RootSpec::upper`]. Mount points that the root lacks
//! are made and afterwards removed again, so the upper directory holds what the command did and nothing else.
//! As on every overlay, a directory that comes from a layer cannot be renamed in one step (`mv` copies it).
//!
//! # Who owns the files
//! Always, also for root, the command runs in a user namespace with one user and one group: the host's own,
//! under the numbers [`Command::uid`] and [`Command::gid`]. Whatever belongs to the host's user outside belongs to the
//! build user inside, and the other way round; nothing has to be given away or taken back, and root and
//! ordinary users leave the same upper directory behind (whiteouts are character devices 0:0, opaque
//! directories carry `user.overlay.opaque`). Layers should belong to the user who runs the host.
//!
//! # Who owns the processes
//! A supervisor, a small program embedded in this library (`init/`), outlives neither the host nor the sandbox: it
//! holds one end of a socket, the host the other. A host that is killed closes its end.
//!
//! Linux 5.12 or newer; 6.8 for roots with more layers than fit into a page of mount options.

mod arguments;
mod command;
mod error;
mod filter;
/// Compiled by `build.rs`; named here for `cargo fmt` alone.
#[cfg(any())]
#[path = "../init/main.rs"]
mod init;
mod probe;
mod remedy;
mod root;
mod running;
mod script;
mod spawn;
mod stream;
#[cfg(test)]
mod tests;
#[allow(dead_code, unreachable_pub)]
mod wire;

pub use arguments::{LONGEST_ARGUMENT, check_arguments};
pub use command::{Capabilities, Command, Input, Limit, Output, Resource};
pub use error::SandboxError;
pub use probe::{Check, probe};
pub use root::{Mount, MountKind, RootSpec, Subtree};
pub use running::{Ending, Killer, Outcome, Running, Usage, clear_work};
pub use spawn::{run, spawn};
pub use stream::Stream;
