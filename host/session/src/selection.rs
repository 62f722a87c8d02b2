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
        self.without_excepted(selection(&self.project, &self.project.targets, scope))
    }

    fn without_excepted(&self, selected: Vec<usize>) -> Vec<usize> {
        if self.project.except.is_empty() {
            return selected;
        }
        let kept = reached_without(&self.project, &border_of_excepted(&self.project));
        selected.into_iter().filter(|element| kept.contains(element)).collect()
    }

    /// The session's targets, and for those that only filter others these others, each once.
    #[must_use]
    pub fn source_elements(&self) -> Vec<usize> {
        tracked(&self.project, &self.project.targets, None)
    }
}

impl Session {
    /// The selected elements whose sources are tracked: those of the projects of the targets, or of all projects. Without a
    /// scope, a target that only filters another stands for that.
    ///
    /// # Errors
    /// `untrackable-sources` for elements of subprojects, unless the top-level project keeps refs
    /// in project.refs.
    pub fn select_tracked(&self, scope: Option<Scope>, cross_junctions: bool) -> Result<Vec<usize>> {
        let project = &self.project;
        let of = |element: usize| project.elements[element].subproject;
        let mut selected = self.without_excepted(tracked(project, &project.targets, scope));
        if !cross_junctions {
            let mut own = HashSet::new();
            for subproject in project.targets.iter().map(|target| of(*target)).collect::<HashSet<_>>() {
                let targets: Vec<usize> =
                    project.targets.iter().copied().filter(|target| of(*target) == subproject).collect();
                let reached = tracked(project, &targets, scope);
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

/// As [`selection`], but without a scope those that only filter others stand for these.
fn tracked(project: &Project, elements: &[usize], scope: Option<Scope>) -> Vec<usize> {
    match scope {
        Some(_) => selection(project, elements, scope),
        None => {
            let sources: Vec<usize> =
                elements.iter().map(|element| project.source_element(*element)).collect();
            selection(project, &sources, None)
        }
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
