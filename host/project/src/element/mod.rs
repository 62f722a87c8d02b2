//! Elements: composed, expanded and configured by their kind.

mod base_variables;
mod first;
mod kinds;
mod parts;
mod resolve;
mod sandbox;
mod shared_section;
mod source;
mod staged_facts;

use std::path::PathBuf;
use std::sync::Arc;

use spec_model::{ElementName, FilePosition, Mapping, Node, NodeKind};
use spec_strategy::{Configured, KindDescription};

use crate::variables::WrittenVariables;
use shared_section::WrittenSection;

pub(crate) use first::{FirstPass, first_config, first_pass};
pub(crate) use kinds::ProjectKinds;
pub(crate) use resolve::ElementResolver;
pub use sandbox::{RemoteApisSocket, SandboxConfig};
pub use source::{RefPlace, SourceConfig};
pub(crate) use staged_facts::ResolvedElements;

/// The kind of junctions.
const JUNCTION: &str = "junction";

/// An element with all that its build depends on. Its dependencies are indices into
/// [`Project::elements`](crate::Project::elements).
#[derive(Clone, Debug)]
pub struct Element {
    /// The full name.
    pub name: ElementName,
    /// The name of the project it belongs to.
    pub project: Arc<str>,
    /// The index of that project among [`Project::subprojects`](crate::Project::subprojects); `None` for the top-level one.
    pub subproject: Option<usize>,
    /// The kind's name.
    pub kind: Arc<str>,
    /// The properties of all elements of the kind.
    pub kind_description: Arc<KindDescription>,
    /// The description, without variables expanded; empty when there is none.
    pub description: String,
    /// All variables. Artifact metadata keeps them in the order of their first definition.
    pub variables: WrittenVariables,
    pub(crate) written_environment: WrittenSection,
    /// The environment variables that do not change its keys, sorted.
    pub environment_nocache: Arc<[String]>,
    /// The public data that it declares, expanded; `bst` has the `split-rules` that apply.
    pub public: Arc<Mapping>,
    /// The public data of its artifact, if its kind changes them.
    pub changed_public: Option<Arc<Mapping>>,
    /// The settings of its sandbox.
    pub sandbox: Arc<SandboxConfig>,
    pub(crate) written_sandbox: WrittenSection,
    /// The composed `config`, without variables expanded. Few ask for more once the kind has seen it.
    pub(crate) written_config: Arc<Mapping>,
    /// Its sources, in order; with a workspace, that alone.
    pub sources: Vec<SourceConfig>,
    /// The folder of its workspace, if one is open.
    pub workspace: Option<PathBuf>,
    /// Its direct dependencies, in BuildStream's order.
    pub dependencies: Vec<Dependency>,
    /// For each dependency index of the plan, which follows
    /// [`ElementInput::dependencies`](spec_strategy::ElementInput::dependencies), the index in
    /// [`Project::elements`](crate::Project::elements).
    pub plan_dependencies: Box<[usize]>,
    /// The answer of its kind: the unique key and the plan.
    pub configured: Configured,
    /// Where its file begins.
    pub position: Option<FilePosition>,
}

/// A direct dependency.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The index of the element that is depended on.
    pub element: usize,
    /// The path by which it is named.
    pub path: Arc<str>,
    /// Whether it is staged at build time.
    pub build: bool,
    /// Whether it is needed at run time.
    pub runtime: bool,
    /// Whether a change of it rebuilds in non-strict mode too.
    pub strict: bool,
    /// The expanded configurations it is declared with.
    pub configs: Box<[Mapping]>,
    /// Where it is declared.
    pub position: Option<FilePosition>,
}

impl Element {
    /// The expanded value of a variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<Arc<str>> {
        self.variables.get(name)
    }

    /// The composed and expanded `config`.
    #[must_use]
    pub fn config(&self) -> Mapping {
        self.variables.expanded(&self.written_config)
    }

    /// The environment of its commands, expanded, in the order of its first definition. What is no text, such as lists, is part
    /// of the keys, but no command can have it.
    #[must_use]
    pub fn environment_data(&self) -> Arc<Mapping> {
        self.written_environment.expanded(&self.variables)
    }

    /// The settings of its sandbox as they are written, expanded.
    #[must_use]
    pub fn sandbox_data(&self) -> Arc<Mapping> {
        self.written_sandbox.expanded(&self.variables)
    }

    /// The environment of its commands.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let one = |(name, node): (&Arc<str>, &Node)| match &node.kind {
            NodeKind::Scalar(text) => Some((name.to_string(), text.to_string())),
            _ => None,
        };
        self.environment_data().entries.iter().filter_map(one).collect()
    }

    /// The public data of its artifact.
    #[must_use]
    pub fn artifact_public(&self) -> &Mapping {
        self.changed_public.as_deref().unwrap_or(&self.public)
    }

    /// Whether building it runs commands in a sandbox (BuildStream's `BST_RUN_COMMANDS`).
    #[must_use]
    pub fn runs_commands(&self) -> bool {
        self.kind_description.runs_commands && !self.configured.no_commands
    }

    /// Whether it is a junction, a target that leads into another project and is never built.
    #[must_use]
    pub fn is_junction(&self) -> bool {
        *self.kind == *JUNCTION
    }

    /// Appends the canonical text of the environment without the variables that do not change its keys.
    pub(crate) fn write_cached_environment(&self, out: &mut String) {
        let is_cached = |name: &str| !self.environment_nocache.iter().any(|nocache| nocache == name);
        self.environment_data().write_canonical_with(is_cached, out);
    }
}
