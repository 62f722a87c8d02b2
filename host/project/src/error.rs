//! Why a project could not be loaded.

use std::io;

use spec_model::{Blame, FilePosition, NodeError, UserError};
use spec_strategy::KindError;

/// Why a project could not be loaded. The reason codes are BuildStream's `LoadErrorReason` names where it has one.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A node in a file is wrong.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A file is not there or cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file, as shown to the user.
        file: String,
        /// `missing-file`, `loading-directory` or `unreadable-file`.
        reason: &'static str,
        /// What refers to the file.
        position: Option<FilePosition>,
        /// What the system said.
        source: io::Error,
    },
    /// A file is larger than a configuration file can be.
    #[error("{file} is too large: at most {limit} bytes are read")]
    TooLarge {
        /// The file, as shown to the user.
        file: String,
        /// The largest size that is read.
        limit: u64,
    },
    /// No project.conf was found.
    #[error("there is no project.conf in '{directory}' or in a directory above it")]
    MissingProjectConf {
        /// Where the search began.
        directory: String,
    },
    /// An element that is named somewhere does not exist.
    #[error("there is no element '{name}' in {directory}")]
    MissingElement {
        /// The name, as it was given.
        name: String,
        /// The directory with the project's elements, or the project, in words.
        directory: String,
        /// The name of an element that is likely meant.
        near: Option<String>,
        /// The dependency that names it; `None` for a target.
        position: Option<FilePosition>,
    },
    /// Elements depend on each other in a circle.
    #[error("circular dependency: {}", chain.join(" -> "))]
    CircularDependency {
        /// The names, from the element that closes the circle back to itself.
        chain: Vec<String>,
        /// The dependency that closes it.
        position: Option<FilePosition>,
    },
    /// An element's kind is not available or refuses the element.
    #[error("{element}: {source}")]
    Kind {
        /// The element.
        element: String,
        /// Where the element names its kind, when the kind names no better place.
        position: Option<FilePosition>,
        /// The kind's error.
        source: Box<KindError>,
    },
    /// The sources of a junction cannot be had.
    #[error("the junction '{name}': {error}")]
    Junction {
        /// The junction's full name.
        name: String,
        /// What refers to the junction.
        position: Option<FilePosition>,
        /// Why not.
        error: Box<dyn UserError>,
    },
    /// A project is loaded several times, and no project permits that. Reason `conflicting-junction`.
    #[error("the project '{project}' is loaded through {} junctions", instances.len())]
    ConflictingJunction {
        /// The project's name.
        project: String,
        /// Each junction, where it is referred to, and who permits it.
        instances: Vec<String>,
        /// What refers to the last junction.
        position: Option<FilePosition>,
    },
    /// A junction is a target of a command that builds or looks into elements.
    #[error("{message}")]
    JunctionTarget {
        /// What is wrong.
        message: String,
    },
    /// A pattern among the targets matches no element. Reason `missing-file`.
    #[error("no element matches '{pattern}'")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A name of a target cannot be that of an element. Reason `invalid-element-names`.
    #[error("'{name}' does not end in '.bst', so no element has that name")]
    InvalidNames {
        /// The name or pattern.
        name: String,
    },
    /// An option that was given outside of the project's files is wrong.
    #[error("{message}")]
    Option {
        /// What is wrong and what was expected.
        message: String,
    },
}

impl LoadError {
    /// An error about the node at `place`.
    pub(crate) fn at(
        reason: &'static str,
        position: Option<&FilePosition>,
        message: impl Into<String>,
    ) -> Self {
        NodeError::new(reason, position, message).into()
    }

    /// A file that could not be read.
    pub(crate) fn unreadable(shown_as: &str, source: io::Error) -> Self {
        let reason = match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "missing-file",
            io::ErrorKind::IsADirectory => "loading-directory",
            io::ErrorKind::CrossesDevices => "proj-path-invalid",
            _ => "unreadable-file",
        };
        Self::Unreadable { file: shown_as.to_owned(), reason, position: None, source }
    }

    /// The same error with the place that refers to the unreadable file.
    pub(crate) fn referred_from(self, position: Option<&FilePosition>) -> Self {
        match self {
            Self::Unreadable { file, reason, position: None, source } => {
                Self::Unreadable { file, reason, position: position.cloned(), source }
            }
            other => other,
        }
    }
}

impl UserError for LoadError {
    fn blame(&self) -> Blame {
        match self {
            Self::MissingProjectConf { .. }
            | Self::MissingElement { position: None, .. }
            | Self::JunctionTarget { .. }
            | Self::NoMatch { .. }
            | Self::InvalidNames { .. }
            | Self::Option { .. } => Blame::Usage,
            Self::Junction { error, .. } => error.blame(),
            Self::Kind { source, .. } => source.blame(),
            _ => Blame::Project,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Node(error) => error.reason(),
            Self::Unreadable { reason, .. } => reason,
            Self::TooLarge { .. } => "file-too-large",
            Self::MissingProjectConf { .. } => "project-not-loaded",
            Self::MissingElement { .. } | Self::NoMatch { .. } => "missing-file",
            Self::InvalidNames { .. } => "invalid-element-names",
            Self::CircularDependency { .. } => "circular-dependency",
            Self::Kind { source, .. } => source.reason(),
            Self::Junction { error, .. } => error.reason(),
            Self::ConflictingJunction { .. } => "conflicting-junction",
            Self::JunctionTarget { .. } => "junction-target",
            Self::Option { .. } => "invalid-data",
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::ConflictingJunction { instances, .. } => Some(instances.join("\n")),
            Self::Junction { error, .. } => error.detail(),
            _ => None,
        }
    }

    fn position(&self) -> Option<&FilePosition> {
        match self {
            Self::Node(error) => error.position(),
            Self::Kind { position, source, .. } => source.position().or(position.as_ref()),
            Self::Junction { position, error, .. } => error.position().or(position.as_ref()),
            Self::Unreadable { position, .. }
            | Self::ConflictingJunction { position, .. }
            | Self::MissingElement { position, .. }
            | Self::CircularDependency { position, .. } => position.as_ref(),
            Self::TooLarge { .. }
            | Self::MissingProjectConf { .. }
            | Self::JunctionTarget { .. }
            | Self::NoMatch { .. }
            | Self::InvalidNames { .. }
            | Self::Option { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Node(error) => error.hint(),
            Self::Kind { source, .. } => source.hint(),
            Self::MissingElement { near: Some(near), .. } => Some(format!("did you mean '{near}'?")),
            Self::MissingProjectConf { .. } => Some(
                "go to a project, name one with --directory, or begin one with 'spec-host init'".to_owned(),
            ),
            Self::Junction { error, .. } => error.hint(),
            Self::ConflictingJunction { .. } => Some(
                "override one junction with the other, use a link to it, or list them under 'junctions' in \
                 project.conf as 'internal' or 'duplicates'"
                    .to_owned(),
            ),
            Self::JunctionTarget { .. } => {
                Some("name elements behind it: JUNCTION.bst:ELEMENT.bst".to_owned())
            }
            Self::NoMatch { .. } => Some(
                "'*' stands for anything but '/', '**' for anything; names begin below the element path"
                    .to_owned(),
            ),
            Self::CircularDependency { .. } => Some("take one of these dependencies out".to_owned()),
            _ => None,
        }
    }
}
