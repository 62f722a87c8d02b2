//! The ways of building.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

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

    /// The options of `build`.
    pub(super) fn options(self) -> [&'static str; 2] {
        ["--speculation", if self.predicts() { "full" } else { "none" }]
    }

    /// Chooses the rules in a user configuration; `prototype` is the component with those of the prototype. An option of the
    /// command line would only try them: records would still have what the usual policy selects.
    pub(super) fn configure(self, config: &Path, prototype: &Path) -> Result<()> {
        if self != Arm::Prototype {
            return Ok(());
        }
        let text = fs::read_to_string(config)?;
        ensure!(text.contains("scheduler:\n"), "{} has no scheduler to configure", config.display());
        let scheduler = format!("scheduler:\n  overlay-policy: {}\n", prototype.display());
        fs::write(config, text.replace("scheduler:\n", &scheduler)).context("cannot write the configuration")
    }
}
