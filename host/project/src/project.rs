//! A loaded project.

use std::collections::HashMap;

use spec_strategy::KindRegistry;

use crate::LoadError;
use crate::config::{self, ProjectConfig, ProjectDefaults, RefStorage, find_project};
use crate::dependency_graph::{DependencyGraph, Scope};
use crate::element::{Element, ElementResolver, ProjectKinds};
use crate::include::Includes;
use crate::load_options::LoadOptions;
use crate::loader::{LoadedElement, Loader};
use crate::project_refs::ProjectRefs;

/// A project with the elements that the targets need.
#[derive(Debug)]
pub struct Project {
    /// The settings of the whole project.
    pub config: ProjectConfig,
    /// The elements, each after all it depends on, in BuildStream's order (that of `bst show`).
    pub elements: Vec<Element>,
    /// The indices of the targets.
    pub targets: Vec<usize>,
    graph: DependencyGraph,
    names: HashMap<String, usize>,
}

/// A project whose project.conf is loaded, and whose elements are not.
pub struct ConfiguredProject {
    /// The settings of the whole project.
    pub config: ProjectConfig,
    defaults: ProjectDefaults,
    includes: Includes,
    targets: Vec<String>,
}

impl ConfiguredProject {
    /// Loads what holds for a whole project.
    ///
    /// # Errors
    /// What is wrong with project.conf, with its place.
    pub fn load(options: &LoadOptions) -> Result<Self, LoadError> {
        let directory = find_project(&options.directory)?;
        let includes = Includes::new(directory.clone());
        let (config, defaults) = config::load(&directory, options, &includes)?;
        Ok(Self { config, defaults, includes, targets: options.targets.clone() })
    }

    /// Loads the elements: the targets and all they need, with kinds from `kinds`.
    ///
    /// # Errors
    /// What is wrong with the project's files, with its place, or why a kind refuses an element.
    pub fn load_elements(self, kinds: &dyn KindRegistry) -> Result<Project, LoadError> {
        let Self { config, defaults, includes, targets } = self;
        let refs = match config.ref_storage {
            RefStorage::Inline => None,
            RefStorage::ProjectRefs => Some(ProjectRefs::load(&config.directory, &defaults.options)?),
        };
        let (loaded, targets) = Loader::new(&config, &defaults, &includes).load(&targets)?;
        let order = loaded_graph(&loaded).scope(&targets, Scope::All);
        let mut index = vec![0; loaded.len()];
        for (new, old) in order.iter().enumerate() {
            index[*old] = new;
        }
        let kinds = ProjectKinds::new(kinds, &defaults);
        let mut resolver = ElementResolver { config: &config, defaults: &defaults, refs, kinds };
        let resolve = |old: &usize| resolver.resolve(&loaded[*old], &|old| index[old]);
        let elements = order.iter().map(resolve).collect::<Result<Vec<_>, _>>()?;
        let targets = targets.iter().map(|old| index[*old]).collect();
        Ok(Project::new(config, elements, targets))
    }
}

impl Project {
    fn new(config: ProjectConfig, elements: Vec<Element>, targets: Vec<usize>) -> Self {
        let names =
            elements.iter().enumerate().map(|(index, element)| (element.name.to_string(), index)).collect();
        let mut graph = DependencyGraph::new(elements.len());
        for (index, element) in elements.iter().enumerate() {
            for dependency in &element.dependencies {
                graph.add(index, dependency.element, dependency.build, dependency.runtime);
            }
        }
        Self { config, elements, targets, graph, names }
    }

    /// The index of the element with this full name.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// The elements that the given ones need in a scope, each once, in BuildStream's order.
    #[must_use]
    pub fn scope(&self, elements: &[usize], scope: Scope) -> Vec<usize> {
        self.graph.scope(elements, scope)
    }

    /// The elements staged when an element is built: its build dependencies and all they need at run time, in staging
    /// order.
    #[must_use]
    pub fn build_scope(&self, element: usize) -> Vec<usize> {
        self.graph.scope(&[element], Scope::Build)
    }

    /// The elements that directly depend on one, in ascending order.
    #[must_use]
    pub fn dependents(&self, element: usize) -> Vec<usize> {
        let depends = |candidate: &Element| candidate.dependencies.iter().any(|d| d.element == element);
        (element + 1..self.elements.len()).filter(|index| depends(&self.elements[*index])).collect()
    }
}

fn loaded_graph(loaded: &[LoadedElement]) -> DependencyGraph {
    let mut graph = DependencyGraph::new(loaded.len());
    for (index, element) in loaded.iter().enumerate() {
        for dependency in &element.dependencies {
            graph.add(index, dependency.element, dependency.declared.build, dependency.declared.runtime);
        }
    }
    graph
}
