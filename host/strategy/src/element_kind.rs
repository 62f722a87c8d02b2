//! The contract of an element kind.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use spec_model::Mapping;

use crate::{Configured, DependencyFacts, KindError};

/// Turns the configuration of elements of one kind into a unique key and a plan. A pure function: equal inputs give
/// equal answers, on every machine.
pub trait ElementKind: Send + Sync {
    /// What is true of all elements of this kind.
    fn description(&self) -> &KindDescription;

    /// What one element contributes to its cache key, and how it is built. What a kind may ask of dependencies is
    /// `dependencies`.
    ///
    /// # Errors
    /// [`KindError::Rejected`] when the configuration is wrong, other variants when the kind itself is at fault.
    fn configure(
        &self,
        input: &ElementInput,
        dependencies: &dyn DependencyFacts,
    ) -> Result<Configured, KindError>;
}

/// What is true of all elements of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindDescription {
    /// The kind's name, as in `kind:`.
    pub name: String,
    /// Default configuration as YAML text: `config`, `variables`, `environment`, `environment-nocache`, `public`,
    /// `sandbox`; empty for none. Projects override it under `elements:`.
    pub defaults: String,
    /// BuildStream's `BST_ARTIFACT_VERSION`: raised when the same configuration builds a different artifact than before.
    pub artifact_version: u32,
    /// BuildStream's `BST_RUN_COMMANDS`: whether building needs a sandbox; if not, sandbox and environment are left
    /// out of the key.
    pub runs_commands: bool,
    /// BuildStream's `BST_STRICT_REBUILD`: whether any change of a build dependency rebuilds, even in non-strict mode.
    pub strict_rebuild: bool,
    /// BuildStream's `BST_ELEMENT_HAS_ARTIFACT`: whether the artifact has contents (a stack's has none).
    pub has_artifact: bool,
    /// What elements of this kind may not have.
    pub forbids: Forbids,
}

/// What elements of a kind may not have (BuildStream's `BST_FORBID_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forbids {
    /// Sources.
    pub sources: bool,
    /// Build dependencies.
    pub build_dependencies: bool,
    /// Runtime dependencies.
    pub runtime_dependencies: bool,
}

/// One element as its kind sees it: composed, with variables expanded.
#[derive(Clone, Debug, Default)]
pub struct ElementInput {
    /// The element's full name.
    pub name: String,
    /// The name of its project.
    pub project: String,
    /// The composed and expanded `config` section.
    pub config: Mapping,
    /// All variables, expanded, sorted by name.
    pub variables: Vec<(Arc<str>, Arc<str>)>,
    /// Its direct dependencies, in the order of BuildStream's `configure_dependencies`; one that is declared with
    /// several configurations occurs once for each.
    pub dependencies: Vec<DependencyInput>,
    /// The kinds of its sources, in order.
    pub sources: Vec<String>,
}

/// A direct dependency as the depending element declares it.
#[derive(Clone, Debug, Default)]
pub struct DependencyInput {
    /// The path by which the element names it, with junctions (BuildStream's `DependencyConfiguration.path`).
    pub path: String,
    /// Whether it is staged at build time.
    pub build: bool,
    /// Whether it is needed at run time.
    pub runtime: bool,
    /// The expanded `config` of the dependency declaration.
    pub config: Option<Mapping>,
}
