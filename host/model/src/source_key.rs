//! What sources contribute to cache keys.

use crate::Value;

/// What one source contributes to cache keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceKey {
    /// The kind's name.
    pub kind: String,
    /// The directory into which it is staged; `None` for the root of the element's sources.
    pub directory: Option<String>,
    /// The source's unique key, as its kind makes it.
    pub key: Value,
}

impl SourceKey {
    /// What the sources of an element contribute together: to the element's keys, and, hashed, the key of the sources
    /// themselves.
    #[must_use]
    pub fn list(sources: &[Self]) -> Value {
        let entry = |source: &Self| {
            let directory = source.directory.as_deref().map(|directory| ("directory", directory.into()));
            let entries = [("key", source.key.clone()), ("name", source.kind.as_str().into())];
            Value::map(entries.into_iter().chain(directory))
        };
        Value::Seq(sources.iter().map(entry).collect())
    }
}
