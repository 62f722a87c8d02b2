//! Places in the user's files.

use std::fmt;
use std::sync::Arc;

/// A position in a file, as compilers print it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FilePosition {
    /// The file, relative to the project where possible, as shown to the user.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Debug for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
