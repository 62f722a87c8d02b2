//! Checks an edited file before it is written: the parsed contents may differ in refs only.

use spec_model::{FilePosition, Mapping, Node, NodeError, NodeKind};

use crate::LoadError;
use crate::element::RefPlace;
use crate::yaml::{parse_text, strip};

/// Checks that only refs differ, and that each of the sources has its new ref.
///
/// # Errors
/// `ref-not-writable` when something else does, or the edited text cannot be read.
pub(super) fn only_refs_differ(
    text: &str,
    edited: &str,
    file: &str,
    refs: &[(&RefPlace, &str)],
) -> Result<(), LoadError> {
    let values: Vec<&str> = refs.iter().map(|(_, value)| *value).collect();
    let is_good = |edited: Mapping| {
        let original = parse_text(text, file)?;
        let are_set = refs.iter().all(|(at, _)| is_set(at, &original, &edited, &values));
        Ok::<bool, LoadError>(are_set && mappings(&original, &edited, &values))
    };
    if parse_text(edited, file).map_or(Ok(false), is_good)? {
        return Ok(());
    }
    let message = format!("{file}: a ref cannot be written there without changing something else");
    let hint = format!("write it by hand: ref: {}", values.join(", ref: "));
    Err(NodeError::new("ref-not-writable", None, message).with_hint(hint).into())
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
            let mut pairs = before.iter().zip(after.iter());
            before.len() == after.len() && pairs.all(|(before, after)| nodes(before, after, values))
        }
        _ => false,
    }
}

/// Whether the source at a place of the original has one of the values as its ref now. An edit at the end of the
/// source may have landed in a comment or in another dictionary.
fn is_set(at: &RefPlace, original: &Mapping, edited: &Mapping, values: &[&str]) -> bool {
    let is_value = |node: &Node| values.iter().any(|value| is_text(node, strip(value)));
    match at_same_position(original, edited, at).map(|node| (&node.kind, node)) {
        Some((NodeKind::Mapping(source), _)) => source.get("ref").is_some_and(is_value),
        Some((_, node)) => is_value(node),
        None => false,
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
        (RefPlace::Value(position), NodeKind::Scalar(_)) => is_at(position),
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

fn is_text(node: &Node, text: &str) -> bool {
    matches!(&node.kind, NodeKind::Scalar(found) if **found == *text)
}
