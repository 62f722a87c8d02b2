//! Warnings about artifacts that were staged together, as data: the caller decides whether they are fatal.

use std::fmt;

use spec_model::ElementName;

/// A warning about one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StagingWarning {
    /// Elements overlap files of others, and their whitelists do not permit it. Reason `overlaps`.
    Overlaps {
        /// Where the session staged.
        location: String,
        /// The files, by path.
        files: Vec<OverlappedFile>,
    },
    /// Files were left out, because directories were in their places. Reason `unstaged-files`.
    Unstaged {
        /// Where the session staged.
        location: String,
        /// Paths and the elements they belong to.
        files: Vec<(String, ElementName)>,
    },
    /// Elements overlap files that an earlier session staged. Reason `overlaps`.
    SessionOverlaps {
        /// Where the session staged.
        location: String,
        /// The files, by path.
        files: Vec<SessionOverlap>,
    },
}

/// A file that elements of one session have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlappedFile {
    /// Absolute.
    pub path: String,
    /// The elements that may not overlap others here, bottom first.
    pub offenders: Vec<ElementName>,
    /// All elements that have it, bottom first.
    pub order: Vec<ElementName>,
}

/// A file that an earlier session had staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOverlap {
    /// Absolute.
    pub path: String,
    /// The element that overwrites it.
    pub element: ElementName,
    /// The element that had staged it.
    pub overlapped: ElementName,
    /// Where the earlier session staged.
    pub location: String,
}

impl StagingWarning {
    /// BuildStream's name of the warning, as in a project's `fatal-warnings`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Overlaps { .. } | Self::SessionOverlaps { .. } => "overlaps",
            Self::Unstaged { .. } => "unstaged-files",
        }
    }
}

impl fmt::Display for StagingWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlaps { location, files } => {
                write!(f, "elements overlap in {location} where no overlap-whitelist permits it:")?;
                files.iter().try_for_each(|file| write!(f, "\n  {file}"))
            }
            Self::Unstaged { location, files } => {
                write!(f, "files were left out in {location}, because directories are in their places:")?;
                files.iter().try_for_each(|(path, element)| write!(f, "\n  {path} of {element}"))
            }
            Self::SessionOverlaps { location, files } => {
                write!(f, "elements in {location} overlap what was staged before them:")?;
                files.iter().try_for_each(|file| write!(f, "\n  {file}"))
            }
        }
    }
}

impl fmt::Display for OverlappedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from_top = self.order.iter().rev();
        write!(
            f,
            "{}: {} over others; from the top: {}",
            self.path,
            list(self.offenders.iter()),
            list(from_top)
        )
    }
}

impl fmt::Display for SessionOverlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} over {}, staged in {}", self.path, self.element, self.overlapped, self.location)
    }
}

fn list<'a>(names: impl Iterator<Item = &'a ElementName>) -> String {
    names.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
