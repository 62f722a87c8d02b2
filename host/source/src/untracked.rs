//! The error of tracking a source of a kind whose refs are not found yet.

use spec_model::NodeError;

use crate::error::{SourceError, SourceName};

/// The error that refs of this kind have to be written by hand.
pub(crate) fn not_tracked(name: &SourceName) -> SourceError {
    let message = format!("{name}: refs of sources of kind '{}' cannot be found yet", name.kind);
    let error = NodeError::new("source-kind-not-tracked", name.position.as_ref(), message);
    error.with_hint("write the ref by hand, or track the source with BuildStream").into()
}
