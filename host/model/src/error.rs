//! What every error shown to a user can tell.

use crate::place::Place;

/// An error that a user will read: it has a stable code, perhaps a place, and says what to do next.
pub trait UserError: std::error::Error + Send + Sync + 'static {
    /// A stable, machine-readable code such as `undefined-variable`.
    fn reason(&self) -> &str;

    /// Where in the user's files the fault is, if it is in one.
    fn place(&self) -> Option<&Place> {
        None
    }

    /// What to do next, when the message does not say so itself.
    fn hint(&self) -> Option<String> {
        None
    }
}
