//! What a builder is asked to build.

use spec_model::{Digest, Key};
use spec_project::{Element, Project};

/// The keys of an element in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementKeys {
    /// The key that its artifact has or will have; in strict mode equal to `strict`.
    pub strong: Key,
    /// See [`spec_model::KeyPair::strict`].
    pub strict: Key,
    /// See [`spec_model::KeyPair::weak`].
    pub weak: Key,
}

/// Trees of the last build of an element's workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreviousBuild {
    /// Its sources.
    pub sources: Digest,
    /// What the build made of them.
    pub buildtree: Digest,
}

/// One element to work on.
#[derive(Clone, Copy)]
pub struct BuildRequest<'a> {
    /// The loaded project.
    pub project: &'a Project,
    /// The element's index.
    pub element: usize,
    /// The keys of any element that this one needs, and its own.
    pub keys: &'a dyn Fn(usize) -> ElementKeys,
    /// The tree of its staged sources; `None` when it has none.
    pub sources: Option<Digest>,
    /// What the last build of its workspace left, for an incremental build.
    pub previous: Option<PreviousBuild>,
    /// What its strong key is the SHA-256 of, to be kept with its artifact.
    pub key_description: Option<&'a str>,
}

impl<'a> BuildRequest<'a> {
    pub(crate) fn element(&self) -> &'a Element {
        &self.project.elements[self.element]
    }

    pub(crate) fn keys_of(&self, element: usize) -> ElementKeys {
        (self.keys)(element)
    }
}
