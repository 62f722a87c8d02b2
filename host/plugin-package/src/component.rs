//! Puts the manifest into components and finds it there, and removes what a linker left.

use spec_component_metadata::{custom_section, with_custom_section, without_custom_sections};

use crate::error::{PackageError, Result};
use crate::manifest::PluginManifest;

/// The custom section of a component that holds its manifest.
pub const MANIFEST_SECTION: &str = "spec-plugin";

/// The component with this manifest inside, in place of one that was there; errors call it `file`.
///
/// # Errors
/// When it is damaged.
pub fn with_manifest(component: &[u8], manifest: &PluginManifest, file: &str) -> Result<Vec<u8>> {
    let text = serde_yaml::to_string(manifest).unwrap_or_default();
    with_custom_section(component, MANIFEST_SECTION, text.as_bytes()).map_err(|error| damaged(file, &error))
}

/// The manifest inside a component, which errors call `file`; `None` if there is none.
///
/// # Errors
/// When it is not valid, or the component is damaged.
pub fn manifest_of(component: &[u8], file: &str) -> Result<Option<PluginManifest>> {
    let section = custom_section(component, MANIFEST_SECTION).map_err(|error| damaged(file, &error))?;
    let Some(contents) = section else { return Ok(None) };
    let text = std::str::from_utf8(contents).map_err(|_| PackageError::NotAComponent {
        message: format!("{file}: its section '{MANIFEST_SECTION}' is not text in UTF-8"),
        hint: None,
    })?;
    PluginManifest::parse(text, &format!("{file} ({MANIFEST_SECTION})")).map(Some)
}

/// A module without what is there for debuggers: names of functions and DWARF.
///
/// # Errors
/// When it is damaged.
pub(crate) fn stripped(module: &[u8]) -> Result<Vec<u8>, String> {
    let is_unwanted = |name: &str| name.starts_with(".debug") || ["name", "sourceMappingURL"].contains(&name);
    without_custom_sections(module, is_unwanted).map_err(|error| error.to_string())
}

fn damaged(file: &str, error: &dyn std::fmt::Display) -> PackageError {
    let hint = Some("build or fetch it again".to_owned());
    PackageError::NotAComponent { message: format!("{file} is damaged: {error}"), hint }
}

#[cfg(test)]
mod tests;
