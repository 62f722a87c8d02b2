//! Files of cargo, and what is wrong with them.

use serde::de::DeserializeOwned;

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TomlFileError {
    /// The place, from 1.
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) why: String,
}

/// Reads a file.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, TomlFileError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        TomlFileError {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            why: error.message().to_owned(),
        }
    })
}
