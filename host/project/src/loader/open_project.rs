//! A project while its elements are loaded.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use spec_model::FilePosition;

use crate::config::{PluginOrigins, ProjectConf, ProjectSettings};
use crate::include::IncludedFiles;
use crate::junction::Junction;
use crate::loaded_element::LoadedElement;
use crate::project_files::ProjectFiles;
use crate::project_refs::ProjectRefs;

/// One of the projects that are loaded together.
pub(crate) struct OpenProject {
    pub(crate) files: Rc<ProjectFiles>,
    pub(crate) conf: ProjectConf,
    /// The project whose junction led here first, and the junction; `None` for the top-level project.
    pub(crate) parent: Option<Parent>,
    /// The settings without files of subprojects, which its junctions and links have.
    pub(crate) first_settings: Rc<ProjectSettings>,
    pub(crate) settings: WholeSettings,
    /// Where the kinds of the sources of its junctions come from.
    pub(crate) first_origins: PluginOrigins,
    /// Where the kinds of its other elements and their sources come from.
    pub(crate) origins: PluginOrigins,
    /// The refs of junctions, where they have a file of their own.
    pub(crate) junction_refs: Option<Arc<ProjectRefs>>,
    /// The refs of other elements, where they have a file of their own.
    pub(crate) refs: Option<Arc<ProjectRefs>>,
    pub(super) conf_includes: IncludedFiles,
    pub(super) element_includes: IncludedFiles,
    /// What is known of the files of its elements, by their names.
    pub(super) names: HashMap<String, NameTarget>,
    /// The targets of links, also those of subprojects, by their names from here, in the order of loading.
    pub(super) links: IndexMap<String, String>,
    /// The projects behind its junctions, by the names of these.
    pub(super) children: HashMap<String, usize>,
    /// The junctions that are being looked for, and where each is referred to.
    pub(super) searches: HashMap<String, Option<FilePosition>>,
    /// Further projects that reach this one, because it stands for a junction of theirs.
    pub(super) other_parents: Vec<usize>,
}

/// How a subproject was reached.
pub(crate) struct Parent {
    /// The index of the project with the junction.
    pub(crate) project: usize,
    pub(crate) junction: Rc<Junction>,
    /// What referred to the junction.
    pub(super) position: Option<FilePosition>,
}

/// The whole settings of a project. Subprojects may need to be loaded for them, and these need their parent's.
pub(crate) enum WholeSettings {
    /// Nobody needed them yet.
    Unread,
    /// Nobody needed them yet; they are those without files of subprojects.
    Same,
    /// They are being composed.
    Begun,
    /// They are there.
    Read(Rc<ProjectSettings>),
}

/// What a file of an element is.
#[derive(Clone)]
pub(super) enum NameTarget {
    /// An element that nothing depends on so far.
    Unused(Rc<LoadedElement>),
    /// An element, by its index among the loaded ones.
    Element(usize),
    /// A link to another name.
    Link(Rc<LinkTarget>),
    /// A junction.
    Junction(Rc<LoadedElement>),
}

/// The name that a link points at.
pub(super) struct LinkTarget {
    pub(super) name: String,
    pub(super) position: Option<FilePosition>,
}

impl OpenProject {
    /// The project's name.
    pub(crate) fn name(&self) -> &str {
        &self.conf.config().name
    }

    /// Its whole settings; before they are read, those without files of subprojects.
    pub(crate) fn settings(&self) -> &Rc<ProjectSettings> {
        match &self.settings {
            WholeSettings::Read(settings) => settings,
            _ => &self.first_settings,
        }
    }
}
