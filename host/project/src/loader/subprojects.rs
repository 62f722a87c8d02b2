//! Finds the projects behind junctions, and opens them.

use std::rc::Rc;
use std::sync::Arc;

use spec_model::{FilePosition, Node, NodeError};

use super::open_project::{NameTarget, Parent};
use super::{Loader, MAX_DEPTH, TOPLEVEL, names};
use crate::LoadError;
use crate::config::{ParentAliases, ParentSettings};
use crate::element::{FirstPass, SourceConfig, first_pass};
use crate::include::{IncludeProject, Subprojects};
use crate::junction::Junction;
use crate::loaded_element::LoadedElement;
use crate::project_files::ProjectFiles;
use crate::project_refs::RefFiles;
use crate::subproject_sources::{JunctionSources, SourcesFolder, SubprojectError};

impl Subprojects for Loader<'_> {
    fn subproject(&mut self, from: usize, junctions: &str, node: &Node) -> Result<IncludeProject, LoadError> {
        let project = self.find_project(from, junctions, node.position.as_ref())?;
        self.read_settings(project)?;
        Ok(self.include_project(project))
    }
}

impl Loader<'_> {
    /// The project that junctions, with colons between, lead to. Projects that are not loaded yet are.
    ///
    /// # Errors
    /// `circular-reference` when the junctions are being looked for already, and why a project cannot be loaded.
    pub(crate) fn find_project(
        &mut self,
        from: usize,
        junctions: &str,
        position: Option<&FilePosition>,
    ) -> Result<usize, LoadError> {
        if let Some(first) = self.projects[from].searches.get(junctions) {
            let message = match first {
                Some(first) if Some(first) != position => {
                    format!("looking for the project behind '{junctions}' leads back to {first}")
                }
                _ => format!("looking for the project behind '{junctions}' leads back here"),
            };
            return Err(LoadError::at("circular-reference", position, message));
        }
        if position.is_some() {
            self.projects[from].searches.insert(junctions.to_owned(), position.cloned());
        }
        let mut project = from;
        for junction in junctions.split(':') {
            project = self.child(project, junction, position)?;
        }
        self.projects[from].searches.remove(junctions);
        Ok(project)
    }

    /// As [`find_project`](Self::find_project), but `None` when the project is not loaded yet.
    pub(super) fn loaded_project(
        &mut self,
        from: usize,
        junctions: &str,
        position: Option<&FilePosition>,
    ) -> Result<Option<usize>, LoadError> {
        let mut project = from;
        for junction in junctions.split(':') {
            match self.loaded_child(project, junction, position)? {
                None => return Ok(None),
                Some(child) => project = child,
            }
        }
        Ok(Some(project))
    }

    fn loaded_child(
        &mut self,
        project: usize,
        junction: &str,
        position: Option<&FilePosition>,
    ) -> Result<Option<usize>, LoadError> {
        let name = names::normalize(junction);
        if let Some(child) = self.projects[project].children.get(&name) {
            return Ok(Some(*child));
        }
        if let Some(found) = self.overriding_project(project, &name)? {
            self.projects[project].children.insert(name, found);
            return Ok(Some(found));
        }
        match self.file(project, &name, position)? {
            NameTarget::Link(link) => self.loaded_project(project, &link.name, link.position.as_ref()),
            _ => Ok(None),
        }
    }

    /// The project behind a junction of a project.
    fn child(
        &mut self,
        project: usize,
        junction: &str,
        position: Option<&FilePosition>,
    ) -> Result<usize, LoadError> {
        let name = names::normalize(junction);
        if let Some(child) = self.projects[project].children.get(&name) {
            return Ok(*child);
        }
        if let Some(found) = self.overriding_project(project, &name)? {
            self.projects[project].children.insert(name, found);
            return Ok(found);
        }
        let child = match self.file(project, &name, position)? {
            NameTarget::Link(link) => {
                return self.find_project(project, &link.name, link.position.as_ref());
            }
            NameTarget::Junction(junction) => self.open_junction(&junction, position)?,
            NameTarget::Unused(_) | NameTarget::Element(_) => {
                let message = format!("'{name}' is no junction, so no element is behind it");
                return Err(LoadError::at("invalid-data", position, message));
            }
        };
        self.projects[project].children.insert(name, child);
        self.read_overridden_links(child)?;
        Ok(child)
    }

    /// Opens the project behind a junction, after its sources were fetched and staged.
    fn open_junction(
        &mut self,
        loaded: &LoadedElement,
        position: Option<&FilePosition>,
    ) -> Result<usize, LoadError> {
        if loaded.name.junctions().len() >= MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} junctions behind each other, at '{}'", loaded.name);
            return Err(LoadError::at("circular-reference", position, message));
        }
        let mut node = loaded.node.clone();
        if let Some(dependency) = super::declared::take_dependencies(&mut node)?.first() {
            let message = format!("the junction '{}' cannot have dependencies", loaded.name);
            return Err(LoadError::at("invalid-junction", dependency.position.as_ref(), message));
        }
        self.find_plugins(loaded)?;
        let owner = &self.projects[loaded.project];
        let refs = self.junction_refs(loaded.project);
        let FirstPass { config, mut sources } =
            first_pass(loaded, &owner.first_settings, &owner.first_origins, &refs)?;
        let junction = Junction::new(&loaded.name, &config)?;
        let name = loaded.name.to_string();
        if let Some(workspace) = self.workspaces.get(&name) {
            sources =
                vec![SourceConfig::of_workspace(&workspace.folder(&self.projects[TOPLEVEL].files.directory))];
        }
        let settings = &owner.first_settings.config;
        let asked = JunctionSources { name: &name, project: settings, sources: &sources };
        let folder = self.sources.folder(&asked).map_err(|error| no_sources(&name, position, error))?;
        let files = project_folder(&owner.files, &junction, folder, position)?;
        let aliases = ParentAliases {
            aliases: settings.aliases.clone(),
            mapped: junction.aliases.clone(),
            only_mapped: owner.conf.junctions.only_mapped_aliases,
            junction: name.clone(),
        };
        let parent_settings = ParentSettings {
            options: junction.options.clone(),
            aliases: Arc::new(aliases),
            toplevel: self.projects[TOPLEVEL].files.directory.clone(),
        };
        let path = junction.path.clone();
        let parent =
            Parent { project: loaded.project, junction: Rc::new(junction), position: position.cloned() };
        let opened = self.open_project(files, Some(parent), Some(parent_settings));
        opened.map_err(|error| match error {
            LoadError::MissingProjectConf { .. } => no_project(&name, path.as_ref(), position),
            other => other,
        })
    }

    /// The files that may have the refs of a project's junctions.
    pub(crate) fn junction_refs(&self, project: usize) -> RefFiles {
        let of = |project: usize| self.projects[project].junction_refs.clone();
        RefFiles { own: of(project), toplevel: (project != TOPLEVEL).then(|| of(TOPLEVEL)).flatten() }
    }

    /// The files that may have the refs of a project's elements.
    pub(crate) fn element_refs(&self, project: usize) -> RefFiles {
        let of = |project: usize| self.projects[project].refs.clone();
        RefFiles { own: of(project), toplevel: (project != TOPLEVEL).then(|| of(TOPLEVEL)).flatten() }
    }
}

/// The files of the project in the sources of a junction.
fn project_folder(
    owner: &ProjectFiles,
    junction: &Junction,
    folder: SourcesFolder,
    position: Option<&FilePosition>,
) -> Result<ProjectFiles, LoadError> {
    let (sources, is_staged) = match folder {
        SourcesFolder::InProject(path) => (path, false),
        SourcesFolder::Staged(path) => (path, true),
    };
    let name = junction.name.to_string();
    let none = || no_project(&name, junction.path.as_ref(), position);
    let sources = sources.canonicalize().map_err(|_| none())?;
    let path = match &junction.path {
        Some(node) => sources.join(node.as_str()?.trim_start_matches('/')),
        None => sources.clone(),
    };
    let directory = path.canonicalize().map_err(|_| none())?;
    if !directory.starts_with(&sources) {
        let position = junction.path.as_ref().and_then(|node| node.position.as_ref());
        let message = format!("the path of the junction '{name}' leads out of its sources");
        return Err(LoadError::at("proj-path-invalid", position, message));
    }
    Ok(owner.behind(&junction.name, directory, is_staged.then_some(sources)))
}

fn no_sources(name: &str, position: Option<&FilePosition>, error: SubprojectError) -> LoadError {
    match error {
        SubprojectError::NoRef => {
            let message = format!("the junction '{name}' has no ref, so the project behind it is not known");
            NodeError::new("subproject-inconsistent", position, message)
                .with_hint(format!("spec-host source track {name}"))
                .into()
        }
        SubprojectError::Source(error) => {
            LoadError::Junction { name: name.to_owned(), position: position.cloned(), error }
        }
    }
}

fn no_project(name: &str, path: Option<&Node>, position: Option<&FilePosition>) -> LoadError {
    let below = path.and_then(|node| node.as_str().ok());
    let (at, hint) = match below {
        None => (String::new(), "set 'path' of the junction to the folder that has it"),
        Some(path) => (format!(" at '{path}'"), "correct 'path' of the junction"),
    };
    let message = format!("the sources of the junction '{name}' have no project.conf{at}");
    NodeError::new("invalid-junction", position, message).with_hint(hint).into()
}
