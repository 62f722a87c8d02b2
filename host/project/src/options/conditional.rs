//! Conditionals `(?)` and assertions `(!)`.

use std::sync::Arc;

use spec_model::{Mapping, Node, NodeError, NodeKind};

use super::Options;
use crate::compose::compose;
use crate::has_key::has_key;

const CONDITIONS: &str = "(?)";
const ASSERTION: &str = "(!)";
const ILLEGAL: &str = "illegal-composite";

impl Options {
    /// Resolves all conditionals at and below a mapping. Keys in `restricted` cannot be set by one at its root.
    ///
    /// # Errors
    /// `user-assertion` at an assertion that is met, `expression-failed` at a condition that cannot be decided,
    /// `illegal-composite` or `invalid-data` where a conditional is malformed.
    pub(crate) fn resolve_conditionals(
        &self,
        mapping: &mut Mapping,
        restricted: &[&str],
    ) -> Result<(), NodeError> {
        self.assert(mapping)?;
        while let Some(conditions) = mapping.remove(CONDITIONS) {
            for condition in conditions.as_sequence()? {
                self.apply(condition, mapping, restricted)?;
            }
            self.assert(mapping)?;
        }
        mapping.entries.values_mut().try_for_each(|node| self.resolve_conditionals_in(node))
    }

    fn resolve_conditionals_in(&self, node: &mut Node) -> Result<(), NodeError> {
        if !has_key(node, &[CONDITIONS, ASSERTION]) {
            return Ok(());
        }
        match &mut node.kind {
            NodeKind::Scalar(_) => Ok(()),
            NodeKind::Sequence(nodes) => {
                Arc::make_mut(nodes).iter_mut().try_for_each(|node| self.resolve_conditionals_in(node))
            }
            NodeKind::Mapping(mapping) => {
                self.resolve_conditionals(Arc::make_mut(mapping), &[])?;
                node.position.clone_from(&mapping.position);
                Ok(())
            }
        }
    }

    fn assert(&self, mapping: &Mapping) -> Result<(), NodeError> {
        let Some(node) = mapping.get(ASSERTION) else {
            return Ok(());
        };
        Err(NodeError::new("user-assertion", node.position.as_ref(), node.as_str()?))
    }

    fn apply(&self, condition: &Node, target: &mut Mapping, restricted: &[&str]) -> Result<(), NodeError> {
        let position = condition.position.as_ref();
        let entries = &condition.as_mapping()?.entries;
        let (1, Some((expression, value))) = (entries.len(), entries.first()) else {
            let message = format!("a conditional has one condition, and here are {}", entries.len());
            return Err(NodeError::new("invalid-data", position, message));
        };
        let holds = self.holds(expression).map_err(|message| {
            NodeError::new(
                "expression-failed",
                position,
                format!("the condition '{expression}' fails: {message}"),
            )
        })?;
        let NodeKind::Mapping(value) = &value.kind else {
            let message = "a condition has a dictionary as its value";
            return Err(NodeError::new(ILLEGAL, value.position.as_ref(), message));
        };
        if let Some((key, node)) = value.entries.iter().find(|(key, _)| restricted.contains(&key.as_ref())) {
            let message = format!("'{key}' cannot depend on a condition");
            return Err(NodeError::new(ILLEGAL, node.position.as_ref(), message));
        }
        if holds { compose(value, target) } else { Ok(()) }
    }
}
