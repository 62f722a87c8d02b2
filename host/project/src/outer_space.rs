//! White space around texts. BuildStream takes it away from every scalar that it reads, and again where it copies nodes whose
//! variables are expanded, so that an empty variable at an end leaves none.

use std::sync::Arc;

use spec_model::{Mapping, Node, NodeKind};

use crate::yaml::strip;

/// Takes white space away from both ends of all texts at and below a mapping.
pub(crate) fn strip_all(mapping: &mut Mapping) {
    mapping.entries.values_mut().for_each(strip_node);
}

/// Whether [`strip_all`] would change something.
pub(crate) fn has_any(mapping: &Mapping) -> bool {
    mapping.entries.values().any(node_has_any)
}

fn strip_node(node: &mut Node) {
    match &mut node.kind {
        NodeKind::Scalar(text) => {
            if has_outer_space(text) {
                *text = strip(text).into();
            }
        }
        NodeKind::Sequence(nodes) if nodes.iter().any(node_has_any) => {
            Arc::make_mut(nodes).iter_mut().for_each(strip_node);
        }
        NodeKind::Mapping(mapping) if has_any(mapping) => strip_all(Arc::make_mut(mapping)),
        NodeKind::Sequence(_) | NodeKind::Mapping(_) => {}
    }
}

fn node_has_any(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Scalar(text) => has_outer_space(text),
        NodeKind::Sequence(nodes) => nodes.iter().any(node_has_any),
        NodeKind::Mapping(mapping) => has_any(mapping),
    }
}

fn has_outer_space(text: &str) -> bool {
    strip(text).len() != text.len()
}
