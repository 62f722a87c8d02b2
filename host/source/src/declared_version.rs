//! The version that a source declares, or the pattern to guess it by; part of BuildStream's keys.

use std::collections::BTreeMap;

use spec_model::{Mapping, NodeError, Value, guess_version};

/// The keys that these settings have in the configuration of a source.
pub(crate) const VERSION_KEYS: [&str; 2] = ["version", "version-guess-pattern"];

/// What a source says of its version. The version itself takes precedence over a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeclaredVersion {
    None,
    Version(String),
    Pattern(String),
}

impl DeclaredVersion {
    pub(crate) fn configure(config: &Mapping) -> Result<Self, NodeError> {
        let pattern = config.opt_str("version-guess-pattern")?;
        Ok(match (config.opt_str("version")?, pattern) {
            (Some(version), _) => Self::Version(version.to_owned()),
            (None, Some(pattern)) => Self::Pattern(pattern.to_owned()),
            (None, None) => Self::None,
        })
    }

    /// The version of what a text names, such as a URL or a tag.
    pub(crate) fn guess(&self, text: Option<&str>) -> Result<Option<String>, NodeError> {
        let pattern = match self {
            Self::Version(version) => return Ok(Some(version.clone())),
            Self::Pattern(pattern) => Some(pattern.as_str()),
            Self::None => None,
        };
        let Some(text) = text else { return Ok(None) };
        guess_version(text, pattern).map_err(|why| {
            let message = format!("the 'version-guess-pattern' cannot be used: {why}");
            NodeError::new("invalid-data", None, message)
        })
    }

    /// Adds it to a unique key that is a list.
    pub(crate) fn append_to(&self, key: &mut Vec<Value>) {
        match self {
            Self::Version(text) | Self::Pattern(text) => key.push(text.as_str().into()),
            Self::None => {}
        }
    }

    /// Adds it to a unique key that is a dictionary.
    pub(crate) fn insert_into(&self, key: &mut BTreeMap<String, Value>) {
        let [version, pattern] = VERSION_KEYS;
        let entry = match self {
            Self::Version(text) => (version, text),
            Self::Pattern(text) => (pattern, text),
            Self::None => return,
        };
        key.insert(entry.0.to_owned(), entry.1.as_str().into());
    }
}
