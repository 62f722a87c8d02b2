//! Opens projects and composes their settings.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use spec_model::Mapping;

use super::open_project::{Parent, WholeSettings};
use super::{Loader, OpenProject};
use crate::LoadError;
use crate::config::{ParentSettings, PluginOrigins, ProjectConf, ProjectSettings, RefStorage, SettingsPass};
use crate::include::{self, IncludeProject, IncludedFiles};
use crate::project_files::ProjectFiles;
use crate::project_refs::{JUNCTION_REFS, PROJECT_REFS, ProjectRefs};

impl Loader<'_> {
    /// Opens a project with the settings that its junctions have. Returns its index.
    ///
    /// # Errors
    /// What is wrong with its project.conf.
    pub(super) fn open_project(
        &mut self,
        files: ProjectFiles,
        parent: Option<Parent>,
        parent_settings: Option<ParentSettings>,
    ) -> Result<usize, LoadError> {
        let (files, index) = (Rc::new(files), self.projects.len());
        let conf = ProjectConf::read(Rc::clone(&files), parent_settings)?;
        let conf_includes = IncludedFiles::default();
        let mut composed = conf.contents();
        let own = IncludeProject { index, files: Rc::clone(&files), options: None, variables: None };
        let left_out = include::process_own(&mut composed, &own, &conf_includes)?;
        let settings = Rc::new(conf.settings(&composed, self.asked, SettingsPass::WithoutSubprojects)?);
        let options = &settings.defaults.options;
        let in_files = settings.config.ref_storage == RefStorage::ProjectRefs;
        let refs = |name| ProjectRefs::load(&files, name, options).map(Arc::new);
        let junction_refs = in_files.then(|| refs(JUNCTION_REFS)).transpose()?;
        // Without files of subprojects, the whole settings are the same; options of the command line may be unknown.
        let knows_options = parent.is_some() || self.asked.options.iter().all(|(name, _)| options.has(name));
        let is_whole = !left_out && knows_options;
        self.projects.push(OpenProject {
            files,
            conf,
            parent,
            settings: if is_whole { WholeSettings::Same } else { WholeSettings::Unread },
            first_origins: PluginOrigins::default(),
            origins: PluginOrigins::default(),
            first_settings: settings,
            junction_refs,
            refs: None,
            conf_includes,
            element_includes: IncludedFiles::default(),
            names: HashMap::new(),
            links: IndexMap::new(),
            children: HashMap::new(),
            searches: HashMap::new(),
            other_parents: Vec::new(),
        });
        Ok(index)
    }

    /// Makes sure that the whole settings of a project are there, and before them those of its parent.
    ///
    /// # Errors
    /// What is wrong with them, or with the subprojects that they include files of.
    pub(crate) fn read_settings(&mut self, project: usize) -> Result<(), LoadError> {
        if let Some(parent) = self.projects[project].parent.as_ref().map(|parent| parent.project) {
            self.read_settings(parent)?;
        }
        let open = &mut self.projects[project];
        let settings = match std::mem::replace(&mut open.settings, WholeSettings::Begun) {
            WholeSettings::Unread => self.whole_settings(project)?,
            WholeSettings::Same => Rc::clone(&open.first_settings),
            other => {
                open.settings = other;
                return Ok(());
            }
        };
        let open = &mut self.projects[project];
        if settings.config.ref_storage == RefStorage::ProjectRefs {
            let refs = ProjectRefs::load(&open.files, PROJECT_REFS, &settings.defaults.options)?;
            open.refs = Some(Arc::new(refs));
        }
        open.settings = WholeSettings::Read(settings);
        Ok(())
    }

    fn whole_settings(&mut self, project: usize) -> Result<Rc<ProjectSettings>, LoadError> {
        let open = &self.projects[project];
        let mut composed = open.conf.contents();
        let files = Rc::clone(&open.files);
        let included = open.conf_includes.clone();
        let own = IncludeProject { index: project, files, options: None, variables: None };
        include::process(&mut composed, &own, &included, self)?;
        let settings = self.projects[project].conf.settings(&composed, self.asked, SettingsPass::Whole)?;
        Ok(Rc::new(settings))
    }

    /// The project with what its elements need to include files.
    pub(super) fn include_project(&self, project: usize) -> IncludeProject {
        let open = &self.projects[project];
        let defaults = &open.settings().defaults;
        IncludeProject {
            index: project,
            files: Rc::clone(&open.files),
            options: Some(Arc::clone(&defaults.options)),
            variables: Some(Arc::clone(&defaults.variables)),
        }
    }

    /// Resolves the conditionals and includes of an element of a project.
    pub(super) fn process_includes(&mut self, project: usize, node: &mut Mapping) -> Result<(), LoadError> {
        let own = self.include_project(project);
        let included = self.projects[project].element_includes.clone();
        include::process(node, &own, &included, self)
    }
}
