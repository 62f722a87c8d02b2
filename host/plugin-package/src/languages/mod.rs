//! Builds plugins with the tools of their languages.

mod c;
mod javascript;
mod python;
mod rust;

use std::fs;
use std::path::{Path, PathBuf};

use crate::component::with_manifest;
use crate::error::{PackageError, Result};
use crate::manifest::PluginManifest;
use crate::store::LARGEST_COMPONENT;
use crate::world::{Language, PluginWorld};

/// The folder of a plugin in which its component is made.
const BUILD_FOLDER: &str = "build";

/// The folder of a plugin with the WIT text.
const WIT_FOLDER: &str = "wit";

/// A plugin that was built.
#[derive(Clone, Debug)]
pub struct BuiltPlugin {
    /// The component.
    pub file: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// The manifest in it.
    pub manifest: PluginManifest,
}

/// The component of a plugin that was built, by the plugin's folder. Any other path is taken to be a component.
///
/// # Errors
/// When the folder is not that of a plugin, or the plugin is not built.
pub fn built_component(plugin: &Path) -> Result<PathBuf> {
    if !plugin.is_dir() {
        return Ok(plugin.to_owned());
    }
    let manifest = PluginManifest::read(plugin)?;
    let component = plugin.join(BUILD_FOLDER).join(format!("{}.wasm", manifest.name));
    match component.is_file() {
        true => Ok(component),
        false => Err(PackageError::NotBuilt { component, folder: plugin.to_owned() }),
    }
}

/// A plugin that is built.
struct PluginBuild<'b> {
    /// The plugin's folder.
    folder: &'b Path,
    manifest: &'b PluginManifest,
    /// The world that is built: the first of the manifest.
    world: PluginWorld,
    /// The folder for what the tools make.
    output: PathBuf,
}

/// Builds the plugin in a folder: its tools compile it, and the component gets the manifest. `progress` is told what
/// is done. The component is `build/NAME.wasm`.
///
/// # Errors
/// When the manifest is not valid, a tool is missing or fails, or the result is no component.
pub fn build_plugin(folder: &Path, progress: &dyn Fn(&str)) -> Result<BuiltPlugin> {
    let manifest = PluginManifest::read(folder)?;
    let output = folder.join(BUILD_FOLDER);
    fs::create_dir_all(&output).map_err(|error| PackageError::io("make", &output, error))?;
    // A manifest names at least one world.
    let world = manifest.worlds.first().copied().unwrap_or(PluginWorld::PrimingPolicy);
    let build = PluginBuild { folder, manifest: &manifest, world, output };
    let component = match manifest.language {
        Language::Rust => rust::build(&build, progress),
        Language::C => c::build(&build, progress),
        Language::JavaScript => javascript::build(&build, progress),
        Language::Python => python::build(&build, progress),
    }?;
    let file = build.output.join(format!("{}.wasm", manifest.name));
    let component = with_manifest(&component, &manifest, &file.display().to_string())?;
    fs::write(&file, &component).map_err(|error| PackageError::io("write", &file, error))?;
    Ok(BuiltPlugin { file, size: component.len() as u64, manifest })
}

impl PluginBuild<'_> {
    /// The name of the file of a tool's result.
    fn intermediate(&self, extension: &str) -> PathBuf {
        self.output.join(format!("{}.{extension}", self.manifest.name))
    }
}

/// What a tool wrote.
fn result_of_tool(file: &Path) -> Result<Vec<u8>> {
    spec_files::read(file, LARGEST_COMPONENT).map_err(|error| PackageError::io("read", file, error))
}
