//! What a build tells of itself to who speculates about the next one. This room does not see that one.

use std::fmt;

use spec_artifact::Outcome;
use spec_execution::Recording;
use spec_model::{Digest, Subaction};

use crate::builder::ElementKeys;
use crate::job::Job;
use crate::warning::Warning;

/// Hears what builds ask for through their sockets, and makes what their artifacts remember of it. Called from the
/// threads of builds; an element that wants no socket is never told of.
pub trait Speculation: fmt::Debug + Send + Sync + 'static {
    /// Who is to keep the record of an element's build: `notes`, and perhaps others besides.
    fn recording(&self, element: usize, notes: Recording) -> Recording;

    /// What the element's artifact will remember, called once before it is stored.
    fn remember(&self, built: &BuiltWith<'_>) -> Remembered;
}

/// How an element was built.
#[derive(Clone, Copy, Debug)]
pub struct BuiltWith<'a> {
    /// Its number in the project.
    pub element: usize,
    /// Its keys.
    pub keys: ElementKeys,
    /// What was staged, in that order.
    pub layers: &'a [Layer],
    /// The folder that its commands ran in, absolute.
    pub folder: &'a str,
    /// Trees of dependencies that the environment named, and the elements that they are made of.
    pub platforms: &'a [(Digest, Vec<usize>)],
    /// What it asked for, in the order in which it asked.
    pub subactions: &'a [Subaction],
    /// Whether it succeeded.
    pub succeeded: bool,
    /// The tree of its files, if there is one.
    pub files: Option<Digest>,
}

/// A tree that was staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The tree.
    pub tree: Digest,
    /// Where its root went in the sandbox.
    pub location: String,
    /// The number of the element that it belongs to.
    pub element: usize,
    /// What it is of that element.
    pub kind: LayerKind,
}

/// What a staged tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// The sources of the element that is built.
    Sources,
    /// An artifact.
    Artifact {
        /// What it remembers of its own build.
        record: Option<Digest>,
    },
}

/// What an artifact remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// A blob of the store (field 19 of `buildstream.v2.Artifact`).
    pub record: Option<Digest>,
    /// What was predicted and not asked for like that, another blob of the store.
    pub misses: Option<Digest>,
    /// What went wrong. No build fails for it.
    pub warning: Option<Warning>,
}

impl Job<'_> {
    pub(crate) fn remember(
        &self,
        asked: &[Subaction],
        outcome: &Outcome,
        files: Option<Digest>,
    ) -> Remembered {
        let (Some(speculation), Some(_)) =
            (&self.builder.speculation, &self.element.sandbox.remote_apis_socket)
        else {
            return Remembered::default();
        };
        let mut remembered = speculation.remember(&BuiltWith {
            element: self.request.element,
            keys: self.request.keys_of(self.request.element),
            layers: self.staged.layers(),
            folder: &self.working_directory(),
            platforms: &self.digest_trees,
            subactions: asked,
            succeeded: *outcome == Outcome::Succeeded,
            files,
        });
        if let Some(warning) = remembered.warning.take() {
            self.observer.warning(warning);
        }
        remembered
    }
}
