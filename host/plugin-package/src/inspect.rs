//! What a component says of itself, without running it.

use spec_component_metadata::{ComponentMetadata, ComponentNeeds, MetadataError};

use crate::component::manifest_of;
use crate::error::{PackageError, Result};
use crate::manifest::PluginManifest;
use crate::world::PluginWorld;

/// What a component is.
#[derive(Clone, Debug)]
pub struct ComponentSummary {
    /// Its world, and the version of the contract.
    pub world: Option<(PluginWorld, String)>,
    /// The interfaces that it imports, with their versions.
    pub imports: Vec<String>,
    /// The interfaces that it exports, with their versions.
    pub exports: Vec<String>,
    /// Bytes of the component.
    pub size: u64,
    /// What it needs of the engine's limits.
    pub needs: ComponentNeeds,
    /// The manifest inside.
    pub manifest: Option<PluginManifest>,
}

/// Reads what a component says of itself; errors call it `file`.
///
/// # Errors
/// When it is no component, or its manifest is not valid.
pub fn summarize(component: &[u8], file: &str) -> Result<ComponentSummary> {
    let metadata = ComponentMetadata::read(component).map_err(|error| not_a_component(file, &error))?;
    let ComponentMetadata { imports, exports, needs, .. } = metadata;
    let (size, manifest) = (component.len() as u64, manifest_of(component, file)?);
    Ok(ComponentSummary { world: world_of(&exports), imports, exports, size, needs, manifest })
}

fn not_a_component(file: &str, error: &MetadataError) -> PackageError {
    let hint = match error {
        MetadataError::CoreModule => "make a component of it: spec-host plugin build",
        MetadataError::NotWebAssembly => "name the component that was built, such as build/NAME.wasm",
        MetadataError::Damaged(_) => "build or fetch it again",
    };
    PackageError::NotAComponent {
        message: format!("{file} is not a component: {error}"),
        hint: Some(hint.to_owned()),
    }
}

/// The world of a component that exports these interfaces, and the version of the contract.
fn world_of(exports: &[String]) -> Option<(PluginWorld, String)> {
    let version = |world: PluginWorld| {
        let mut versions = exports.iter().filter_map(|export| export.split_once('@'));
        versions
            .find(|(interface, _)| world.interfaces().contains(interface))
            .map(|(_, version)| version.to_owned())
    };
    PluginWorld::ALL.into_iter().find_map(|world| Some((world, version(world)?)))
}

#[cfg(test)]
mod tests;
