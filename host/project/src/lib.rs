//! Turns project.conf and elements into a resolved graph with keys.
//!
//! The only room that parses YAML. It knows no plugin and no source: kinds come through
//! [`spec_strategy::KindRegistry`], the keys of sources from the caller, the sources of junctions from
//! [`SubprojectSources`].
//!
//! [`UnresolvedProject`] reads a project; [`keys::compute_keys`] gives its elements the keys that BuildStream gives them.

mod after_dependencies;
pub mod compose;
mod config;
mod dependency_graph;
mod element;
mod element_files;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod has_key;
mod include;
mod junction;
pub mod keys;
mod load_options;
mod loaded_element;
mod loader;
pub mod metadata;
mod options;
mod outer_space;
mod platform;
mod project;
mod project_files;
mod project_refs;
pub mod ref_edits;
mod subproject_sources;
mod symbol;
mod text_pool;
mod variables;
mod workspaces;
pub mod yaml;

pub use after_dependencies::map_independent;
pub use config::{
    AliasError, AliasTarget, Aliases, FORMAT_VERSION, HostFile, PROJECT_CONF, PathKind, ProjectConfig,
    RefStorage, Shell, default_element, find_project, project_path,
};
pub use dependency_graph::Scope;
pub use element::{Dependency, Element, RefPlace, RemoteApisSocket, SandboxConfig, SourceConfig};
pub use error::LoadError;
pub use load_options::LoadOptions;
pub use platform::{host_arch, host_os};
pub use project::{Project, Subproject, UnresolvedProject, load_config};
pub use project_refs::PROJECT_REFS;
pub use subproject_sources::{JunctionSources, SourcesFolder, SubprojectError, SubprojectSources};
pub use variables::WrittenVariables;
pub use workspaces::{WORKSPACE_PROJECT, WORKSPACES, Workspace, WorkspaceOwner, Workspaces};
