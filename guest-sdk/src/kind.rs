//! Element kinds.

use crate::{Element, Forbids, KindDescription, Plan, Rejection, Traits, Value};

/// An element kind: a pure function of an element's configuration.
pub trait ElementKind {
    /// What is true of all elements of the kind; always the same.
    fn describe() -> KindDescription;

    /// What one element adds to its cache key, and how it is built.
    ///
    /// # Errors
    /// When the element's configuration is wrong.
    fn configure(element: &Element) -> Result<Configured, Rejection>;
}

/// A kind's answer for one element.
#[derive(Clone, Debug, PartialEq)]
pub struct Configured {
    /// Every setting that can change the artifact (BuildStream's `get_unique_key`).
    pub unique_key: Value,
    /// How the host builds the element.
    pub plan: Plan,
}

impl KindDescription {
    /// A kind that runs no commands, whose elements have an artifact and may have everything. `version` is
    /// `MAJOR.MINOR.PATCH`, such as `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            defaults: String::new(),
            artifact_version: 0,
            traits: Traits::HAS_ARTIFACT,
            forbids: Forbids::empty(),
        }
    }

    /// The same kind with default configuration: YAML text.
    #[must_use]
    pub fn defaults(self, defaults: &str) -> Self {
        Self { defaults: defaults.to_owned(), ..self }
    }

    /// The same kind, which runs commands in a sandbox.
    #[must_use]
    pub fn runs_commands(self) -> Self {
        Self { traits: self.traits | Traits::RUNS_COMMANDS, ..self }
    }
}
