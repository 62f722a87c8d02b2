//! Errors of archives.

use std::io;

use spec_model::GlobError;

/// Why an archive is not staged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The bytes are not an archive.
    #[error("it is no tar, plain or compressed with gzip, bzip2, xz, lzma, lzip or zstd")]
    Format,
    /// The bytes are not a package of Debian.
    #[error("it is no package of Debian with a data.tar")]
    NoDeb,
    /// The bytes are not a zip archive.
    #[error("it is no zip archive, or damaged")]
    NoZip,
    /// The archive is damaged or cut off.
    #[error("it is damaged or cut off: {error}")]
    Damaged {
        /// The reader's error.
        error: io::Error,
    },
    /// An entry or the target of its link is outside of the folder that is staged.
    #[error("entry '{entry}' leads out of the folder it is unpacked in, through {through}")]
    Climbs {
        /// The entry's name.
        entry: String,
        /// The name, link target or link on the way that leads out.
        through: String,
    },
    /// An entry conflicts with an earlier one.
    #[error("entry '{entry}' cannot be unpacked: {why}")]
    Conflict {
        /// The entry's name.
        entry: String,
        /// What is in the way.
        why: &'static str,
    },
    /// An entry is neither file, directory, link nor device.
    #[error("entry '{entry}' has the unknown type '{}'", char::from(*flag).escape_default())]
    Unknown {
        /// The entry's name.
        entry: String,
        /// The type flag of its header.
        flag: u8,
    },
    /// A name that no Merkle tree can hold.
    #[error("entry '{entry}' has a name or target that is not UTF-8, or that is too long for a file system")]
    Name {
        /// The entry's name, as far as it can be shown.
        entry: String,
    },
    /// No directory matches `base-dir`.
    #[error("no directory in it matches the base-dir '{pattern}'")]
    BaseDir {
        /// The pattern.
        pattern: String,
    },
    /// The `base-dir` is not a valid pattern.
    #[error(transparent)]
    Pattern(#[from] GlobError),
    /// It unpacks to more than the limits allow.
    #[error("it would unpack to too much: {what}")]
    Bomb {
        /// The limit, and the number that exceeds it.
        what: String,
    },
}

impl ArchiveError {
    /// The stable code of the error.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Format | Self::NoDeb | Self::NoZip => "archive-format",
            Self::Damaged { .. } => "archive-damaged",
            Self::Climbs { .. } => "archive-entry-climbs",
            Self::Conflict { .. } => "archive-entry-conflict",
            Self::Unknown { .. } => "archive-entry-unknown",
            Self::Name { .. } => "archive-entry-name",
            Self::BaseDir { .. } => "base-dir-missing",
            Self::Pattern(_) => "invalid-glob",
            Self::Bomb { .. } => "archive-bomb",
        }
    }

    /// What to do next, if there is anything.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::BaseDir { .. } => Some("set it to '' to stage the whole archive"),
            Self::Bomb { .. } => Some("if it is meant to, unpack it yourself and use a local source"),
            _ => None,
        }
    }
}
