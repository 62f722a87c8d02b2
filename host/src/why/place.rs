//! Finds the place in the user's files of a part of a key's description.

use spec_model::{Mapping, Node, NodeKind, Place};
use spec_project::{Element, RefPlace};

use super::change::{KeyChange, PathStep};

/// The place of the change, or of the nearest node that contains it.
pub(super) fn place_of(element: &Element, change: &KeyChange) -> Option<Place> {
    let exact = match change {
        KeyChange::Dependency { name, .. } => dependency(element, name),
        KeyChange::Source { index, .. } => source(element, *index),
        KeyChange::Setting { path, .. } => setting(element, path),
    };
    exact.or_else(|| element.place.clone())
}

/// Only direct dependencies are written down in the element.
fn dependency(element: &Element, (_, name): &(String, String)) -> Option<Place> {
    let named = |path: &str| path == name || path.ends_with(&format!(":{name}"));
    element.dependencies.iter().find(|dependency| named(&dependency.path))?.place.clone()
}

fn source(element: &Element, index: usize) -> Option<Place> {
    let source = element.sources.get(index)?;
    match &source.ref_place {
        RefPlace::Value(place) => Some(place.clone()),
        RefPlace::Dictionary(_) | RefPlace::ProjectRefs | RefPlace::Nowhere => source.place.clone(),
    }
}

fn setting(element: &Element, path: &[PathStep]) -> Option<Place> {
    let (PathStep::Name(section), rest) = path.split_first()? else { return None };
    match (section.as_str(), rest) {
        ("element-plugin-key", rest) => below(&element.config, rest),
        ("public", rest) => below(&element.public, rest),
        (section @ ("environment" | "sandbox"), [PathStep::Name(name), ..]) => {
            let section = if section == "sandbox" { "sandbox" } else { "environment" };
            element.setting_places.get(&(section, name.clone())).cloned()
        }
        _ => None,
    }
}

/// The place of the last node on the way that has one.
fn below(mapping: &Mapping, path: &[PathStep]) -> Option<Place> {
    let (PathStep::Name(name), mut rest) = path.split_first()? else { return None };
    let mut node = mapping.get(name)?;
    let mut place = node.place.clone();
    while let Some((step, further)) = rest.split_first()
        && let Some(next) = child(node, step)
    {
        (node, rest) = (next, further);
        place = node.place.clone().or(place);
    }
    place
}

fn child<'n>(node: &'n Node, step: &PathStep) -> Option<&'n Node> {
    match (&node.kind, step) {
        (NodeKind::Mapping(mapping), PathStep::Name(name)) => mapping.get(name),
        (NodeKind::Sequence(nodes), PathStep::Index(index)) => nodes.get(*index),
        _ => None,
    }
}
