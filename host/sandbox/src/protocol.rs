//! The protocol between the host and the sandbox's init.
//!
//! This file is compiled into both, so the two cannot disagree; it uses `core` only.
//!
//! The host sends a header (eight bytes: the script's length in bytes, little endian) with the command's standard
//! input attached, then the script. The supervisor answers once, at the end, with a [`SupervisorReport`] and up to
//! [`MESSAGE`] bytes of the kernel's log message. Numbers in a script are `u64`, texts are a number (length in bytes,
//! without the NUL) and that many bytes and a NUL.

/// Length of the header in bytes.
pub const HEADER: usize = 8;
/// Set in the header when the overlay's mount comes with a single byte between header and script.
pub const OVERLAY_FOLLOWS: u64 = 1 << 63;
/// Most bytes of the kernel's message that follow a report.
pub const MESSAGE: usize = 256;

/// The instructions that build the root.
pub mod op {
    /// classic (0 or 1), upper, work, contents (may be empty), number of layers, layers (highest first), each with
    /// whether it is a metacopy folder (0 or 1) before its path.
    pub const OVERLAY: u64 = 1;
    /// path: make the directory if it is missing, and keep it afterwards.
    pub const DIRECTORY: u64 = 2;
    /// flags, path on the host, path in the root.
    pub const BIND: u64 = 3;
    /// mode (octal text), size (text, bytes), path.
    pub const TMPFS: u64 = 4;
    /// path.
    pub const PROC: u64 = 5;
    /// path.
    pub const DEVPTS: u64 = 6;
    /// target, directory, name.
    pub const SYMLINK: u64 = 7;
    /// flags, path: bind-mount the path over itself, with flags of its own.
    pub const REBIND: u64 = 8;
    /// no operand.
    pub const READ_ONLY_ROOT: u64 = 9;
    /// name.
    pub const HOSTNAME: u64 = 10;
    /// no operand: bring the loopback interface up.
    pub const LOOPBACK: u64 = 11;
    /// path: the folder of devices, with nodes of the sandbox's own if the supervisor could make them.
    pub const DEVICES: u64 = 12;
    /// path: mount something empty over the file or directory, if it exists.
    pub const MASK: u64 = 13;
    /// upper: the host made the overlay and sent it before the script.
    pub const GIVEN_OVERLAY: u64 = 14;
}

/// Standard streams of the command that are the sandbox's own `/dev/null`, as bits of a mask.
pub mod null {
    /// Standard input.
    pub const STDIN: u64 = 1;
    /// Standard output.
    pub const STDOUT: u64 = 2;
    /// Standard error.
    pub const STDERR: u64 = 4;
}

/// A device that every sandbox has.
pub struct Device {
    /// Its name in `/dev`.
    pub name: &'static core::ffi::CStr,
    /// Its major number.
    pub major: usize,
    /// Its minor number, below 256.
    pub minor: usize,
}

/// The devices that every sandbox has.
pub const DEVICES: [Device; 6] = [
    Device { name: c"null", major: 1, minor: 3 },
    Device { name: c"zero", major: 1, minor: 5 },
    Device { name: c"full", major: 1, minor: 7 },
    Device { name: c"random", major: 1, minor: 8 },
    Device { name: c"urandom", major: 1, minor: 9 },
    Device { name: c"tty", major: 5, minor: 0 },
];

/// Flags of [`op::BIND`] and [`op::REBIND`].
pub mod flag {
    /// Nothing below the mount can be written.
    pub const READ_ONLY: u64 = 1;
    /// Device nodes below the mount work.
    pub const DEVICES: u64 = 2;
    /// Skipped when the source does not exist.
    pub const OPTIONAL: u64 = 4;
    /// Mounts below keep their flags.
    pub const ALONE: u64 = 8;
    /// Skipped when the sandbox has device nodes of its own.
    pub const HOST_DEVICE: u64 = 16;
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A step of setting up; the number is the step's place in this list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum SetupStep { $($(#[$doc])* $name,)* }

        impl SetupStep {
            /// The steps in order of their numbers, each with what it does in words.
            pub const ALL: &'static [(SetupStep, &'static str)] = &[$((SetupStep::$name, $text),)*];
        }
    };
}

steps! {
    /// Reading the script.
    Receive = "read its instructions",
    /// `unshare(CLONE_NEWUSER)`.
    UserNamespace = "make a user namespace",
    /// Writing `uid_map`, `gid_map` and `setgroups`.
    IdMap = "map the user and the group",
    /// `clone` with every other namespace.
    Namespaces = "make the mount, process, network, IPC and host name namespaces",
    /// Making all mounts private.
    Private = "cut the mounts off from the host's",
    /// Creating and attaching the overlay.
    Overlay = "mount the overlay",
    /// A layer of the overlay.
    Layer = "use a layer of the root",
    /// The overlay's upper directory.
    Upper = "use the upper directory",
    /// The overlay's work directory.
    Work = "use the overlay's work directory",
    /// Making a missing directory or mount point.
    MakePlace = "make a missing path in the root",
    /// Opening what is to be bound.
    BindSource = "open what to bind into the root",
    /// Attaching a mount to the root.
    Attach = "attach a mount to the root",
    /// A tmpfs.
    Tmpfs = "mount a tmpfs",
    /// `/proc`.
    Proc = "mount a proc file system",
    /// `/dev/pts`.
    Devpts = "mount a devpts file system",
    /// The folder of devices.
    Devices = "make the folder of devices",
    /// Hiding a part of `/proc`.
    Mask = "hide a part of the root",
    /// A link in `/dev`.
    Symlink = "make a link in the root",
    /// Flags of a mount.
    Protect = "set the flags of a mount",
    /// `pivot_root` and detaching the old root.
    Pivot = "enter the root",
    /// `sethostname`.
    Hostname = "set the host name",
    /// The loopback interface.
    Loopback = "bring up the loopback interface",
    /// Forking the command.
    Fork = "fork",
    /// Session, terminal and standard input of the command.
    Terminal = "set up the command's session and terminal",
    /// Standard streams that are the sandbox's own.
    Streams = "open the null device of the root",
    /// The working directory.
    Cwd = "enter the working directory",
    /// Resource limits.
    Limits = "set the resource limits",
    /// Capabilities and `no_new_privs`.
    Capabilities = "drop the capabilities",
    /// The system call filter.
    Filter = "install the system call filter",
    /// `execve`.
    Exec = "start the command",
}

/// How a run came to its end.
pub mod termination {
    /// The init died without a report.
    pub const UNKNOWN: u64 = 0;
    /// The command ended; `status` is its wait status.
    pub const ENDED: u64 = 1;
    /// A step failed; `step`, `op`, `detail` and `errno` say which.
    pub const FAILED: u64 = 2;
    /// The time was over.
    pub const TIMED_OUT: u64 = 3;
    /// The host closed its end.
    pub const CANCELLED: u64 = 4;
}

/// The supervisor's answer: `u64`s in this order, in the machine's byte order.
#[derive(Clone, Copy, Default, Debug)]
#[repr(C)]
pub struct SupervisorReport {
    /// One of [`termination`].
    pub termination: u64,
    /// Wait status of the command.
    pub status: u64,
    /// [`SetupStep`] that failed.
    pub step: u64,
    /// Index of the instruction in the script that failed.
    pub op: u64,
    /// Index within the instruction: which layer, which candidate of the command.
    pub detail: u64,
    /// Error number of the kernel.
    pub errno: u64,
    /// CPU time in user mode of the whole tree, in microseconds.
    pub user_us: u64,
    /// CPU time in the kernel of the whole tree, in microseconds.
    pub system_us: u64,
    /// Greatest resident set of one process of the tree, in kilobytes.
    pub max_rss_kb: u64,
    /// Wall-clock time, in nanoseconds.
    pub wall_ns: u64,
    /// Bytes of the kernel's message that follow.
    pub message: u64,
}

/// Numbers in a [`SupervisorReport`].
pub const REPORT_WORDS: usize = 11;

impl SupervisorReport {
    /// The report as its numbers in order.
    pub fn words(&self) -> [u64; REPORT_WORDS] {
        let Self {
            termination,
            status,
            step,
            op,
            detail,
            errno,
            user_us,
            system_us,
            max_rss_kb,
            wall_ns,
            message,
        } = *self;
        [termination, status, step, op, detail, errno, user_us, system_us, max_rss_kb, wall_ns, message]
    }

    /// The report out of its numbers.
    pub fn from_words(w: [u64; REPORT_WORDS]) -> Self {
        let [termination, status, step, op, detail, errno, user_us, system_us, max_rss_kb, wall_ns, message] =
            w;
        Self {
            termination,
            status,
            step,
            op,
            detail,
            errno,
            user_us,
            system_us,
            max_rss_kb,
            wall_ns,
            message,
        }
    }
}
