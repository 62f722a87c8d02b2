//! The ways of building.

use std::ffi::OsString;
use std::path::Path;

/// A way of building.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arm {
    /// The compiler itself.
    Plain,
    /// The compiler as an action, which is executed on request.
    Shared,
    /// Actions predicted by the rules of the known prototype.
    Prototype,
    /// Actions predicted as spec-host does it by itself.
    Ours,
}

impl Arm {
    pub(super) const ALL: [Arm; 4] = [Arm::Plain, Arm::Shared, Arm::Prototype, Arm::Ours];

    /// For people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Arm::Plain => "gcc alone",
            Arm::Shared => "recc, shared action cache",
            Arm::Prototype => "the prototype's rules",
            Arm::Ours => "spec-host",
        }
    }

    /// Whether the compiler's calls are actions.
    pub(super) fn has_actions(self) -> bool {
        self != Arm::Plain
    }

    /// Whether actions are predicted.
    pub(super) fn predicts(self) -> bool {
        matches!(self, Arm::Prototype | Arm::Ours)
    }

    /// The options of `build`; `prototype` is the component with its rules.
    pub(super) fn options(self, prototype: &Path) -> Vec<OsString> {
        let mode = if self.predicts() { "full" } else { "none" };
        let mut options = vec!["--speculation".into(), mode.into()];
        if self == Arm::Prototype {
            options.extend(["--overlay-policy".into(), prototype.into()]);
        }
        options
    }
}
