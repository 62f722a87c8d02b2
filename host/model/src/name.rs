//! Names of elements.

use std::fmt;
use std::str::FromStr;

/// The full name of an element: its path below the element path, behind the junctions that lead to its project.
///
/// Written as BuildStream does: `element.bst`, or `junction.bst:element.bst` for one in a subproject.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ElementName {
    junctions: Vec<String>,
    path: String,
}

impl ElementName {
    /// The element at `path` of the top-level project.
    ///
    /// # Errors
    /// When `path` is not a relative path to a `.bst` file, in its shortest form.
    pub fn local(path: &str) -> Result<Self, ParseNameError> {
        check(path)?;
        Ok(Self { junctions: Vec::new(), path: path.to_owned() })
    }

    /// The element at `path` of the project behind `junction`.
    ///
    /// # Errors
    /// When `path` is not a relative path to a `.bst` file.
    pub fn behind(junction: &Self, path: &str) -> Result<Self, ParseNameError> {
        check(path)?;
        let junctions = junction.junctions.iter().chain([&junction.path]).cloned().collect();
        Ok(Self { junctions, path: path.to_owned() })
    }

    /// The path below the element path of its own project, with `/` and the `.bst` suffix.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The junction elements to go through, outermost first; empty in the top-level project.
    #[must_use]
    pub fn junctions(&self) -> &[String] {
        &self.junctions
    }

    /// The name without suffix and with `-` for every `/`, as in artifact names and log folders.
    #[must_use]
    pub fn normal(&self) -> String {
        self.path.trim_end_matches(".bst").replace('/', "-")
    }
}

fn check(path: &str) -> Result<(), ParseNameError> {
    // BuildStream takes elements of its project that are beside the element path.
    let mut parts = path.split('/').skip_while(|part| *part == "..");
    let climbs = parts.any(|part| matches!(part, "" | "." | ".."));
    let bad_character = path.chars().any(|c| c.is_control() || "*:?\"<>|\\".contains(c));
    if climbs || bad_character || !path.ends_with(".bst") || path == ".bst" {
        return Err(ParseNameError(path.to_owned()));
    }
    Ok(())
}

impl FromStr for ElementName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts: Vec<String> = text.split(':').map(str::to_owned).collect();
        for part in &parts {
            check(part).map_err(|_| ParseNameError(text.to_owned()))?;
        }
        let path = parts.pop().unwrap_or_default();
        Ok(Self { junctions: parts, path })
    }
}

impl fmt::Display for ElementName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for junction in &self.junctions {
            write!(f, "{junction}:")?;
        }
        f.write_str(&self.path)
    }
}

impl fmt::Debug for ElementName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text that names no element.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not an element name; expected a relative path that ends in .bst")]
pub struct ParseNameError(String);

#[cfg(test)]
mod tests;
