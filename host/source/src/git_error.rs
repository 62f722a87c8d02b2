//! Errors of git repositories.

use std::io;
use std::path::PathBuf;

use spec_model::Blame;

/// Why a git repository is not fetched, tracked or staged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// The folder is no repository.
    #[error("{} is no git repository", path.display())]
    NoRepository {
        /// The folder.
        path: PathBuf,
    },
    /// A file of a repository of this machine cannot be read or written.
    #[error("cannot {action} {}: {error}", path.display())]
    Io {
        /// What was tried: "read", "write".
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The repository does not have an object.
    #[error("the repository has no {what} {id}")]
    Missing {
        /// What it is needed as: "commit", "file".
        what: &'static str,
        /// Its 40 digits.
        id: String,
    },
    /// An object cannot be read, or is not what its name says.
    #[error("the object {id} is damaged: {why}")]
    Damaged {
        /// Its 40 digits.
        id: String,
        /// What is wrong.
        why: String,
    },
    /// A commit has an entry that git does not check out.
    #[error("the commit has the entry '{path}', {why}")]
    BadEntry {
        /// The path of the entry, as far as it can be shown.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A `.gitattributes` says something of a file that cannot be done.
    #[error("the attributes of '{path}': {why}")]
    BadAttribute {
        /// The path of the file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A file of Git LFS cannot be had.
    #[error("the file of Git LFS with SHA-256 {sha256} {why}")]
    Lfs {
        /// Its 64 digits.
        sha256: String,
        /// What is wrong.
        why: String,
    },
    /// A server of Git LFS does not answer as one.
    #[error("the answer of the server of Git LFS is none: {why}")]
    LfsAnswer {
        /// What is wrong.
        why: String,
    },
    /// A commit has more or larger files than sources may have.
    #[error("the commit has more than {limit}")]
    TooLarge {
        /// The limit, in words.
        limit: String,
    },
    /// No branch or tag matches what is tracked.
    #[error("no branch or tag matches '{pattern}'{near}")]
    NoMatch {
        /// What is tracked.
        pattern: String,
        /// Names that are similar, in words; empty if there are none.
        near: String,
    },
    /// The tag of a ref does not exist.
    #[error("there is no tag '{tag}'")]
    NoTag {
        /// Its name.
        tag: String,
    },
    /// A `.gitmodules` that cannot be used.
    #[error("the submodule '{path}' {why}")]
    Submodule {
        /// Its path.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The answer of a server is not what git's protocol says.
    #[error("the server's answer is not what git's protocol says: {why}")]
    Protocol {
        /// What is wrong.
        why: String,
    },
    /// The server refuses in words.
    #[error("the server says: {message}")]
    Server {
        /// Its message.
        message: String,
    },
    /// There is no program to connect over ssh with.
    #[error("cannot start the program {program}: {error}")]
    NoSsh {
        /// Its name.
        program: String,
        /// Why not.
        error: io::Error,
    },
    /// The server cannot be reached over ssh, or does not accept the key.
    #[error("cannot connect to {destination} over ssh: {why} (attempts: {attempts})")]
    Ssh {
        /// The user and host.
        destination: String,
        /// Its port, if it is not the usual one.
        port: Option<u16>,
        /// What ssh says.
        why: String,
        /// The number of attempts.
        attempts: u32,
    },
    /// The server speaks only old versions of the protocol.
    #[error("the server does not speak version 2 of git's protocol")]
    OldProtocol,
}

impl GitError {
    pub(crate) fn damaged(id: &impl ToString, why: &impl ToString) -> Self {
        Self::Damaged { id: id.to_string(), why: why.to_string() }
    }

    /// The stable code of the error.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoRepository { .. } => "git-no-repository",
            Self::Io { .. } => "source-io",
            Self::Missing { .. } => "git-object-missing",
            Self::Damaged { .. } => "git-damaged",
            Self::BadEntry { .. } => "git-bad-entry",
            Self::BadAttribute { .. } => "git-bad-attribute",
            Self::Lfs { .. } | Self::LfsAnswer { .. } => "git-lfs-failed",
            Self::TooLarge { .. } => "git-too-large",
            Self::NoMatch { .. } => "git-no-matching-ref",
            Self::NoTag { .. } => "git-no-tag",
            Self::Submodule { .. } => "git-bad-submodule",
            Self::Protocol { .. } | Self::Server { .. } => "git-refused",
            Self::OldProtocol => "git-old-protocol",
            Self::NoSsh { .. } => "git-no-ssh",
            Self::Ssh { .. } => "git-ssh-failed",
        }
    }

    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::Io { .. } | Self::NoSsh { .. } => Blame::Machine,
            Self::NoMatch { .. } | Self::NoTag { .. } => Blame::Project,
            _ => Blame::Remote,
        }
    }

    /// Whether another URL may have what this one lacks.
    pub(crate) fn is_of_url(&self) -> bool {
        !matches!(
            self,
            Self::BadEntry { .. } | Self::BadAttribute { .. } | Self::TooLarge { .. } | Self::NoMatch { .. }
        )
    }

    /// What to do next, if there is anything.
    pub(crate) fn hint(&self, element: &str) -> Option<String> {
        Some(match self {
            Self::NoRepository { .. } => "check the url".to_owned(),
            Self::Missing { what: "commit", .. } => {
                format!("if it was rewritten upstream, run: spec-host source track {element}")
            }
            Self::NoMatch { .. } => "check the key 'track'".to_owned(),
            Self::NoTag { .. } => {
                format!("to have the right one written, run: spec-host source track {element}")
            }
            Self::Lfs { .. } | Self::LfsAnswer { .. } => {
                "if the pointers to files are enough, write 'use-lfs: false'".to_owned()
            }
            Self::TooLarge { .. } => "raise the limits of trees in the configuration".to_owned(),
            Self::BadAttribute { .. } => {
                "use the kind git_repo, which does not obey 'working-tree-encoding'".to_owned()
            }
            Self::Submodule { .. } => "give its 'url' below 'submodules', or 'checkout: false'".to_owned(),
            Self::OldProtocol => {
                "use a server of git 2.18 or later; over ssh, its sshd_config needs 'AcceptEnv GIT_PROTOCOL'"
                    .to_owned()
            }
            Self::NoSsh { .. } => "install OpenSSH's client, or use the repository's https URL".to_owned(),
            Self::Ssh { destination, port, .. } => {
                let port = port.map(|port| format!("-p {port} ")).unwrap_or_default();
                format!("to see what is wrong, run: ssh -T {port}{destination}")
            }
            _ => return None,
        })
    }
}
