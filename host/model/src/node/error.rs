//! What can be wrong with a configuration node.

use crate::place::Place;
use crate::{Blame, UserError};

/// A node that is missing or is not what was expected.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct NodeError {
    reason: &'static str,
    message: String,
    place: Option<Place>,
    hint: Option<String>,
}

impl NodeError {
    /// An error with a stable `reason` code about the node at `place`.
    pub fn new(reason: &'static str, place: Option<&Place>, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), place: place.cloned(), hint: None }
    }

    /// The same error with advice what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl UserError for NodeError {
    fn blame(&self) -> Blame {
        Blame::Project
    }

    fn reason(&self) -> &str {
        self.reason
    }

    fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}
