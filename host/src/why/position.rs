//! Finds the place in the user's files of a part of a key's description.

use spec_model::{FilePosition, Mapping, Node, NodeKind};
use spec_project::{Element, RefPlace};

use super::change::{KeyChange, PathStep};

/// The place of what changed, or of the nearest thing around it.
pub(super) fn position_of(element: &Element, change: &KeyChange) -> Option<FilePosition> {
    let exact = match change {
        KeyChange::Dependency { name, .. } => dependency(element, name),
        KeyChange::Source { index, .. } => source(element, *index),
        KeyChange::Setting { path, .. } => setting(element, path),
    };
    exact.or_else(|| element.position.clone())
}

/// Only direct dependencies are written down in the element.
fn dependency(element: &Element, (_, name): &(String, String)) -> Option<FilePosition> {
    let named = |path: &str| path == name || path.ends_with(&format!(":{name}"));
    element.dependencies.iter().find(|dependency| named(&dependency.path))?.position.clone()
}

fn source(element: &Element, index: usize) -> Option<FilePosition> {
    let source = element.sources.get(index)?;
    match &source.ref_place {
        RefPlace::Value(position) => Some(position.clone()),
        RefPlace::Dictionary(_) | RefPlace::RefsFile(_) | RefPlace::Subproject | RefPlace::Nowhere => {
            source.position.clone()
        }
    }
}

fn setting(element: &Element, path: &[PathStep]) -> Option<FilePosition> {
    let (PathStep::Name(section), rest) = path.split_first()? else { return None };
    match (section.as_str(), rest) {
        ("element-plugin-key", rest) => below(&element.config(), rest),
        ("public", rest) => below(&element.public, rest),
        ("environment", [PathStep::Name(name), ..]) => element.environment_data().get(name)?.position.clone(),
        ("sandbox", [PathStep::Name(name), ..]) => element.sandbox_data().get(name)?.position.clone(),
        _ => None,
    }
}

/// The place of the last node on the way that has one.
fn below(mapping: &Mapping, path: &[PathStep]) -> Option<FilePosition> {
    let (PathStep::Name(name), mut rest) = path.split_first()? else { return None };
    let mut node = mapping.get(name)?;
    let mut position = node.position.clone();
    while let Some((step, further)) = rest.split_first()
        && let Some(next) = child(node, step)
    {
        (node, rest) = (next, further);
        position = node.position.clone().or(position);
    }
    position
}

fn child<'n>(node: &'n Node, step: &PathStep) -> Option<&'n Node> {
    match (&node.kind, step) {
        (NodeKind::Mapping(mapping), PathStep::Name(name)) => mapping.get(name),
        (NodeKind::Sequence(nodes), PathStep::Index(index)) => nodes.get(*index),
        _ => None,
    }
}
