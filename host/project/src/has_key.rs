//! Looks for keys in nodes, so that what has none of them need not be copied to be changed.

use spec_model::{Mapping, Node, NodeKind};

/// Whether a mapping at or below a node has one of these keys.
pub(crate) fn has_key(node: &Node, keys: &[&str]) -> bool {
    match &node.kind {
        NodeKind::Scalar(_) => false,
        NodeKind::Sequence(nodes) => nodes.iter().any(|node| has_key(node, keys)),
        NodeKind::Mapping(mapping) => mapping_has_key(mapping, keys),
    }
}

fn mapping_has_key(mapping: &Mapping, keys: &[&str]) -> bool {
    keys.iter().any(|key| mapping.get(key).is_some())
        || mapping.entries.values().any(|node| has_key(node, keys))
}
