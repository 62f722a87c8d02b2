//! What this machine offers.

use std::path::Path;

/// One thing that sandboxes need or could use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    pub detail: String,
    /// What to do if it is not; empty if it is.
    pub remedy: String,
}

/// Looks at the machine.
pub fn probe(_scratch: &Path) -> Vec<Check> {
    Vec::new()
}
