//! Places in the user's files.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A position in a file, as compilers print it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FilePosition {
    /// The file, relative to the project where possible, as shown to the user.
    pub file: FileName,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The name of a file, which all places in it share. There are places by the ten thousand, so it takes one pointer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FileName(Arc<Box<str>>);

impl Deref for FileName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for FileName {
    fn from(name: &str) -> Self {
        Self(Arc::new(name.into()))
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
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
