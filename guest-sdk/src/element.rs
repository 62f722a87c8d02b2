//! The element that a kind is asked about.

use crate::bindings::element_kind::exports::spec::plugin::kind;
use crate::{Mapping, Node, Rejection};

/// One element, composed and with variables expanded.
pub struct Element {
    input: kind::ElementInput,
    /// What a native test says of the elements around it.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) around: crate::surroundings::TestSurroundings,
}

/// A direct dependency as the depending element declares it.
#[derive(Clone, Copy)]
pub struct Dependency<'a> {
    /// Its index, which is how a plan names it.
    pub index: u32,
    /// The path by which the element names it, with junctions.
    pub path: &'a str,
    /// Whether it is there at build time.
    pub build: bool,
    /// Whether it is there at run time.
    pub runtime: bool,
    /// The `config` of the declaration.
    pub config: Option<Node<'a>>,
}

impl Element {
    pub(crate) fn new(input: kind::ElementInput) -> Self {
        Self {
            input,
            #[cfg(not(target_family = "wasm"))]
            around: crate::surroundings::TestSurroundings::default(),
        }
    }

    /// Its full name, such as `junction.bst:element.bst`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.input.name
    }

    /// The name of its project.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.input.project
    }

    /// The `config` section.
    ///
    /// # Errors
    /// `invalid-data` when it is no dictionary.
    pub fn config(&self) -> Result<Mapping<'_>, Rejection> {
        Node::new(&self.input.nodes, self.input.config).as_mapping()
    }

    /// The value of a variable, if it is set.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        let variables = &self.input.variables;
        let found = variables.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        Some(&variables[found].1)
    }

    /// The value of a variable that the kind cannot do without.
    ///
    /// # Errors
    /// `undefined-variable` when it is not set.
    pub fn require_variable(&self, name: &str) -> Result<&str, Rejection> {
        let missing = || format!("the variable '{name}' is not set; this kind of element needs it");
        self.variable(name).ok_or_else(|| Rejection::other("undefined-variable", missing()))
    }

    /// The direct dependencies, in the order of the declaration.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency<'_>> {
        (0..).zip(&self.input.dependencies).map(|(index, dependency)| Dependency {
            index,
            path: &dependency.path,
            build: dependency.build,
            runtime: dependency.runtime,
            config: dependency.config.map(|config| Node::new(&self.input.nodes, config)),
        })
    }

    /// The kinds of its sources, in order.
    #[must_use]
    pub fn sources(&self) -> &[String] {
        &self.input.sources
    }

    /// Refuses configuration on dependencies; for kinds that give it no meaning.
    ///
    /// # Errors
    /// `invalid-dependency-config` at the first dependency that has any.
    pub fn refuse_dependency_config(&self) -> Result<(), Rejection> {
        let Some((dependency, node)) = self.dependencies().find_map(|d| d.config.map(|node| (d, node)))
        else {
            return Ok(());
        };
        let message = format!(
            "the dependency '{}' has a 'config', but this kind of element gives it no meaning; remove it",
            dependency.path
        );
        Err(Rejection::other("invalid-dependency-config", message).at(node))
    }
}
