//! Elements as their files declare them.

use std::sync::Arc;

use spec_model::{ElementName, FilePosition, Mapping};

/// An element from its file and the options, before the defaults of its kind and the project are composed.
#[derive(Clone, Debug)]
pub(crate) struct LoadedElement {
    /// The full name.
    pub(crate) name: ElementName,
    /// The index of its project.
    pub(crate) project: usize,
    pub(crate) kind: Arc<str>,
    pub(crate) kind_position: Option<FilePosition>,
    /// The rest of the file, without kind and dependencies.
    pub(crate) node: Mapping,
    pub(crate) dependencies: Vec<LoadedDependency>,
}

/// A dependency whose element is known.
#[derive(Clone, Debug)]
pub(crate) struct LoadedDependency {
    /// Its index among the loaded elements.
    pub(crate) element: usize,
    pub(crate) declared: DeclaredDependency,
}

/// A dependency as an element declares it.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredDependency {
    /// The name as it is written, with the junctions before it.
    pub(crate) name: Arc<str>,
    /// Whether it is staged at build time.
    pub(crate) build: bool,
    /// Whether it is needed at run time.
    pub(crate) runtime: bool,
    /// Whether a change of it rebuilds in non-strict mode too.
    pub(crate) strict: bool,
    /// The configurations it is declared with.
    pub(crate) configs: Vec<Mapping>,
    /// Where it is declared.
    pub(crate) position: Option<FilePosition>,
}

impl DeclaredDependency {
    /// Merges another declaration of the same dependency into this one.
    pub(crate) fn merge(&mut self, other: Self) {
        self.build |= other.build;
        self.runtime |= other.runtime;
        self.strict |= other.strict;
        self.configs.extend(other.configs);
    }
}
