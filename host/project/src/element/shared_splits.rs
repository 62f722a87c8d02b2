//! The split rules that a kind has in a project, expanded. Elements without rules of their own, whose variables in them are the same,
//! share them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use spec_model::{Mapping, Node, NodeError};

use crate::compose::assert_composed;
use crate::variables::{Variables, names_below};

/// The split rules in the domain `bst` of public data.
pub(super) const SPLIT_RULES: &str = "split-rules";

/// The split rules of a kind.
#[derive(Default)]
pub(super) struct SharedSplits {
    rules: Mapping,
    /// The variables that they refer to.
    names: Vec<Arc<str>>,
    /// The expanded rules, by the values of these.
    expanded: Mutex<HashMap<Vec<Arc<str>>, Node>>,
}

impl SharedSplits {
    pub(super) fn new(rules: Option<&Mapping>) -> Self {
        let rules = rules.cloned().unwrap_or_default();
        Self { names: names_below(&rules), rules, expanded: Mutex::default() }
    }

    /// The rules as they are written.
    pub(super) fn rules(&self) -> &Mapping {
        &self.rules
    }

    /// The rules with the variables of an element.
    ///
    /// # Errors
    /// `trailing-list-directive`, and those of expanding.
    pub(super) fn expand(&self, variables: &Variables) -> Result<Node, NodeError> {
        let values = self.names.iter().map(|name| variables.get(name)).collect::<Option<Vec<_>>>();
        // A panic of another thread leaves whole entries.
        let mut expanded = self.expanded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = values.as_ref().and_then(|values| expanded.get(values)) {
            return Ok(known.clone());
        }
        let mut rules = self.rules.clone();
        assert_composed(&rules)?;
        variables.expand(&mut rules)?;
        let rules = Node::from(rules);
        expanded.extend(values.map(|values| (values, rules.clone())));
        Ok(rules)
    }
}

/// The split rules in the public data of a mapping.
pub(super) fn split_rules(node: &Mapping) -> Result<Option<&Mapping>, NodeError> {
    let public = node.opt_mapping("public")?;
    let domain = public.map_or(Ok(None), |public| public.opt_mapping("bst"))?;
    domain.map_or(Ok(None), |domain| domain.opt_mapping(SPLIT_RULES))
}
