//! What kinds are told about the dependencies of an element.

use std::sync::Arc;

use spec_model::{Mapping, Node, NodeKind};
use spec_strategy::{DependencyFacts, PublicData, StagedElementFacts};

use super::Element;
use crate::after_dependencies::Results;
use crate::dependency_graph::{DependencyGraph, Scope};
use crate::outer_space;

/// The elements that are resolved already, by index: all dependencies of the next one are among them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResolvedElements<'e> {
    pub(crate) elements: &'e Results<Element>,
    /// Who depends on whom, of all elements.
    pub(crate) graph: &'e DependencyGraph,
}

/// Answers questions of a kind about the dependencies of one element.
pub(super) struct ElementFacts<'e> {
    pub(super) resolved: ResolvedElements<'e>,
    /// For each dependency index, the element.
    pub(super) dependencies: &'e [usize],
    /// What the element declares as public data.
    pub(super) public: &'e Mapping,
}

impl DependencyFacts for ElementFacts<'_> {
    fn staged(&self, dependencies: &[u32]) -> Vec<usize> {
        let direct = dependencies.iter().filter_map(|index| self.dependencies.get(*index as usize).copied());
        self.resolved.graph.scope(&direct.collect::<Vec<_>>(), Scope::Run)
    }

    fn element(&self, element: usize) -> Option<StagedElementFacts> {
        let element = self.resolved.elements.get(element)?;
        Some(StagedElementFacts {
            full_name: element.name.to_string(),
            name: element.name.path().to_owned(),
            project: element.project.to_string(),
            kind: element.kind.to_string(),
            has_artifact: element.kind_description.has_artifact,
        })
    }

    fn runtime_dependencies(&self, element: usize) -> Vec<usize> {
        let below = self.resolved.elements.get(element).map(|element| &element.dependencies);
        let below = below.into_iter().flatten().filter(|dependency| dependency.runtime);
        below.map(|dependency| dependency.element).collect()
    }

    fn public_data(&self, element: usize, domain: &str) -> Option<PublicData> {
        self.resolved.elements.get(element)?.artifact_public().get(domain).map(data)
    }

    fn own_public_data(&self, domain: &str) -> Option<PublicData> {
        self.public.get(domain).map(data)
    }
}

fn data(node: &Node) -> PublicData {
    match &node.kind {
        NodeKind::Scalar(text) => PublicData::Text(text.to_string()),
        NodeKind::Sequence(items) => PublicData::Sequence(items.iter().map(data).collect()),
        NodeKind::Mapping(mapping) => PublicData::Mapping(
            mapping.entries.iter().map(|(name, entry)| (name.to_string(), data(entry))).collect(),
        ),
    }
}

/// The public data of an artifact: with the domains that a plan sets, and without white space around texts. `None` when nothing
/// of that changes them.
pub(super) fn changed_public(public: &Mapping, changes: &[(String, PublicData)]) -> Option<Arc<Mapping>> {
    let is_changed = !changes.is_empty() || outer_space::has_any(public);
    let mut changed = is_changed.then(|| public.clone())?;
    for (domain, data) in changes {
        changed.set(domain, node(data));
    }
    outer_space::strip_all(&mut changed);
    Some(Arc::new(changed))
}

fn node(data: &PublicData) -> Node {
    match data {
        PublicData::Text(text) => Node::text(text.as_str()),
        PublicData::Sequence(items) => Node::sequence(items.iter().map(node).collect()),
        PublicData::Mapping(entries) => {
            let mut mapping = Mapping::new();
            for (name, entry) in entries {
                mapping.set(name, node(entry));
            }
            mapping.into()
        }
    }
}
