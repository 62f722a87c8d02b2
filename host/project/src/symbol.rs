//! Checks names that must be symbols: those of projects, options and option variables.

use spec_model::{FilePosition, NodeError};

/// Whether a symbol may have dashes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dashes {
    Allowed,
    Forbidden,
}

/// Checks that a name is a symbol: ASCII letters, digits, underscores, perhaps dashes, and no digit first.
///
/// # Errors
/// `invalid-symbol-name`.
pub(crate) fn check(
    name: &str,
    what: &str,
    dashes: Dashes,
    position: Option<&FilePosition>,
) -> Result<(), NodeError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == '-' && dashes == Dashes::Allowed);
    if !name.is_empty() && name.chars().all(allowed) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(());
    }
    let signs = if dashes == Dashes::Allowed { "underscores and dashes" } else { "and underscores" };
    let message =
        format!("'{name}' cannot be the name of a {what}; expected letters, digits, {signs}, no digit first");
    Err(NodeError::new("invalid-symbol-name", position, message))
}
