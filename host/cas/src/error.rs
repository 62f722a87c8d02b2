//! Errors of the store.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use spec_model::{Blame, Digest, UserError, limit_hint};

/// The result of the operations of this crate.
pub type Result<T, E = CasError> = std::result::Result<T, E>;

/// A failed operation on the store or on a tree.
#[derive(Debug, thiserror::Error)]
pub enum CasError {
    /// A blob is not in the store. Reason `cas-missing`.
    #[error("{what} ({digest}) is not in the store")]
    Missing {
        /// The absent blob.
        digest: Digest,
        /// What it is, for people: "directory usr/lib", "blob".
        what: String,
    },
    /// A blob is elsewhere, and cannot be brought at present. Reason `cas-elsewhere`.
    #[error("{digest} is not in the store, and where it is it cannot be had: {why}")]
    Elsewhere {
        /// The blob.
        digest: Digest,
        /// Where it is, and why it cannot be had.
        why: String,
    },
    /// A stored blob does not have the contents of its name. It is in `quarantine/` now. Reason `cas-corrupt`.
    #[error("{what} ({digest}) is damaged on disk: found {found}; it was moved to quarantine")]
    Corrupt {
        /// What was expected.
        digest: Digest,
        /// What it is, as people call it.
        what: String,
        /// What the file holds instead.
        found: Digest,
    },
    /// Written bytes are not the announced ones; nothing was stored. Reason `cas-wrong-digest`.
    #[error("expected contents with digest {expected}, got {found}; nothing was stored")]
    WrongDigest {
        /// What was announced.
        expected: Digest,
        /// What was written.
        found: Digest,
    },
    /// The file system or the user's quota is full; nothing was stored. Reason `cas-disk-full`.
    #[error("no space left while writing {}; everything stored so far stays", path.display())]
    DiskFull {
        /// The file being written, or the store.
        path: PathBuf,
    },
    /// A blob is no canonical REAPI `Directory` message. Reason `cas-bad-directory`.
    #[error("blob {digest} is not a directory in REAPI's canonical form: {why}")]
    BadDirectory {
        /// The blob.
        digest: Digest,
        /// Which rule it breaks.
        why: String,
    },
    /// A path that no tree can hold. Reason `cas-bad-path`.
    #[error("'{path}' cannot be a path in a tree: {why}")]
    BadPath {
        /// The path as given.
        path: String,
        /// Which rule it breaks.
        why: &'static str,
    },
    /// A captured folder holds something that trees cannot. Reason `cas-special-file`.
    #[error("{} is a {kind}; a tree can hold only files, directories and symbolic links", path.display())]
    SpecialFile {
        /// Where it is on the host.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// A tree is larger than trees may be. Reason `tree-too-large`.
    #[error("{what} has {found} {unit} or more, and at most {limit} are taken")]
    TreeTooLarge {
        /// What it is, as people call it.
        what: String,
        /// How many there are, as far as they were counted.
        found: u64,
        /// How many there may be.
        limit: u64,
        /// What was counted: "entries", "bytes", "levels of folders".
        unit: &'static str,
        /// The name of the setting.
        setting: &'static str,
    },
    /// The work was given up, see [`Cas::with_cancel`](crate::Cas::with_cancel). Reason `cancelled`.
    #[error("the work on the store was cancelled")]
    Cancelled,
    /// Two inputs have entries at the same path that cannot replace each other. Reason `cas-collision`.
    #[error("cannot put a {new} at /{path}, where there is a {old}")]
    Collision {
        /// Path from the root of the tree, without a leading slash.
        path: String,
        /// What is there.
        old: &'static str,
        /// What should go there.
        new: &'static str,
    },
    /// A tree cannot be written to its destination. The reason is that of the inner error.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The operating system refused. Reason `cas-io`.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "read", "create".
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl CasError {
    /// Refuses contents that have another digest than was announced.
    ///
    /// # Errors
    /// [`CasError::WrongDigest`].
    pub fn check_digest(expected: &Digest, found: Digest) -> Result<()> {
        match found == *expected {
            true => Ok(()),
            false => Err(Self::WrongDigest { expected: *expected, found }),
        }
    }

    /// Names the missing or damaged blob, or the tree that is too large, for a caller that knows better than the
    /// store what it is.
    #[must_use]
    pub fn about(mut self, name: impl Into<String>) -> Self {
        if let Self::Missing { what, .. } | Self::Corrupt { what, .. } | Self::TreeTooLarge { what, .. } =
            &mut self
        {
            *what = name.into();
        }
        self
    }

    /// The error of writing to `path`: [`CasError::DiskFull`] for a full disk, the inner error when `error` wraps one
    /// of this crate, otherwise [`CasError::Io`].
    #[must_use]
    pub fn writing(path: impl AsRef<Path>, error: io::Error) -> Self {
        Self::io("write", path)(error)
    }

    /// Whether nothing can be written: the disk is full, or it, or the store, may not be written at all.
    #[must_use]
    pub fn is_unwritable(&self) -> bool {
        match self {
            Self::DiskFull { .. } => true,
            Self::Io { source, .. } => {
                let errno = Errno::from_io_error(source);
                matches!(errno, Some(Errno::ROFS | Errno::ACCESS | Errno::PERM))
            }
            _ => false,
        }
    }

    /// Wraps an operating system's error; a full disk becomes [`CasError::DiskFull`].
    pub(crate) fn io<E: Into<io::Error>>(
        action: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(E) -> Self {
        move |source| {
            let path = path.as_ref().to_path_buf();
            match source.into().downcast::<Self>() {
                Ok(own) => own,
                Err(source) => match Errno::from_io_error(&source) {
                    Some(Errno::NOSPC | Errno::DQUOT) => Self::DiskFull { path },
                    _ => Self::Io { action, path, source },
                },
            }
        }
    }
}

impl UserError for CasError {
    fn blame(&self) -> Blame {
        match self {
            Self::WrongDigest { .. } | Self::Elsewhere { .. } => Blame::Remote,
            Self::BadPath { .. }
            | Self::SpecialFile { .. }
            | Self::TreeTooLarge { .. }
            | Self::Collision { .. } => Blame::Build,
            Self::Missing { .. }
            | Self::Corrupt { .. }
            | Self::DiskFull { .. }
            | Self::BadDirectory { .. }
            | Self::Io { .. } => Blame::Machine,
            Self::Destination(error) => error.blame(),
            Self::Cancelled => Blame::Cancelled,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Missing { .. } => "cas-missing",
            Self::Elsewhere { .. } => "cas-elsewhere",
            Self::Corrupt { .. } => "cas-corrupt",
            Self::WrongDigest { .. } => "cas-wrong-digest",
            Self::DiskFull { .. } => "cas-disk-full",
            Self::BadDirectory { .. } => "cas-bad-directory",
            Self::BadPath { .. } => "cas-bad-path",
            Self::SpecialFile { .. } => "cas-special-file",
            Self::Collision { .. } => "cas-collision",
            Self::TreeTooLarge { .. } => "tree-too-large",
            Self::Destination(error) => error.reason(),
            Self::Cancelled => "cancelled",
            Self::Io { .. } => "cas-io",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { .. } | Self::Corrupt { .. } => "fetch or build it again",
            Self::Elsewhere { .. } => "run again when that server is back",
            Self::SpecialFile { .. } => "remove it",
            Self::Collision { .. } => "stage one of them elsewhere",
            Self::DiskFull { .. } => {
                "make room on that disk and run again; `spec-host cache clean --to 1G` brings the cache to that size"
            }
            Self::TreeTooLarge { setting, .. } => return Some(limit_hint(setting)),
            Self::Destination(error) => return error.hint(),
            Self::WrongDigest { .. }
            | Self::BadDirectory { .. }
            | Self::BadPath { .. }
            | Self::Cancelled
            | Self::Io { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// Why a tree cannot be written to the folder that a user named.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    /// There is a folder with something in it. Reason `checkout-directory-not-empty`.
    #[error("'{}' is there already and not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// There is something that is no folder. Reason `destination-no-folder`.
    #[error("'{}' is there already and is no folder", path.display())]
    NotAFolder {
        /// Where the tree was to go.
        path: PathBuf,
    },
    /// A folder with something in it is where the tree has a file or a link. Reason `destination-taken`.
    #[error("'{}' is a folder that is not empty, where the tree has a file or a link", path.display())]
    Taken {
        /// The folder that is in the way.
        path: PathBuf,
    },
}

impl UserError for DestinationError {
    fn blame(&self) -> Blame {
        Blame::Machine
    }

    fn reason(&self) -> &str {
        match self {
            Self::NotEmpty { .. } => "checkout-directory-not-empty",
            Self::NotAFolder { .. } => "destination-no-folder",
            Self::Taken { .. } => "destination-taken",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotEmpty { .. } | Self::NotAFolder { .. } => "choose another one",
            Self::Taken { .. } => "move it away and run again",
        };
        Some(hint.to_owned())
    }
}
