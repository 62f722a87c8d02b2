//! Ways to say that an element's configuration is wrong.

use crate::{Node, Rejection, RejectionReason};

impl RejectionReason {
    /// The code that users see.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::InvalidData | Self::UnknownKey => "invalid-data",
            Self::Sources => "wrong-sources",
            Self::Other(code) => code,
        }
    }
}

impl Rejection {
    /// A value is missing, of the wrong type, or not one of those allowed.
    pub fn invalid(node: Node<'_>, message: impl Into<String>) -> Self {
        let reason = RejectionReason::InvalidData;
        Self { reason, message: message.into(), hint: None, node: Some(node.index()) }
    }

    /// The whole element is wrong, for a reason of the kind's own: a code in kebab-case.
    pub fn other(reason: &str, message: impl Into<String>) -> Self {
        let reason = RejectionReason::Other(reason.to_owned());
        Self { reason, message: message.into(), hint: None, node: None }
    }

    /// The element must have sources, or must not.
    pub fn sources(message: impl Into<String>) -> Self {
        Self { reason: RejectionReason::Sources, message: message.into(), hint: None, node: None }
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same, with the node at fault.
    #[must_use]
    pub fn at(self, node: Node<'_>) -> Self {
        Self { node: Some(node.index()), ..self }
    }
}
