//! What can be wrong with a configuration node.

use crate::file_position::FilePosition;
use crate::{Blame, UserError};

/// A node that is missing or is not what was expected.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct NodeError {
    reason: &'static str,
    message: String,
    position: Option<FilePosition>,
    hint: Option<String>,
}

impl NodeError {
    /// An error with a stable `reason` code about the node at `place`.
    pub fn new(reason: &'static str, position: Option<&FilePosition>, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), position: position.cloned(), hint: None }
    }

    /// The same error with advice what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error with the name of what it is about before the message.
    #[must_use]
    pub fn about(mut self, name: &str) -> Self {
        self.message = format!("{name}: {}", self.message);
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

    fn position(&self) -> Option<&FilePosition> {
        self.position.as_ref()
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}
