//! Trees that were staged into the root of a build.

use crate::Digest;

/// A tree that was staged into the root of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedLayer {
    /// The tree.
    pub tree: Digest,
    /// The path in the sandbox at which its root was staged.
    pub location: String,
    /// The full name of the element that it belongs to.
    pub element: String,
    /// What it is of that element.
    pub kind: StagedLayerKind,
}

/// What a staged tree is of its element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StagedLayerKind {
    /// Its sources.
    Sources,
    /// Its artifact.
    Artifact {
        /// What the artifact remembers of its own build.
        record: Option<Digest>,
    },
}
