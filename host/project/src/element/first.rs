//! Junctions and links, which are read before the settings of their project are complete.

use std::sync::Arc;

use spec_model::{Mapping, Value};
use spec_strategy::{
    Configured, DependencyFacts, ElementInput, ElementKind, Forbids, KindDescription, KindError, Plan,
};

use super::SourceConfig;
use super::kinds::ProjectKind;
use super::parts::{ElementParts, element_variables};
use super::shared_section::expanded;
use super::source::sources;
use crate::LoadError;
use crate::compose::compose;
use crate::config::{PluginOrigins, ProjectSettings};
use crate::loaded_element::LoadedElement;
use crate::project_refs::RefFiles;

/// The kind of junctions and links. No plan of it is ever executed.
struct FirstKind(KindDescription);

impl ElementKind for FirstKind {
    fn description(&self) -> &KindDescription {
        &self.0
    }

    fn configure(&self, _: &ElementInput, _: &dyn DependencyFacts) -> Result<Configured, KindError> {
        Ok(Configured::new(&Value::Int(1), Plan::default()))
    }
}

/// The parts of a junction that matter before its project's settings are complete.
pub(crate) struct FirstPass {
    /// The expanded `config`.
    pub(crate) config: Mapping,
    pub(crate) sources: Vec<SourceConfig>,
}

/// Composes and expands a junction.
///
/// # Errors
/// What is wrong with its settings.
pub(crate) fn first_pass(
    loaded: &LoadedElement,
    settings: &ProjectSettings,
    origins: &PluginOrigins,
    refs: &RefFiles,
) -> Result<FirstPass, LoadError> {
    let parts = first_parts(loaded, settings)?;
    Ok(FirstPass {
        config: expanded(Mapping::clone(&*parts.written_config()?), &parts.variables)?,
        sources: sources(&parts, settings, origins, refs)?,
    })
}

/// The expanded `config` of a junction or link.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn first_config(loaded: &LoadedElement, settings: &ProjectSettings) -> Result<Mapping, LoadError> {
    let parts = first_parts(loaded, settings)?;
    Ok(expanded(Mapping::clone(&*parts.written_config()?), &parts.variables)?)
}

fn first_parts<'e>(
    loaded: &'e LoadedElement,
    settings: &ProjectSettings,
) -> Result<ElementParts<'e>, LoadError> {
    let kind = first_kind(&loaded.kind, settings)?;
    let variables = element_variables(loaded, &kind, &settings.defaults)?;
    Ok(ElementParts { loaded, kind, variables })
}

/// The kind `junction` or `link` in a project.
pub(super) fn first_kind(name: &str, settings: &ProjectSettings) -> Result<Arc<ProjectKind>, LoadError> {
    let description = KindDescription {
        name: name.to_owned(),
        runs_commands: true,
        has_artifact: true,
        forbids: Forbids { build_dependencies: true, runtime_dependencies: true, ..Forbids::default() },
        ..KindDescription::default()
    };
    let mut defaults = Mapping::new();
    if let Some(overrides) = settings.defaults.elements.opt_mapping(name)? {
        compose(overrides, &mut defaults)?;
    }
    Ok(Arc::new(ProjectKind::new(Arc::new(FirstKind(description)), defaults, true)?))
}
