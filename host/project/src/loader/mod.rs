//! Loads the files of elements, also those of subprojects, into a graph whose dependencies are in BuildStream's order.

mod conflicts;
mod declared;
mod dependency_order;
mod element_file;
mod link;
mod names;
mod open_project;
mod overrides;
mod plugin_search;
mod resolve_name;
mod settings;
mod subprojects;
mod target_globs;
mod timsort;
mod topological_order;

use std::collections::HashSet;
use std::path::PathBuf;

use spec_model::{FilePosition, NodeError};

pub(crate) use open_project::OpenProject;

use crate::config::default_element;
use crate::element_files::element_files;
use crate::loaded_element::{DeclaredDependency, LoadedDependency, LoadedElement};
use crate::project_files::ProjectFiles;
use crate::subproject_sources::SubprojectSources;
use crate::workspaces::Workspaces;
use crate::{LoadError, LoadOptions};
use resolve_name::ResolvedName;

/// The index of the top-level project.
pub(crate) const TOPLEVEL: usize = 0;
/// The most junctions behind each other.
const MAX_DEPTH: usize = 40;
/// The most links that are followed for one name.
const MAX_LINKS: usize = 100;

/// Loads elements on demand, and the projects that they are in.
pub(crate) struct Loader<'l> {
    asked: &'l LoadOptions,
    sources: &'l dyn SubprojectSources,
    /// The workspaces of the top-level project.
    pub(crate) workspaces: Workspaces,
    /// The projects, each after its parent.
    pub(crate) projects: Vec<OpenProject>,
    /// The elements; the dependencies of each are sorted when all are loaded.
    pub(crate) elements: Vec<LoadedElement>,
    /// The number of elements whose dependencies were put on the stack.
    expanded: usize,
}

/// The elements that were asked for, by their indices.
pub(crate) struct LoadedTargets {
    /// Each once.
    pub(crate) targets: Vec<usize>,
    /// Those that are to be left out.
    pub(crate) except: Vec<usize>,
}

impl<'l> Loader<'l> {
    /// Opens the project in `directory`, a real path.
    ///
    /// # Errors
    /// What is wrong with its project.conf.
    pub(crate) fn open(
        directory: PathBuf,
        asked: &'l LoadOptions,
        sources: &'l dyn SubprojectSources,
    ) -> Result<Self, LoadError> {
        let mut workspaces = Workspaces::read(&directory)?;
        asked.closed_workspaces.iter().for_each(|element| drop(workspaces.close(element)));
        let (projects, elements) = (Vec::new(), Vec::new());
        let mut loader = Self { asked, sources, workspaces, projects, elements, expanded: 0 };
        loader.open_project(ProjectFiles::of_user(directory), None, None)?;
        Ok(loader)
    }

    /// Loads the targets and all they depend on, and likewise the elements that are to be left out. Without names of targets:
    /// the project's default targets, or all its elements.
    ///
    /// # Errors
    /// What is wrong with the files, `missing-file` for an element that is not there, `circular-dependency`.
    pub(crate) fn load(&mut self) -> Result<LoadedTargets, LoadError> {
        let (mut targets, mut except) = (Vec::new(), Vec::new());
        for name in self.target_names()? {
            targets.extend(self.load_with_dependencies(&name)?);
        }
        let config = self.projects[TOPLEVEL].conf.config();
        let directory = config.directory.join(&config.element_path);
        for name in &target_globs::expand(&self.asked.except, || element_files(&directory))? {
            except.extend(self.load_with_dependencies(name)?);
        }
        let mut seen = HashSet::new();
        targets.retain(|target| seen.insert(*target));
        let all: Vec<usize> = targets.iter().chain(&except).copied().collect();
        let order = topological_order::topological_order(&self.elements, &all)?;
        dependency_order::sort_dependencies(&mut self.elements, &order);
        Ok(LoadedTargets { targets, except })
    }

    fn target_names(&self) -> Result<Vec<String>, LoadError> {
        let config = self.projects[TOPLEVEL].conf.config();
        let files = || element_files(&config.directory.join(&config.element_path));
        if !self.asked.targets.is_empty() {
            return target_globs::expand(&self.asked.targets, files);
        }
        if let Some(element) = default_element(&self.asked.directory)? {
            return Ok(vec![element]);
        }
        if !config.default_targets.is_empty() {
            return Ok(config.default_targets.clone());
        }
        Ok(files())
    }

    /// Loads a target and its dependencies, depth first, with an explicit stack. `None` for a junction among the default
    /// targets, if junctions are not wanted.
    fn load_with_dependencies(&mut self, name: &str) -> Result<Option<usize>, LoadError> {
        let top = match self.element(TOPLEVEL, name, None)? {
            ResolvedName::Element(element) => element,
            ResolvedName::Junction { .. } if !self.asked.junctions && self.asked.targets.is_empty() => {
                return Ok(None);
            }
            ResolvedName::Junction { junction, .. } if !self.asked.junctions => {
                return Err(junction_target(&junction));
            }
            ResolvedName::Junction { junction, .. } => self.junction_element(&junction),
        };
        let mut stack = Vec::new();
        self.expand_new(&mut stack)?;
        while let Some((element, pending)) = stack.last_mut() {
            let (element, Some(declared)) = (*element, pending.next()) else {
                stack.pop();
                continue;
            };
            let project = self.elements[element].project;
            let position = declared.position.clone();
            let index = match self.element(project, &declared.name, position.as_ref())? {
                ResolvedName::Element(index) => index,
                ResolvedName::Junction { junction, is_indirect: true } if self.asked.junctions => {
                    self.junction_element(&junction)
                }
                ResolvedName::Junction { junction, .. } => {
                    return Err(depends_on_junction(&junction, position));
                }
            };
            self.add_dependency(element, index, declared);
            self.expand_new(&mut stack)?;
        }
        Ok(Some(top))
    }

    /// Puts the elements that are new on the stack.
    fn expand_new(
        &mut self,
        stack: &mut Vec<(usize, std::vec::IntoIter<DeclaredDependency>)>,
    ) -> Result<(), LoadError> {
        while self.expanded < self.elements.len() {
            let declared = declared::take_dependencies(&mut self.elements[self.expanded].node)?;
            stack.push((self.expanded, declared.into_iter()));
            self.expanded += 1;
        }
        Ok(())
    }

    /// The index of a junction, as an element that is never built.
    fn junction_element(&mut self, junction: &LoadedElement) -> usize {
        let known = self.elements.iter().position(|element| element.name == junction.name);
        known.unwrap_or_else(|| self.add(junction.clone()))
    }

    fn add(&mut self, element: LoadedElement) -> usize {
        self.elements.push(element);
        self.elements.len() - 1
    }

    fn add_dependency(&mut self, element: usize, on: usize, declared: DeclaredDependency) {
        let dependencies = &mut self.elements[element].dependencies;
        match dependencies.iter_mut().find(|dependency| dependency.element == on) {
            Some(dependency) => dependency.declared.merge(declared),
            None => dependencies.push(LoadedDependency { element: on, declared }),
        }
    }
}

fn junction_target(junction: &LoadedElement) -> LoadError {
    let message = format!("'{}' is a junction, and a junction cannot be built", junction.name);
    LoadError::JunctionTarget { message }
}

fn depends_on_junction(junction: &LoadedElement, position: Option<FilePosition>) -> LoadError {
    let message = format!("an element cannot depend on the junction '{}'", junction.name);
    let hint = format!("name an element behind it: {}:ELEMENT.bst", junction.name.path());
    NodeError::new("invalid-data", position.as_ref(), message).with_hint(hint).into()
}
