//! What a Remote Execution API client asks to run, as plain data.

use std::time::Duration;

use crate::Digest;

/// REAPI's `Action`: a command, what it reads, and where it may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The encoded [`Command`].
    pub command: Digest,
    /// The encoded [`Directory`](crate::tree::Directory) that the command starts with.
    pub input_root: Digest,
    /// The limit of wall-clock time; without one the server's limit applies.
    pub timeout: Option<Duration>,
    /// The result must not be cached, and two requests in flight must not share one execution.
    pub do_not_cache: bool,
    /// Makes otherwise equal actions different.
    pub salt: Vec<u8>,
    /// Requirements on the worker; `None` means that [`Command::platform`] has them (REAPI before 2.2).
    pub platform: Option<Platform>,
}

/// REAPI's `Command`: a command line and the outputs that the client wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Program and arguments. A program with a slash is relative to the working directory.
    pub arguments: Vec<String>,
    /// The whole environment.
    pub environment: Vec<(String, String)>,
    /// Relative to the input root; empty for the input root itself.
    pub working_directory: String,
    /// The outputs that the client wants.
    pub outputs: Outputs,
    /// As [`Action::platform`], for clients of REAPI before 2.2.
    pub platform: Option<Platform>,
    /// Names of the node properties that the client wants for outputs: `mtime`, `unix_mode`.
    pub output_node_properties: Vec<String>,
    /// How directories among the outputs are described.
    pub directory_format: DirectoryFormat,
}

/// Which paths a client wants back, relative to the working directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// Anything at these paths (`output_paths`, REAPI 2.1 and newer).
    Paths(Vec<String>),
    /// Files or links to files at some paths, directories or links to directories at others (`output_files` and
    /// `output_directories`).
    Typed {
        /// `output_files`.
        files: Vec<String>,
        /// `output_directories`.
        directories: Vec<String>,
    },
}

impl Default for Outputs {
    fn default() -> Self {
        Self::Paths(Vec::new())
    }
}

/// REAPI's `OutputDirectoryFormat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DirectoryFormat {
    /// As one `Tree` message.
    #[default]
    Tree,
    /// As `Directory` messages in the store.
    Directory,
    /// Both.
    Both,
}

/// REAPI's `Platform`: demands on the worker, in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// Names and values; a name may occur more than once.
    pub properties: Vec<(String, String)>,
}

impl Platform {
    /// The property that names the tree which an input root is laid over (`HASH/SIZE` of its `Directory`).
    pub const CHROOT_ROOT_DIGEST: &str = "chrootRootDigest";
    /// The property that names the path at which an action finds a socket of the Remote Execution API.
    pub const REMOTE_APIS_SOCKET_PATH: &str = "remoteApisSocketPath";

    /// The first value of a property.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}
