//! The check of an edited file before it is written: nothing but refs may differ, wherever the parser says that they are.

use spec_model::{Mapping, Node, NodeKind};

use crate::LoadError;
use crate::yaml::{parse_text, strip};

/// Whether nothing differs but refs, each of which is one of the values now, and every value is a ref somewhere.
///
/// # Errors
/// `ref-not-writable` when something else does, or the edited text cannot be read.
pub(super) fn only_refs_differ(
    text: &str,
    edited: &str,
    file: &str,
    values: &[&str],
) -> Result<(), LoadError> {
    let is_good = |edited: Mapping| {
        let original = parse_text(text, file)?;
        let has_all = values.iter().all(|value| has_ref(&edited, strip(value)));
        Ok::<bool, LoadError>(has_all && mappings(&original, &edited, values))
    };
    if parse_text(edited, file).map_or(Ok(false), is_good)? {
        return Ok(());
    }
    let message = format!(
        "{file}: a ref cannot be written there without changing something else; write it by hand: ref: {}",
        values.join(", ref: ")
    );
    Err(LoadError::at("ref-not-writable", None, message))
}

fn mappings(before: &Mapping, after: &Mapping, values: &[&str]) -> bool {
    let new = after.entries.keys().filter(|name| before.get(name).is_none()).count();
    let is_good = |(name, node): (&std::sync::Arc<str>, &Node)| {
        let is_ref = || &**name == "ref" && values.iter().any(|value| is_text(node, strip(value)));
        before.get(name).is_some_and(|before| nodes(before, node, values)) || is_ref()
    };
    before.entries.len() + new == after.entries.len() && after.entries.iter().all(is_good)
}

fn nodes(before: &Node, after: &Node, values: &[&str]) -> bool {
    match (&before.kind, &after.kind) {
        (NodeKind::Scalar(before), NodeKind::Scalar(after)) => before == after,
        (NodeKind::Mapping(before), NodeKind::Mapping(after)) => mappings(before, after, values),
        (NodeKind::Sequence(before), NodeKind::Sequence(after)) => {
            let mut pairs = before.iter().zip(after);
            before.len() == after.len() && pairs.all(|(before, after)| nodes(before, after, values))
        }
        _ => false,
    }
}

/// Whether there is such a ref at any depth. What looks like a place for one may be part of a comment.
fn has_ref(mapping: &Mapping, text: &str) -> bool {
    mapping
        .entries
        .iter()
        .any(|(name, node)| &**name == "ref" && is_text(node, text) || has_ref_below(node, text))
}

fn has_ref_below(node: &Node, text: &str) -> bool {
    match &node.kind {
        NodeKind::Mapping(mapping) => has_ref(mapping, text),
        NodeKind::Sequence(nodes) => nodes.iter().any(|node| has_ref_below(node, text)),
        NodeKind::Scalar(_) => false,
    }
}

fn is_text(node: &Node, text: &str) -> bool {
    matches!(&node.kind, NodeKind::Scalar(found) if **found == *text)
}
