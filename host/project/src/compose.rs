//! Composition of mappings, with BuildStream's list directives.
//!
//! `(<)` puts items before the list below, `(>)` after it, `(=)` replaces it. A directive without a list below stays
//! until a list is composed under it; [`assert_composed`] finds directives that stayed.

use std::sync::Arc;

use spec_model::{Mapping, Node, NodeError, NodeKind};

const PREPEND: &str = "(<)";
const APPEND: &str = "(>)";
const OVERWRITE: &str = "(=)";
const CONDITIONS: &str = "(?)";
const ILLEGAL: &str = "illegal-composite";

/// Composes `upper` over `lower`.
///
/// # Errors
/// `illegal-composite` where two values of different kinds meet, `invalid-data` where a dictionary mixes list
/// directives with other keys or a directive holds no list.
pub fn compose(upper: &Mapping, lower: &mut Mapping) -> Result<(), NodeError> {
    for (name, value) in &upper.entries {
        compose_entry(name, value, lower)?;
    }
    lower.adopt_key_positions(upper);
    if upper.position.is_some() {
        lower.position.clone_from(&upper.position);
    }
    Ok(())
}

/// Composes `upper` over `lower` and puts the result into `upper`: first its own keys, then the new ones.
///
/// # Errors
/// As [`compose`].
pub fn compose_under(mut lower: Mapping, upper: &mut Mapping) -> Result<(), NodeError> {
    compose(upper, &mut lower)?;
    for (name, node) in &mut upper.entries {
        if let Some(composed) = lower.entries.get_mut(name) {
            std::mem::swap(node, composed);
        }
    }
    lower.entries.retain(|name, _| upper.get(name).is_none());
    upper.adopt_key_positions(&lower);
    upper.entries.extend(lower.entries);
    Ok(())
}

/// Sets a text. An entry that the user had set keeps its place in the user's file, so that a redefined protected
/// variable is reported there.
pub(crate) fn set_keeping_position(mapping: &mut Mapping, name: &str, text: &str) {
    let mut node = Node::text(text);
    if let Some(old) = mapping.get(name) {
        node.position.clone_from(&old.position);
    }
    mapping.set(name, node);
}

/// Checks that no list directive is left.
///
/// # Errors
/// `trailing-list-directive` at the first that is.
pub fn assert_composed(mapping: &Mapping) -> Result<(), NodeError> {
    for (name, value) in &mapping.entries {
        if is_directive(name) {
            let message = format!("there is no list that '{name}' could extend or overwrite");
            return Err(NodeError::new("trailing-list-directive", value.position.as_ref(), message));
        }
        assert_node_composed(value)?;
    }
    Ok(())
}

fn assert_node_composed(node: &Node) -> Result<(), NodeError> {
    match &node.kind {
        NodeKind::Scalar(_) => Ok(()),
        NodeKind::Sequence(nodes) => nodes.iter().try_for_each(assert_node_composed),
        NodeKind::Mapping(mapping) => assert_composed(mapping),
    }
}

fn compose_entry(name: &Arc<str>, value: &Node, lower: &mut Mapping) -> Result<(), NodeError> {
    let Some(below) = lower.get_mut(name) else {
        check_directives(value)?;
        lower.entries.insert(Arc::clone(name), value.clone());
        return Ok(());
    };
    match (&value.kind, &mut below.kind) {
        (NodeKind::Scalar(_), NodeKind::Scalar(_)) => *below = value.clone(),
        (NodeKind::Sequence(items), NodeKind::Sequence(list)) if **name == *CONDITIONS => {
            Arc::make_mut(list).extend_from_slice(items)
        }
        (NodeKind::Sequence(_), NodeKind::Sequence(_)) => *below = value.clone(),
        (NodeKind::Sequence(_), NodeKind::Mapping(mapping)) if is_list_directives(mapping)? => {
            *below = value.clone()
        }
        (NodeKind::Mapping(upper), _) if is_list_directives(upper)? => {
            apply_directives(name, value, upper, below)?
        }
        (NodeKind::Mapping(upper), NodeKind::Mapping(mapping)) => {
            compose(upper, Arc::make_mut(mapping))?;
            below.position.clone_from(&mapping.position);
        }
        _ => return Err(conflict(name, value, below)),
    }
    Ok(())
}

/// The check of composition for an entry with nothing below it, which is taken as it is.
fn check_directives(value: &Node) -> Result<(), NodeError> {
    match &value.kind {
        NodeKind::Mapping(mapping) if !is_list_directives(mapping)? => {
            mapping.entries.values().try_for_each(check_directives)
        }
        _ => Ok(()),
    }
}

fn apply_directives(
    name: &str,
    value: &Node,
    directives: &Mapping,
    below: &mut Node,
) -> Result<(), NodeError> {
    let [overwrite, prepend, append] = [OVERWRITE, PREPEND, APPEND].map(|name| directives.get(name));
    let (overwrite, prepend, append) =
        (items(overwrite)?, items(prepend)?.unwrap_or_default(), items(append)?.unwrap_or_default());
    match &mut below.kind {
        NodeKind::Sequence(list) => {
            let list = Arc::make_mut(list);
            if let Some(items) = overwrite {
                *list = items.to_vec();
            }
            // Otherwise it would have room for twice as many.
            list.reserve_exact(prepend.len() + append.len());
            list.splice(0..0, prepend.iter().cloned());
            list.extend_from_slice(append);
            Ok(())
        }
        NodeKind::Mapping(lower) if is_list_directives(lower)? => {
            merge_directives(directives, Arc::make_mut(lower))
        }
        _ => Err(conflict(name, value, below)),
    }
}

/// Composes directives over directives, so that the result does to a list what both would do.
fn merge_directives(upper: &Mapping, lower: &mut Mapping) -> Result<(), NodeError> {
    if let Some(overwrite) = upper.get(OVERWRITE) {
        lower.set(OVERWRITE, overwrite.clone());
        for name in [PREPEND, APPEND] {
            match upper.get(name) {
                Some(node) => lower.set(name, node.clone()),
                None => drop(lower.remove(name)),
            }
        }
        return Ok(());
    }
    for (name, first) in [(PREPEND, true), (APPEND, false)] {
        let Some(node) = upper.get(name) else { continue };
        let Some(NodeKind::Sequence(list)) = lower.get_mut(name).map(|node| &mut node.kind) else {
            lower.set(name, node.clone());
            continue;
        };
        let list = Arc::make_mut(list);
        let at = if first { 0 } else { list.len() };
        list.splice(at..at, node.as_sequence()?.iter().cloned());
    }
    Ok(())
}

fn items(node: Option<&Node>) -> Result<Option<&[Node]>, NodeError> {
    node.map(Node::as_sequence).transpose()
}

pub(crate) fn is_directive(name: &str) -> bool {
    matches!(name, PREPEND | APPEND | OVERWRITE)
}

/// Whether a mapping consists of list directives.
fn is_list_directives(mapping: &Mapping) -> Result<bool, NodeError> {
    let directives = mapping.entries.keys().filter(|name| is_directive(name)).count();
    if directives != 0 && directives != mapping.entries.len() {
        let message = "list directives and other keys are mixed here";
        let error = NodeError::new("invalid-data", mapping.position.as_ref(), message);
        return Err(error.with_hint("put the directives into a dictionary of their own"));
    }
    Ok(directives != 0)
}

fn conflict(name: &str, value: &Node, below: &Node) -> NodeError {
    let under = below.position.as_ref().map_or_else(|| "a default".to_owned(), ToString::to_string);
    let message =
        format!("'{name}': {} cannot be laid over {} ({under})", value.kind_name(), below.kind_name());
    NodeError::new(ILLEGAL, value.position.as_ref(), message)
}

#[cfg(test)]
mod tests;
