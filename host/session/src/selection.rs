//! Which elements are selected with the targets of a session.

use std::collections::HashSet;

use spec_project::{Project, RefStorage, Scope};

use crate::error::{Result, SessionError};
use crate::session::Session;

impl Session {
    /// The session's targets with their dependencies in `scope`, dependencies first, without the elements that are to be left
    /// out and what only these need. Without a scope, the targets alone, in their order.
    #[must_use]
    pub fn select(&self, scope: Option<Scope>) -> Vec<usize> {
        let selected = selection(&self.project, &self.project.targets, scope);
        if self.project.except.is_empty() {
            return selected;
        }
        let kept = reached_without(&self.project, &border_of_excepted(&self.project));
        selected.into_iter().filter(|element| kept.contains(element)).collect()
    }
}

impl Session {
    /// The selected elements whose sources are tracked: those of the projects of the targets, or of all projects.
    ///
    /// # Errors
    /// `untrackable-sources` for elements of subprojects, unless the top-level project keeps refs
    /// in project.refs.
    pub fn select_tracked(&self, scope: Option<Scope>, cross_junctions: bool) -> Result<Vec<usize>> {
        let project = &self.project;
        let of = |element: usize| project.elements[element].subproject;
        let mut selected = self.select(scope);
        if !cross_junctions {
            let mut own = HashSet::new();
            for subproject in project.targets.iter().map(|target| of(*target)).collect::<HashSet<_>>() {
                let targets: Vec<usize> =
                    project.targets.iter().copied().filter(|target| of(*target) == subproject).collect();
                let reached = selection(project, &targets, scope);
                own.extend(reached.into_iter().filter(|element| of(*element) == subproject));
            }
            selected.retain(|element| own.contains(element));
        }
        let foreign: Vec<String> = selected
            .iter()
            .filter(|element| of(**element).is_some())
            .map(|element| self.name(*element))
            .collect();
        if project.config.ref_storage == RefStorage::Inline && !foreign.is_empty() {
            return Err(SessionError::UntrackableSources { elements: foreign });
        }
        Ok(selected)
    }
}

/// Elements with their dependencies in `scope`, dependencies first. Without a scope, the elements alone, in their order.
fn selection(project: &Project, elements: &[usize], scope: Option<Scope>) -> Vec<usize> {
    match scope {
        None => {
            let mut seen = HashSet::new();
            elements.iter().copied().filter(|element| seen.insert(*element)).collect()
        }
        Some(scope) => project.scope(elements, scope),
    }
}

/// The elements that the targets need which an element that is to be left out reaches first: itself, or what it needs if no target
/// needs it itself.
fn border_of_excepted(project: &Project) -> HashSet<usize> {
    let targeted: HashSet<usize> = project.scope(&project.targets, Scope::All).into_iter().collect();
    let (mut border, mut seen) = (HashSet::new(), HashSet::new());
    let mut open: Vec<usize> = project.except.clone();
    while let Some(element) = open.pop() {
        if targeted.contains(&element) {
            border.insert(element);
        } else if seen.insert(element) {
            open.extend(project.elements[element].dependencies.iter().map(|dependency| dependency.element));
        }
    }
    border
}

/// The elements that are reached from the targets without going through `without`, as BuildStream does in every scope.
fn reached_without(project: &Project, without: &HashSet<usize>) -> HashSet<usize> {
    let mut reached = HashSet::new();
    let mut open: Vec<usize> = project.targets.clone();
    while let Some(element) = open.pop() {
        if without.contains(&element) || !reached.insert(element) {
            continue;
        }
        open.extend(project.elements[element].dependencies.iter().map(|dependency| dependency.element));
    }
    reached
}
