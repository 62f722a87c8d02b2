//! Describes a session to observers, because events have only the numbers of its elements.

use std::path::PathBuf;

use crate::element_state::ElementState;
use crate::session::Session;

/// The description of a session.
#[derive(Clone, Debug, Default)]
pub struct SessionInfo {
    /// The command, such as `build`.
    pub command: String,
    /// The project's name.
    pub project: String,
    /// Where the project is.
    pub directory: PathBuf,
    /// The names of its targets.
    pub targets: Vec<String>,
    /// All elements of the session.
    pub elements: Vec<ElementInfo>,
    /// How many digits of a key [`SessionInfo::brief_key`] has.
    pub key_length: usize,
}

/// One element of a session.
#[derive(Clone, Debug, Default)]
pub struct ElementInfo {
    /// Its full name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Its cache key, in full; empty when a source has no reference.
    pub key: String,
    /// Its state when the session began, such as `cached`.
    pub state: String,
}

impl SessionInfo {
    /// The element's name; a question mark when there is no such element.
    #[must_use]
    pub fn name(&self, element: usize) -> &str {
        self.elements.get(element).map_or("?", |info| &info.name)
    }

    /// The element's whole key.
    #[must_use]
    pub fn key(&self, element: usize) -> &str {
        self.elements.get(element).map_or("", |info| &info.key)
    }

    /// The beginning of the element's key; question marks when it has none.
    #[must_use]
    pub fn brief_key(&self, element: usize) -> String {
        let key = self.key(element);
        if key.is_empty() { "?".repeat(self.key_length) } else { key.chars().take(self.key_length).collect() }
    }
}

impl Session {
    /// The names, kinds, keys and states of all elements, for an observer of `command`.
    #[must_use]
    pub fn info(&self, command: &str, states: Option<&[ElementState]>) -> SessionInfo {
        let info = |(index, element): (usize, &spec_project::Element)| {
            let state = states.map(|states| &states[index]);
            ElementInfo {
                name: element.name.to_string(),
                kind: element.kind.to_string(),
                key: self.shown_key(index, state),
                state: state.map(|state| state.name().to_owned()).unwrap_or_default(),
            }
        };
        SessionInfo {
            command: command.to_owned(),
            project: self.project.config.name.clone(),
            directory: self.project.config.directory.clone(),
            targets: self.project.targets.iter().map(|target| self.name(*target)).collect(),
            elements: self.project.elements.iter().enumerate().map(info).collect(),
            key_length: self.options.key_length,
        }
    }
}
