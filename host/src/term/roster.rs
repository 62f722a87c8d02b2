//! The elements of a session, by the numbers that events use.

use std::path::PathBuf;

/// What a session is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    /// The command, such as `build`.
    pub(crate) command: String,
    /// The project's name.
    pub(crate) project: String,
    /// Where the project is.
    pub(crate) directory: PathBuf,
    /// The elements that were asked for.
    pub(crate) targets: Vec<String>,
    /// All elements of the session.
    pub(crate) elements: Vec<Member>,
    /// How many digits of a key are shown.
    pub(crate) key_length: usize,
}

/// One element of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Member {
    /// Its full name.
    pub(crate) name: String,
    /// Its kind.
    pub(crate) kind: String,
    /// Its cache key, in full; empty when a source has no reference.
    pub(crate) key: String,
    /// How it stood when the session began, such as `cached`.
    pub(crate) state: String,
}

impl Roster {
    /// The element's name.
    pub(crate) fn name(&self, element: usize) -> &str {
        self.elements.get(element).map_or("?", |member| &member.name)
    }

    /// The element's whole key.
    pub(crate) fn key(&self, element: usize) -> &str {
        self.elements.get(element).map_or("", |member| &member.key)
    }

    /// The beginning of the element's key; question marks when it has none.
    pub(crate) fn brief(&self, element: usize) -> String {
        let key = self.key(element);
        if key.is_empty() { "?".repeat(self.key_length) } else { key.chars().take(self.key_length).collect() }
    }
}
