//! What a build tells of itself to who speculates about the next one. This room does not see that one.

use std::fmt;

use spec_execution::Recording;
use spec_model::{Digest, StagedLayer, Subaction};

use crate::request::ElementKeys;
use crate::warning::Warning;

/// Hears what builds ask for through their sockets, and makes what their artifacts remember of it. Called from the
/// threads of builds; an element that wants no socket is never told of.
pub trait SpeculationHook: fmt::Debug + Send + Sync + 'static {
    /// Who is to keep the record of an element's build: `recording`, and perhaps others besides.
    fn recording(&self, element: usize, recording: Recording) -> Recording;

    /// What the element's artifact will remember, called once before it is stored.
    fn make_record(&self, built: &BuildReport<'_>) -> SpeculationBlobs;
}

/// How an element was built.
#[derive(Clone, Copy, Debug)]
pub struct BuildReport<'a> {
    /// Its number in the project.
    pub element: usize,
    /// Its keys.
    pub keys: ElementKeys,
    /// What was staged, in that order.
    pub layers: &'a [StagedLayer],
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

/// What an artifact remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpeculationBlobs {
    /// A blob of the store (field 19 of `buildstream.v2.Artifact`).
    pub record: Option<Digest>,
    /// What was predicted and not asked for like that, another blob of the store.
    pub misses: Option<Digest>,
    /// What went wrong. No build fails for it.
    pub warning: Option<Warning>,
}
