//! project.conf: the settings of the whole project.

mod aliases;
mod defaults;
mod junction_rules;
mod load;
mod mirror;
mod path;
mod plugin_origins;
mod plugins;
mod python_text;
mod shell;
mod version;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use spec_model::{Mapping, Node};

pub(crate) use aliases::ParentAliases;
pub use aliases::{AliasError, AliasTarget, Aliases};
pub(crate) use junction_rules::JunctionRules;
pub(crate) use load::{ParentSettings, ProjectConf, ProjectSettings, SettingsPass};
use mirror::Mirror;
pub use path::{PathKind, project_path};
pub(crate) use plugin_origins::PluginOrigins;
pub(crate) use plugins::{DeclaredOrigin, DeclaredPlugins, PluginType, folder, package};
pub use shell::{HostFile, Shell};
pub use version::FORMAT_VERSION;

use crate::LoadError;
use crate::options::Options;
use crate::text_pool::TextPool;
use crate::workspaces::WorkspaceOwner;

/// The file that makes a directory a project.
pub const PROJECT_CONF: &str = "project.conf";

/// The file in which the refs of sources are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefStorage {
    /// In the files that declare the sources.
    Inline,
    /// In `project.refs`.
    ProjectRefs,
}

/// The settings of a project that matter after its elements are loaded.
#[derive(Clone, Debug)]
pub struct ProjectConfig {
    /// The project's name.
    pub name: String,
    /// The real path of the directory with project.conf.
    pub directory: PathBuf,
    /// The directory with the elements, relative to the project; empty when it is the project's own.
    pub element_path: PathBuf,
    /// The targets when the user names none; empty for all elements.
    pub default_targets: Vec<String>,
    /// The warnings that are errors, as in project.conf.
    pub fatal_warnings: Vec<String>,
    /// Where refs are kept.
    pub ref_storage: RefStorage,
    /// Aliases and what they stand for.
    pub aliases: Aliases,
    /// The servers of artifacts that the project recommends, not looked at.
    pub artifact_servers: Vec<Node>,
    /// The servers of sources that the project recommends, not looked at.
    pub source_servers: Vec<Node>,
    /// The settings of interactive shells.
    pub shell: Shell,
    /// The attributes that the `provenance` of a source may have.
    pub provenance_attributes: Vec<String>,
    /// All options with their values as texts, sorted by name.
    pub options: Vec<(String, String)>,
    /// Settings of this program (`spec-host:` in `elements:`), not checked here.
    pub spec_host_settings: Mapping,
    /// The components of element kinds in plugins of `origin: local`: kinds and files, sorted. A file may be missing.
    pub local_plugins: Vec<(String, PathBuf)>,
}

/// The settings of a project over which its elements are composed.
pub(crate) struct ProjectDefaults {
    pub(crate) options: Arc<Options>,
    pub(crate) variables: Arc<Mapping>,
    /// The values that its kinds share.
    pub(crate) texts: Arc<TextPool>,
    pub(crate) environment: Mapping,
    pub(crate) environment_nocache: Vec<String>,
    pub(crate) sandbox: Mapping,
    pub(crate) splits: Mapping,
    /// `elements:`, by kind.
    pub(crate) elements: Mapping,
    /// `sources:`, by kind.
    pub(crate) sources: Mapping,
    pub(crate) plugins: DeclaredPlugins,
}

/// The project that `start` is in: the nearest directory upward that has a project.conf, or that is the workspace of a project's
/// element, as a real path.
///
/// # Errors
/// [`LoadError::MissingProjectConf`] when there is none, and what is wrong with the file of a workspace.
pub fn find_project(start: &Path) -> Result<PathBuf, LoadError> {
    Ok(find_owner(start)?.project)
}

/// The element whose workspace `start` is in, unless there is a nearer project. Commands without elements are about it.
///
/// # Errors
/// As [`find_project`].
pub fn default_element(start: &Path) -> Result<Option<String>, LoadError> {
    Ok(Some(find_owner(start)?.element).filter(|element| !element.is_empty()))
}

/// The project that `start` is in, and the element of its workspace; the name is empty outside of workspaces.
fn find_owner(start: &Path) -> Result<WorkspaceOwner, LoadError> {
    let missing = || LoadError::MissingProjectConf { directory: start.display().to_string() };
    let real = start.canonicalize().map_err(|_| missing())?;
    for directory in real.ancestors() {
        if directory.join(PROJECT_CONF).is_file() {
            return Ok(WorkspaceOwner { project: directory.to_path_buf(), element: String::new() });
        }
        if let Some(owner) = WorkspaceOwner::of(directory)? {
            let project = owner.project.canonicalize().map_err(|_| missing())?;
            return Ok(WorkspaceOwner { project, ..owner });
        }
    }
    Err(missing())
}
