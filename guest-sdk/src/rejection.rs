//! Ways to say that an element's configuration is wrong.

use crate::{Node, Rejection, RejectionReason};

impl Rejection {
    /// A value is missing, of the wrong type, or not one of those allowed.
    pub fn invalid(node: Node<'_>, message: impl Into<String>) -> Self {
        Self { reason: RejectionReason::InvalidData, message: message.into(), node: Some(node.index()) }
    }

    /// The whole element is wrong, for a reason of the kind's own: a code in kebab-case.
    pub fn other(reason: &str, message: impl Into<String>) -> Self {
        Self { reason: RejectionReason::Other(reason.to_owned()), message: message.into(), node: None }
    }

    /// The same, with the node at fault.
    #[must_use]
    pub fn at(self, node: Node<'_>) -> Self {
        Self { node: Some(node.index()), ..self }
    }
}
