//! The names of artifacts on the command line and in the store: `PROJECT/ELEMENT/KEY`.

use std::fmt;
use std::str::FromStr;

use spec_model::{Blame, ElementName, Key, UserError};

/// The name of an artifact, `PROJECT/ELEMENT/KEY`, with the element's normalised name: without suffix, `-` for `/`,
/// and `_` for whatever is no ASCII letter, digit, `-`, `.` or `_` (BuildStream's `_compose_artifact_name`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArtifactName {
    project: String,
    element: String,
    key: Key,
}

impl ArtifactName {
    /// The name of that element's artifact under that key, strong or weak. `project` is the name of the element's own
    /// project, so junctions do not count.
    #[must_use]
    pub fn new(project: &str, element: &ElementName, key: Key) -> Self {
        let flat = element.path().replace('/', "-");
        let stem = flat.strip_suffix(".bst").filter(|stem| !stem.bytes().all(|c| c == b'.'));
        let element = stem.unwrap_or(&flat).chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        Self { project: project.to_owned(), element, key }
    }

    /// The name of the project.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The element's normalised name.
    #[must_use]
    pub fn element(&self) -> &str {
        &self.element
    }

    /// The key, strong or weak.
    #[must_use]
    pub fn key(&self) -> Key {
        self.key
    }

    /// The same element's artifact under another key.
    #[must_use]
    pub fn with_key(&self, key: Key) -> Self {
        Self { key, ..self.clone() }
    }
}

/// A text that names no artifact. Reason `bad-artifact-name`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' does not name an artifact; expected PROJECT/ELEMENT/KEY with all 64 digits of the key")]
pub struct ParseArtifactNameError(String);

impl UserError for ParseArtifactNameError {
    fn blame(&self) -> Blame {
        Blame::Usage
    }

    fn reason(&self) -> &str {
        "bad-artifact-name"
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')
}

impl FromStr for ArtifactName {
    type Err = ParseArtifactNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseArtifactNameError(text.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        let [project, element, key] = parts[..] else { return Err(error()) };
        let is_path_step = |part: &str| matches!(part, "" | "." | "..");
        if is_path_step(project) || is_path_step(element) || !element.chars().all(is_plain) {
            return Err(error());
        }
        let key = key.parse().map_err(|_| error())?;
        Ok(Self { project: project.to_owned(), element: element.to_owned(), key })
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.project, self.element, self.key)
    }
}

#[cfg(test)]
mod tests;
