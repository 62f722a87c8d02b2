//! The contract of an overlay policy: where the inputs of recorded actions come from.

use crate::PolicyError;

/// Decides which origins of an input are recorded, which of them is believed, and when there is nothing to wait for.
///
/// A policy cannot make a build wrong: what it gets wrong is an action that nobody asks for. All calls are batches;
/// elements, paths and files are numbers. An answer has as many entries as the question, in the same order. A policy
/// that fails or answers nonsense is not asked again in the session, and [`StandardOverlays`](crate::StandardOverlays)
/// takes its place.
pub trait OverlayPolicy: Send {
    /// At the end of an element's build: for every input, which of its alternatives are recorded, first the one to be
    /// tried first. An empty answer records the input as one that the build generated.
    ///
    /// # Errors
    /// When the policy is broken.
    fn select(&mut self, inputs: &[InputOrigins]) -> Result<Vec<Vec<u8>>, PolicyError>;

    /// In a session: which of its recorded alternatives an input takes its contents from. Asked again whenever the
    /// standing of one of them changes.
    ///
    /// # Errors
    /// When the policy is broken.
    fn choose(&mut self, inputs: &[InputStanding]) -> Result<Vec<Choice>, PolicyError>;

    /// Whether [`propose`](Self::propose) is to be called, with the contents of files.
    fn scans(&self) -> bool {
        false
    }

    /// For input files whose contents changed: which inputs actions that read them will have or lack now.
    ///
    /// # Errors
    /// When the policy is broken.
    fn propose(&mut self, _files: &[ChangedFile]) -> Result<Vec<Proposal>, PolicyError> {
        Ok(Vec::new())
    }
}

/// What kind of place an input came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OriginKind {
    /// An element's sources: known before anything is built.
    Source,
    /// The result of another action: known as soon as that is.
    Action,
    /// An element's artifact: known when the element is built.
    Artifact,
}

/// A place that an input came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginFacts {
    /// What kind of place.
    pub kind: OriginKind,
    /// Whose: a number, the same for the same element in one session; 0 is the recorded element.
    pub element: u32,
}

impl OriginFacts {
    /// Whether another element had the file from there and installed it, by which it got the mode that it has now.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.element != 0 && self.kind != OriginKind::Artifact
    }
}

/// An input and all places that it may have come from, in the order SOURCE, ACTION, ARTIFACT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputOrigins {
    /// The number of the input's path in the path table of the element.
    pub path: u32,
    /// The alternatives; at most 255.
    pub origins: Vec<OriginFacts>,
}

/// How an alternative stands in this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its contents are known, and are what was recorded.
    Unchanged,
    /// Its contents are known, and differ from what was recorded.
    Changed,
    /// Something still has to happen first.
    Pending,
    /// It will never be known: the path is gone, the element failed, the action cannot be adapted.
    Gone,
}

/// An input and how its recorded alternatives stand, in the recorded order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputStanding {
    /// The number of the input, the same in all questions of a session.
    pub input: u32,
    /// The alternatives; at most 255.
    pub alternatives: Vec<(OriginFacts, Standing)>,
}

/// Where an input takes its contents from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// From this alternative, an index; it has to be known.
    Take(u8),
    /// From none yet; at least one has to be pending.
    Wait,
    /// From none: every action with this input is given up.
    GiveUp,
}

/// An input file that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path in the sandbox, without a leading slash.
    pub path: String,
    /// What it was when it was recorded.
    pub before: Vec<u8>,
    /// What it is now.
    pub after: Vec<u8>,
}

/// A guess that the set of inputs changed with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The index of the file in the question.
    pub file: u32,
    /// The guess.
    pub edit: SetEdit,
}

/// A change of the set of inputs of every action that reads a file. Names are as the file spells them: the host looks
/// beside the file, and then from every folder that other inputs are found from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetEdit {
    /// One more input.
    Add {
        /// Its name.
        name: String,
    },
    /// One less, unless something else needs it.
    Remove {
        /// Its name.
        name: String,
    },
    /// One in the place of another.
    Rename {
        /// The one that goes.
        from: String,
        /// The one that comes.
        to: String,
    },
}
