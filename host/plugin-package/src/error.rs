//! Errors of plugin packages.

use std::io;
use std::path::PathBuf;

use spec_model::{Blame, FilePosition, UserError};
use spec_source::SourceError;

/// The result of an operation on plugin packages.
pub(crate) type Result<T, E = PackageError> = std::result::Result<T, E>;

/// Why a plugin cannot be made, read, found or fetched.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A manifest, a lock or a sample is not valid.
    #[error("{message}")]
    InvalidFile {
        /// `invalid-manifest`, `invalid-lock` or `invalid-sample`.
        reason: &'static str,
        /// Where.
        position: FilePosition,
        /// What is wrong, and what was expected.
        message: String,
    },
    /// A file or folder cannot be read, written or made; `action` completes "cannot ...".
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A name, a version or a reference that the user gave has the wrong form.
    #[error("{message}")]
    InvalidText {
        /// A stable code.
        reason: &'static str,
        /// What is wrong, and what was expected.
        message: String,
        /// What to do next.
        hint: &'static str,
    },
    /// The folder of a new project is there already.
    #[error("{} is there already, and is not an empty folder", path.display())]
    FolderInUse {
        /// The folder.
        path: PathBuf,
    },
    /// A folder is not that of a plugin.
    #[error("{} is not there, so its folder is not that of a plugin", manifest.display())]
    NoManifest {
        /// Where the manifest would be.
        manifest: PathBuf,
    },
    /// A plugin is not built yet.
    #[error("{} is not there", component.display())]
    NotBuilt {
        /// The component.
        component: PathBuf,
        /// The plugin's folder.
        folder: PathBuf,
    },
    /// A component on this machine cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is no template for this language and world.
    #[error("there is no template of {world} in {language}; there are: {known}")]
    NoTemplate {
        /// The world.
        world: &'static str,
        /// The language.
        language: &'static str,
        /// What there is, separated by commas.
        known: String,
    },
    /// A tool of the plugin's language is not there.
    #[error("{tool} is needed to build a plugin in {language}, and is not there{}", detail(why))]
    ToolMissing {
        /// The tool.
        tool: &'static str,
        /// The language.
        language: &'static str,
        /// What was found instead; may be empty.
        why: String,
        /// The command that installs it.
        install: String,
    },
    /// A tool of the plugin's language failed; its messages are above.
    #[error("{tool} failed: {status}")]
    ToolFailed {
        /// The command.
        tool: String,
        /// How it ended.
        status: String,
    },
    /// A module cannot become a component, or the result is none.
    #[error("{message}")]
    NotAComponent {
        /// What is wrong.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// A registry cannot be asked, or does not have the plugin.
    #[error("{reference}: {message}")]
    Registry {
        /// The reference.
        reference: String,
        /// `registry-not-found`, `registry-refused` or `registry-failed`.
        reason: &'static str,
        /// What happened.
        message: String,
        /// What to do next.
        hint: &'static str,
    },
    /// A component cannot be downloaded.
    #[error(transparent)]
    Download(#[from] SourceError),
    /// A component has other contents than it should have.
    #[error("{what} has the SHA-256 {actual}, and {expected} was expected")]
    WrongDigest {
        /// What was read: a file or a reference.
        what: String,
        /// The expected SHA-256 in hexadecimal digits.
        expected: String,
        /// The one it has.
        actual: String,
        /// What to do next.
        hint: &'static str,
    },
    /// A reference is not in the lock.
    #[error("{reference} is not in {}", lock.display())]
    NotLocked {
        /// The reference.
        reference: String,
        /// The lock.
        lock: PathBuf,
    },
    /// A locked component is neither vendored nor in the store, and the network may not be used.
    #[error(
        "{reference} (SHA-256 {sha256}) is neither vendored nor in the cache, and --offline forbids to fetch it"
    )]
    Offline {
        /// The reference.
        reference: String,
        /// The SHA-256 of the component in hexadecimal digits.
        sha256: String,
    },
}

fn detail(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

impl PackageError {
    /// An error of reading, writing or making `path`.
    pub(crate) fn io(action: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}

impl UserError for PackageError {
    fn reason(&self) -> &str {
        match self {
            Self::InvalidFile { reason, .. }
            | Self::InvalidText { reason, .. }
            | Self::Registry { reason, .. } => reason,
            Self::Io { .. } => "io-error",
            Self::FolderInUse { .. } => "folder-in-use",
            Self::NoManifest { .. } => "plugin-no-manifest",
            Self::NotBuilt { .. } => "plugin-not-built",
            Self::Unreadable { .. } => "plugin-unreadable",
            Self::NoTemplate { .. } => "no-template",
            Self::ToolMissing { .. } => "tool-missing",
            Self::ToolFailed { .. } => "plugin-build-failed",
            Self::NotAComponent { .. } => "plugin-not-a-component",
            Self::Download(error) => error.reason(),
            Self::WrongDigest { .. } => "plugin-wrong-digest",
            Self::NotLocked { .. } => "plugin-not-locked",
            Self::Offline { .. } => "plugin-offline",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::InvalidFile { .. } | Self::WrongDigest { .. } | Self::NotLocked { .. } => Blame::Project,
            Self::InvalidText { .. }
            | Self::FolderInUse { .. }
            | Self::NoManifest { .. }
            | Self::NotBuilt { .. }
            | Self::Unreadable { .. }
            | Self::NoTemplate { .. }
            | Self::Offline { .. } => Blame::Usage,
            Self::Io { .. } | Self::ToolMissing { .. } => Blame::Machine,
            Self::ToolFailed { .. } | Self::NotAComponent { .. } => Blame::Plugin,
            Self::Registry { .. } => Blame::Remote,
            Self::Download(error) => error.blame(),
        }
    }

    fn position(&self) -> Option<&FilePosition> {
        match self {
            Self::InvalidFile { position, .. } => Some(position),
            Self::Download(error) => error.position(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::InvalidText { hint, .. } | Self::Registry { hint, .. } | Self::WrongDigest { hint, .. } => {
                Some((*hint).to_owned())
            }
            Self::FolderInUse { .. } => Some("choose another name or folder".to_owned()),
            Self::NoManifest { .. } => {
                Some("name the folder of a plugin, or begin one: spec-host plugin new".to_owned())
            }
            Self::NotBuilt { folder, .. } => {
                Some(format!("run: spec-host plugin build {}", folder.display()))
            }
            Self::Unreadable { .. } => Some("check its name".to_owned()),
            Self::ToolMissing { install, .. } => Some(format!("run: {install}")),
            Self::NotAComponent { hint, .. } => hint.clone(),
            Self::Download(error) => error.hint(),
            Self::NotLocked { .. } => Some("run: spec-host plugin lock".to_owned()),
            Self::Offline { .. } => Some("run without --offline, or: spec-host plugin vendor".to_owned()),
            Self::InvalidFile { .. }
            | Self::Io { .. }
            | Self::NoTemplate { .. }
            | Self::ToolFailed { .. } => None,
        }
    }
}
