//! Checks an edited file before it is written: the parsed contents may differ in refs only.

use spec_model::{FilePosition, Mapping, Node, NodeError, NodeKind};

use super::RefChange;
use crate::LoadError;
use crate::element::RefPlace;
use crate::yaml::{flow_node, parse_text, strip};

/// Checks that only refs differ, and that each of the sources has its new ref.
///
/// # Errors
/// `ref-not-writable` when something else does, or the edited text cannot be read.
pub(super) fn only_refs_differ(
    text: &str,
    edited: &str,
    file: &str,
    changes: &[RefChange<'_>],
) -> Result<(), LoadError> {
    let is_good = |edited: Mapping| {
        let original = parse_text(text, file)?;
        let are_set = changes.iter().all(|change| is_set(change, &original, &edited));
        Ok::<bool, LoadError>(are_set && mappings(&original, &edited, changes))
    };
    if parse_text(edited, file).map_or(Ok(false), is_good)? {
        return Ok(());
    }
    let message = format!("{file}: a ref cannot be written there without changing something else");
    let settings = changes.iter().flat_map(|change| &change.settings);
    let settings: Vec<String> = settings.map(|(key, value)| format!("{key}: {}", flow_node(value))).collect();
    let hint = format!("write it by hand: {}", settings.join(", "));
    Err(NodeError::new("ref-not-writable", None, message).with_hint(hint).into())
}

fn mappings(before: &Mapping, after: &Mapping, changes: &[RefChange<'_>]) -> bool {
    let new = after.entries.keys().filter(|name| before.get(name).is_none()).count();
    let is_good = |(name, node): (&std::sync::Arc<str>, &Node)| {
        let mut settings = changes.iter().flat_map(|change| &change.settings);
        before.get(name).is_some_and(|before| nodes(before, node, changes))
            || settings.any(|(key, value)| **name == **key && is_value(node, value))
    };
    before.entries.len() + new == after.entries.len() && after.entries.iter().all(is_good)
}

fn nodes(before: &Node, after: &Node, changes: &[RefChange<'_>]) -> bool {
    match (&before.kind, &after.kind) {
        (NodeKind::Scalar(before), NodeKind::Scalar(after)) => before == after,
        (NodeKind::Mapping(before), NodeKind::Mapping(after)) => mappings(before, after, changes),
        (NodeKind::Sequence(before), NodeKind::Sequence(after)) => {
            let mut pairs = before.iter().zip(after.iter());
            before.len() == after.len() && pairs.all(|(before, after)| nodes(before, after, changes))
        }
        _ => false,
    }
}

/// Whether the source at a place of the original has its new settings now. An edit at the end of the
/// source may have landed in a comment or in another dictionary.
fn is_set(change: &RefChange<'_>, original: &Mapping, edited: &Mapping) -> bool {
    let Some(found) = at_same_position(original, edited, &change.at) else { return false };
    change.settings.iter().all(|(key, value)| match (&change.at, &found.kind) {
        (RefPlace::Dictionary(_), NodeKind::Mapping(source)) => {
            source.get(key).is_some_and(|node| is_value(node, value))
        }
        _ => is_value(found, value),
    })
}

/// Whether a node is read as `value`, when it was written as that.
fn is_value(node: &Node, value: &Node) -> bool {
    match (&node.kind, &value.kind) {
        (NodeKind::Scalar(found), NodeKind::Scalar(text)) => **found == *strip(text),
        (NodeKind::Sequence(found), NodeKind::Sequence(nodes)) => {
            found.len() == nodes.len()
                && found.iter().zip(nodes.iter()).all(|(found, value)| is_value(found, value))
        }
        (NodeKind::Mapping(found), NodeKind::Mapping(value)) => {
            let has = |(name, value): (&std::sync::Arc<str>, &Node)| {
                found.get(name).is_some_and(|found| is_value(found, value))
            };
            found.entries.len() == value.entries.len() && value.entries.iter().all(has)
        }
        _ => false,
    }
}

/// The node of `edited` at the same position in the tree as the node at a place of `original`.
fn at_same_position<'a>(original: &Mapping, edited: &'a Mapping, at: &RefPlace) -> Option<&'a Node> {
    original.entries.iter().find_map(|(name, node)| same_position_below(node, edited.get(name)?, at))
}

fn same_position_below<'a>(original: &Node, edited: &'a Node, at: &RefPlace) -> Option<&'a Node> {
    let is_at = |position: &FilePosition| {
        original
            .position
            .as_ref()
            .is_some_and(|own| (own.line, own.column) == (position.line, position.column))
    };
    // A collection may begin at the same place as its first node.
    let found = match (at, &original.kind) {
        (RefPlace::Value(position), _) => is_at(position),
        (RefPlace::Dictionary(position), NodeKind::Mapping(_)) => is_at(position),
        _ => false,
    };
    if found {
        return Some(edited);
    }
    match (&original.kind, &edited.kind) {
        (NodeKind::Mapping(original), NodeKind::Mapping(edited)) => at_same_position(original, edited, at),
        (NodeKind::Sequence(original), NodeKind::Sequence(edited)) => original
            .iter()
            .zip(edited.iter())
            .find_map(|(original, edited)| same_position_below(original, edited, at)),
        _ => None,
    }
}
