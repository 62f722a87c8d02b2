//! Limits of trees and of outputs of actions.

use spec_cas::Limits;
use spec_execution::ActionLimits;
use spec_model::{Mapping, Node, NodeError};

use super::numbers;
use crate::values::SizeSetting;

/// The section `limits`: limits of trees and of outputs of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TreeAndActionLimits {
    /// Limits of trees that are checked out, staged or captured.
    pub(crate) trees: Limits,
    /// Bytes of the files of an artifact.
    pub(crate) artifact: u64,
    /// Limits of the outputs of one action.
    pub(crate) actions: ActionLimits,
}

impl Default for TreeAndActionLimits {
    fn default() -> Self {
        Self { trees: Limits::default(), artifact: 64 << 30, actions: ActionLimits::default() }
    }
}

impl TreeAndActionLimits {
    /// Reads the section.
    ///
    /// # Errors
    /// When a key is unknown or a value is not a number.
    pub(super) fn of(section: &Mapping) -> Result<Self, NodeError> {
        section.validate_keys(&[
            "tree-entries",
            "tree-size",
            "tree-depth",
            "artifact-size",
            "action-entries",
            "action-size",
            "action-log-size",
            "action-memory",
        ])?;
        let mut bounds = Self::default();
        let Self { trees, artifact, actions } = &mut bounds;
        count(section, "tree-entries", &mut trees.entries)?;
        size(section, "tree-size", &mut trees.bytes)?;
        numbers::take(section, "tree-depth", 1, &mut trees.depth)?;
        size(section, "artifact-size", artifact)?;
        count(section, "action-entries", &mut actions.entries)?;
        size(section, "action-size", &mut actions.bytes)?;
        size(section, "action-log-size", &mut actions.stream)?;
        size(section, "action-memory", &mut actions.memory)?;
        match section.get("tree-depth") {
            Some(node) if trees.depth > Limits::DEEPEST => {
                Err(node.expected(&format!("at most {}", Limits::DEEPEST)))
            }
            _ => Ok(bounds),
        }
    }
}

fn count(section: &Mapping, key: &str, to: &mut u64) -> Result<(), NodeError> {
    set(section, key, to, "a whole number", |node| u64::try_from(node.as_int()?).or(Ok(0)))
}

fn size(section: &Mapping, key: &str, to: &mut u64) -> Result<(), NodeError> {
    set(section, key, to, "a size such as 800M or 10G, or infinity,", |node| {
        Ok(match SizeSetting::parse(node.as_str()?) {
            _ if node.as_str()? == "infinity" => u64::MAX,
            Some(SizeSetting::Bytes(bytes)) => bytes,
            Some(SizeSetting::Percent(_)) | None => 0,
        })
    })
}

/// Sets a number that is at least 1, if the key exists.
fn set(
    section: &Mapping,
    key: &str,
    to: &mut u64,
    expected: &str,
    read: impl FnOnce(&Node) -> Result<u64, NodeError>,
) -> Result<(), NodeError> {
    if let Some(node) = section.get(key) {
        *to = read(node)?;
        if *to == 0 {
            return Err(node.expected(&format!("{expected} of at least 1")));
        }
    }
    Ok(())
}
