//! The variables of an element as they are kept.

use std::sync::Arc;

use spec_model::{Mapping, Node, NodeKind};

use super::{BaseVariables, Variable, Variables};

/// The variables of an element as they are written. Their values are found again for who asks, because few do once the kind has
/// seen them.
#[derive(Clone, Debug)]
pub struct WrittenVariables {
    base: Arc<BaseVariables>,
    /// Those that stand for some of the base or are added to it.
    own: Box<[Variable]>,
}

impl WrittenVariables {
    pub(super) fn new(variables: &Variables) -> Self {
        let name = |index: &usize| variables.base.entries.get_index(*index).map(|(name, _)| name);
        let replaced = variables.replaced.iter().filter_map(|(index, node)| Some((name(index)?, node)));
        let text = |(name, node): (&Arc<str>, &Node)| match &node.kind {
            NodeKind::Scalar(text) => Some((Arc::clone(name), Arc::clone(text))),
            _ => None,
        };
        let own = replaced.chain(&variables.added).filter_map(text).collect();
        Self { base: Arc::clone(&variables.base), own }
    }

    /// The names and values, in the order in which they are first defined.
    #[must_use]
    pub fn values(&self) -> Vec<(Arc<str>, Arc<str>)> {
        self.variables().resolvable()
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<str>> {
        self.variables().get(name)
    }

    /// A mapping with its references replaced. They were found to be good before.
    pub(crate) fn expanded(&self, mapping: &Mapping) -> Mapping {
        let mut expanded = mapping.clone();
        let outcome = self.variables().expand(&mut expanded);
        debug_assert!(outcome.is_ok(), "an element has no text that cannot be expanded");
        expanded
    }

    /// The variables as they were when the element was resolved.
    pub(crate) fn variables(&self) -> Variables {
        let mut variables = Variables::alone(&self.base);
        let own = self.own.iter().map(|(name, text)| (Arc::clone(name), Node::text(Arc::clone(text))));
        own.for_each(|(name, node)| variables.set(name, node));
        variables
    }
}
