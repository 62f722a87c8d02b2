//! Reads the domain `bst` of an element's public data.

use spec_model::{Globs, Mapping, Node, NodeError};

/// The files of an element that may overlap those of others: its public data's `bst: overlap-whitelist`.
#[derive(Clone, Debug)]
pub struct OverlapWhitelist(Option<Globs>);

impl OverlapWhitelist {
    /// The whitelist that permits nothing.
    pub const EMPTY: Self = Self(None);

    /// Reads the whitelist in an element's public data.
    ///
    /// # Errors
    /// `invalid-data` when it is no list, `invalid-glob` when an entry is no pattern; both with their place.
    pub fn from_public(public: &Mapping) -> Result<Self, NodeError> {
        let Some(bst) = bst_data(public)? else { return Ok(Self::EMPTY) };
        let patterns = bst.sequence_or_empty("overlap-whitelist")?;
        if patterns.is_empty() { Ok(Self::EMPTY) } else { globs_of(patterns).map(|globs| Self(Some(globs))) }
    }

    /// Whether the file may overlap another element's. `path` is relative to where the element is staged.
    #[must_use]
    pub fn permits(&self, path: &str) -> bool {
        self.0.as_ref().is_some_and(|globs| globs.matches(&absolute(path)))
    }
}

/// The shell commands that make a staged element usable, in order: its public data's `bst: integration-commands`.
///
/// # Errors
/// `invalid-data` when they are no list of texts.
pub fn integration_commands(public: &Mapping) -> Result<Vec<String>, NodeError> {
    bst_data(public)?.map_or(Ok(Vec::new()), |bst| bst.str_list_or_empty("integration-commands"))
}

pub(crate) fn bst_data(public: &Mapping) -> Result<Option<&Mapping>, NodeError> {
    public.opt_mapping("bst")
}

/// The patterns in a list. An error names the first invalid one.
pub(crate) fn globs_of(patterns: &[Node]) -> Result<Globs, NodeError> {
    let texts = patterns.iter().map(Node::as_str).collect::<Result<Vec<_>, _>>()?;
    Globs::new(&texts).map_err(|error| {
        let node =
            patterns.iter().zip(&texts).find(|(_, text)| **text == error.pattern).map(|(node, _)| node);
        NodeError::new("invalid-glob", node.and_then(|node| node.position.as_ref()), error.to_string())
    })
}

/// A path as patterns match it: with a leading slash.
pub(crate) fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

#[cfg(test)]
mod tests;
