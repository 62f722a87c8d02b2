//! The values of the variables of an element.

use std::sync::Arc;

use spec_model::{Mapping, Node, NodeKind};

use super::references::{BEGIN, TextPiece, pieces};
use super::{BaseVariables, Variable};

/// The values of all variables of an element, in the order in which they are first defined. Those that are as for every element of
/// its kind are shared.
#[derive(Clone, Debug)]
pub struct VariableValues {
    base: Arc<BaseVariables>,
    /// Those with another value than the base knows, by its indices, in order.
    changed: Box<[(u32, Arc<str>)]>,
    /// Those that are not in the base.
    added: Box<[Variable]>,
}

impl VariableValues {
    /// The values of the variables of a base, and of those with the further names.
    pub(super) fn over<'n>(
        base: &Arc<BaseVariables>,
        mut values: Vec<Arc<str>>,
        added: impl Iterator<Item = &'n Arc<str>>,
    ) -> Self {
        let further = values.split_off(base.entries.len());
        let added = added.cloned().zip(further).collect();
        let is_known = |known: &Option<Arc<str>>, value: &Arc<str>| {
            known.as_ref().is_some_and(|known| Arc::ptr_eq(known, value))
        };
        let indexed = (0..).zip(base.values.iter().zip(values));
        let changed = indexed.filter(|(_, (known, value))| !is_known(known, value));
        let changed = changed.map(|(index, (_, value))| (index, value)).collect();
        Self { base: Arc::clone(base), changed, added }
    }

    /// Values that are shared with no other element.
    pub(super) fn alone(values: Vec<Variable>) -> Self {
        Self { base: Arc::default(), changed: Box::default(), added: values.into() }
    }

    /// The names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        let mut changed = self.changed.iter().peekable();
        let of_base = (0..).zip(&self.base.entries).zip(&self.base.values);
        let of_base = of_base.filter_map(move |((index, (name, _)), known)| {
            let own = changed.next_if(|(changed, _)| *changed == index).map(|(_, value)| value);
            Some((name, own.or(known.as_ref())?))
        });
        of_base.chain(self.added.iter().map(|(name, value)| (name, value)))
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let Some(index) = self.base.entries.get_index_of(name) else {
            return self.added.iter().find(|(added, _)| **added == *name).map(|(_, value)| &**value);
        };
        match self.changed.binary_search_by_key(&index, |(changed, _)| *changed as usize) {
            Ok(found) => Some(&self.changed[found].1),
            Err(_) => self.base.values[index].as_deref(),
        }
    }

    /// A mapping with its references replaced. They were found to be good before.
    pub(crate) fn expanded(&self, mapping: &Mapping) -> Mapping {
        let mut mapping = mapping.clone();
        mapping.entries.values_mut().for_each(|node| self.expand(node));
        mapping
    }

    fn expand(&self, node: &mut Node) {
        match &mut node.kind {
            NodeKind::Scalar(text) if text.contains(BEGIN) => {
                let piece = |piece| match piece {
                    TextPiece::Text(text) => text,
                    TextPiece::Reference(name) => self.get(name).unwrap_or_default(),
                };
                *text = pieces(text).map(piece).collect::<String>().into();
            }
            NodeKind::Scalar(_) => {}
            NodeKind::Sequence(nodes) => {
                Arc::make_mut(nodes).iter_mut().for_each(|node| self.expand(node));
            }
            NodeKind::Mapping(mapping) => *mapping = Arc::new(self.expanded(mapping)),
        }
    }
}
