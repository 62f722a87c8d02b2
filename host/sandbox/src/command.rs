//! The command of a sandbox, and its limits.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

/// A command line and everything about its process except for the root.
#[derive(Debug)]
pub struct SandboxCommand {
    /// Program and arguments. A program without a slash is looked up in `PATH` of `environment`.
    pub argv: Vec<OsString>,
    /// The whole environment: nothing is inherited, nothing added.
    pub environment: Vec<(OsString, OsString)>,
    /// Absolute working directory inside. List it in [`crate::RootSpec::directories`], or in
    /// [`crate::RootSpec::unmarked_directories`], to have it made.
    pub cwd: PathBuf,
    /// User number inside.
    pub uid: u32,
    /// Group number inside.
    pub gid: u32,
    /// Shares the host's network. Without it there is a loopback interface and nothing else.
    pub network: bool,
    /// Host name inside, at most 64 bytes.
    pub hostname: String,
    /// Standard input.
    pub stdin: InputSource,
    /// Standard output.
    pub stdout: OutputTarget,
    /// Standard error.
    pub stderr: OutputTarget,
    /// Wall-clock limit, from the start of the sandbox on.
    pub timeout: Option<Duration>,
    /// Resource limits; those not named are inherited, but core dumps are always off.
    pub limits: Vec<ResourceLimit>,
    /// Its niceness (`nice(2)`), from 0 to 19; at least that of the host. Where the kernel divides the processor by
    /// session first (`sched(7)`, autogroups), it has little effect.
    pub nice: u8,
    /// What the command may do beyond an ordinary user, within the sandbox.
    pub capabilities: Capabilities,
    /// Whether the command may make user namespaces, and mounts and more within them. They open a part of the kernel
    /// that is otherwise closed to it, so this is only for programs that need them.
    pub user_namespaces: bool,
}

impl SandboxCommand {
    /// User and group 0 in `/`, with an empty environment, no input, no output, no network, no privileges.
    pub fn new<S: Into<OsString>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            cwd: "/".into(),
            uid: 0,
            gid: 0,
            network: false,
            hostname: "buildbox".into(),
            stdin: InputSource::Null,
            stdout: OutputTarget::Null,
            stderr: OutputTarget::Null,
            timeout: None,
            limits: Vec::new(),
            nice: 0,
            capabilities: Capabilities::NONE,
            user_namespaces: false,
        }
    }
}

/// Where standard input comes from.
#[derive(Debug)]
pub enum InputSource {
    /// Empty: the `/dev/null` of the sandbox.
    Null,
    /// This file, pipe or socket.
    Fd(OwnedFd),
    /// The host's own standard input. If it is a terminal the command becomes its foreground job, and can have jobs
    /// of its own; when the command ends the host gets the terminal back. For interactive shells only.
    Terminal,
}

/// Where standard output or standard error goes.
#[derive(Debug)]
pub enum OutputTarget {
    /// Nowhere: the `/dev/null` of the sandbox.
    Null,
    /// This pipe or socket. A command could read and truncate a file, and change its mode and times; so to keep
    /// output in a file, use a [`crate::OutputPipe`].
    Fd(OwnedFd),
    /// Where the host's own goes.
    Inherit,
}

/// A resource limit, hard and soft alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceLimit {
    /// The resource.
    pub resource: Resource,
    /// How much; the unit is the resource's.
    pub value: u64,
}

/// What can be limited for each process (`setrlimit(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// CPU time in seconds.
    CpuSeconds = 0,
    /// Size of a file written, in bytes.
    FileSize = 1,
    /// Stack in bytes.
    Stack = 3,
    /// Processes and threads of the sandbox.
    Processes = 6,
    /// Open files.
    OpenFiles = 7,
    /// Address space in bytes.
    AddressSpace = 9,
}

/// A set of Linux capabilities, valid only for resources of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities(pub(crate) u64);

impl Capabilities {
    /// No capability at all.
    pub const NONE: Self = Self(0);
    /// Change owners, modes and attributes of files, and pass over their permissions
    /// (`CAP_CHOWN`, `CAP_DAC_OVERRIDE`, `CAP_FOWNER`, `CAP_FSETID`).
    pub const FILES: Self = Self(1 << 0 | 1 << 1 | 1 << 3 | 1 << 4);
}
