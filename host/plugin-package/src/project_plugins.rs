//! The plugins that a project names: `plugins` below `elements: spec-host:` in project.conf, names and references.

use spec_model::{FilePosition, Mapping, Node, NodeError};

use crate::manifest::PluginName;
use crate::reference::PluginReference;

/// The key below `elements: spec-host:`.
pub const PLUGINS_KEY: &str = "plugins";

/// A plugin that a project names.
#[derive(Clone, Debug)]
pub struct ProjectPlugin {
    /// Its name in the project: that of a kind, or the one by which a policy is chosen.
    pub name: PluginName,
    /// What it is.
    pub reference: PluginReference,
    /// Where it is named.
    pub position: Option<FilePosition>,
}

/// Reads the plugins of the section `elements: spec-host:`.
///
/// # Errors
/// `invalid-data` when a name or a reference is wrong.
pub fn project_plugins(section: &Mapping) -> Result<Vec<ProjectPlugin>, NodeError> {
    let plugins = section.opt_mapping(PLUGINS_KEY)?;
    let mut read = Vec::new();
    for (name, node) in plugins.into_iter().flat_map(|plugins| &plugins.entries) {
        let position = plugins.and_then(|plugins| plugins.key_position(name));
        let position = position.as_ref().or(node.position.as_ref());
        let name = name.parse().map_err(|error| invalid(position, &error))?;
        let reference = plugin_reference(node)?;
        read.push(ProjectPlugin { name, reference, position: node.position.clone() });
    }
    Ok(read)
}

/// The reference that a node has.
///
/// # Errors
/// `invalid-data` when it is none.
pub fn plugin_reference(node: &Node) -> Result<PluginReference, NodeError> {
    let reference = node.as_str()?.parse();
    reference.map_err(|error| invalid(node.position.as_ref(), &error))
}

fn invalid(position: Option<&FilePosition>, error: &dyn std::fmt::Display) -> NodeError {
    NodeError::new("invalid-data", position, error.to_string())
}
