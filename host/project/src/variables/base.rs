//! The variables of a project and a kind, which the elements of the kind share.

use std::collections::HashMap;
use std::sync::Arc;

use spec_model::{Entries, Mapping, Node, NodeError, NodeKind};

use super::Variables;
use super::references::{BEGIN, references};
use crate::text_pool::TextPool;

/// Variables over which those of elements are laid.
#[derive(Debug, Default)]
pub(crate) struct BaseVariables {
    /// As they are written: scalars alone.
    pub(super) entries: Entries,
    /// Their values, by index, as far as these are known without an element.
    pub(super) values: Vec<Option<Arc<str>>>,
    /// The indices of those that refer to a variable, by its name. Only those with a known value count.
    users: HashMap<Arc<str>, Vec<usize>>,
    /// The number of bytes that expanding made of them.
    pub(super) expanded: usize,
}

impl BaseVariables {
    /// Variables that nothing is known of yet.
    ///
    /// # Errors
    /// `invalid-data` when a value is no scalar.
    pub(super) fn written(mapping: Mapping) -> Result<Self, NodeError> {
        mapping.entries.values().try_for_each(|node| node.as_str().map(drop))?;
        let values = mapping.entries.values().map(plain).collect();
        Ok(Self { entries: mapping.entries, values, ..Self::default() })
    }

    /// Variables whose values are found once, as far as they do not depend on what an element says.
    ///
    /// # Errors
    /// `invalid-data` when a value is no scalar.
    pub(crate) fn shared(mapping: Mapping, pool: &TextPool) -> Result<Self, NodeError> {
        let mut base = Self::written(mapping)?;
        base.note_users();
        let base = Arc::new(base);
        let variables = Variables::alone(&base);
        let value = |index| Some(pool.shared(&variables.try_value(index).ok()?));
        let values = (0..base.entries.len()).map(value).collect();
        let expanded = variables.expanded.get();
        drop(variables);
        Ok(Self { values, expanded, ..Arc::into_inner(base).unwrap_or_default() })
    }

    fn note_users(&mut self) {
        for (index, node) in self.entries.values().enumerate() {
            for name in node.as_str().into_iter().flat_map(references) {
                self.users.entry(name.into()).or_default().push(index);
            }
        }
    }

    /// The indices of those whose texts refer to a variable.
    pub(super) fn users(&self, name: &str) -> &[usize] {
        self.users.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The value of a text without references.
pub(super) fn plain(node: &Node) -> Option<Arc<str>> {
    match &node.kind {
        NodeKind::Scalar(text) if !text.contains(BEGIN) => Some(Arc::clone(text)),
        _ => None,
    }
}
