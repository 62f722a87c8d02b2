//! The contract of an overlay policy: where the inputs of recorded actions come from.

use crate::{OverlayFacts, PolicyError};

/// Decides which origins of an input are recorded, and which recorded origin an input takes its contents from.
///
/// A wrong decision cannot make a build wrong: it costs the execution of an action that the build never requests. All
/// calls are batches; elements, paths and files are numbers. An answer has as many entries as the question, in the same
/// order. A policy that fails or gives an invalid answer is replaced by
/// [`BuiltInOverlayPolicy`](crate::BuiltInOverlayPolicy) for the rest of the session.
pub trait OverlayPolicy: Send {
    /// Its name and the file it came from, for messages.
    fn name(&self) -> &str {
        "built-in"
    }

    /// What the host calls besides [`select`](Self::select) and [`choose`](Self::choose), and how. Always the same.
    fn wants(&self) -> OverlayWants {
        OverlayWants::default()
    }

    /// Called at the end of an element's build: for every input, which of its alternatives are recorded, in order of
    /// preference. An empty answer records the input as one that the build generated.
    ///
    /// # Errors
    /// When the policy is broken.
    fn select(
        &mut self,
        inputs: &[InputOrigins],
        facts: &dyn OverlayFacts,
    ) -> Result<Vec<Vec<u8>>, PolicyError>;

    /// Called in a session: which of its recorded alternatives an input takes its contents from. Called again whenever
    /// the state of one of them changes.
    ///
    /// # Errors
    /// When the policy is broken.
    fn choose(
        &mut self,
        inputs: &[InputAlternatives],
        facts: &dyn OverlayFacts,
    ) -> Result<Vec<Choice>, PolicyError>;

    /// For input files whose contents changed: which inputs actions that read them will have or lack now.
    ///
    /// # Errors
    /// When the policy is broken.
    fn propose(
        &mut self,
        _files: &[ChangedFile],
        _facts: &dyn OverlayFacts,
    ) -> Result<Vec<Proposal>, PolicyError> {
        Ok(Vec::new())
    }

    /// Tells the policy what came of its choices.
    ///
    /// # Errors
    /// When the policy is broken.
    fn observe(
        &mut self,
        _ended: &[ChoiceObservation],
        _facts: &dyn OverlayFacts,
    ) -> Result<(), PolicyError> {
        Ok(())
    }

    /// The state that the policy keeps for the next session, at most 64 KiB. Called once, at the end.
    ///
    /// # Errors
    /// When the policy is broken.
    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        Ok(Vec::new())
    }
}

/// What an overlay policy wants to be called for, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OverlayWants {
    /// [`OverlayPolicy::propose`], with the contents of files.
    pub propose: bool,
    /// [`OverlayPolicy::observe`].
    pub observe: bool,
    /// The most entries of one question; `None` for no limit of its own.
    pub largest_batch: Option<u32>,
}

/// The kind of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OriginKind {
    /// An element's sources: known before anything is built.
    Source,
    /// The result of another action: known as soon as that is.
    Action,
    /// An element's artifact: known when the element is built.
    Artifact,
}

/// Where an input came from, as policies see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginInfo {
    /// Its kind.
    pub kind: OriginKind,
    /// The number of the element it belongs to, the same in all questions of a session; `None` for the recorded element
    /// itself.
    pub element: Option<u32>,
}

impl OriginInfo {
    /// Whether another element took the file from this origin and installed it, which set its file mode.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.element.is_some() && self.kind != OriginKind::Artifact
    }
}

/// An input and all its possible origins, in the order SOURCE, ACTION, ARTIFACT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputOrigins {
    /// The number of the input's path in the path table of the element.
    pub path: u32,
    /// The alternatives; at most 255.
    pub origins: Vec<OriginInfo>,
}

/// What is known in this session of an origin's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginState {
    /// Its contents are known, and are what was recorded.
    Unchanged,
    /// Its contents are known, and differ from what was recorded.
    Changed,
    /// Its contents are not known yet.
    Pending,
    /// Its contents will never be known: the path no longer exists, the element failed, or the action cannot be adapted.
    Gone,
}

/// An input and the state of its recorded alternatives, in the recorded order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputAlternatives {
    /// The number of the input, the same in all questions of a session.
    pub input: u32,
    /// The alternatives; at most 255.
    pub alternatives: Vec<(OriginInfo, OriginState)>,
}

/// Where an input takes its contents from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// From the alternative with this index, whose contents must be known.
    Take(u8),
    /// From the first of these whose contents are known or pending: it waits for one that is pending. Not empty. The policy
    /// is not asked again for this input.
    Rank(Vec<u8>),
    /// From none yet; at least one must be pending.
    Wait,
    /// From none: no action with this input can be predicted.
    GiveUp,
}

/// What came of a choice: the build requested an action with this input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceObservation {
    /// The number of the input.
    pub input: u32,
    /// The alternative that was taken; `None` if the policy waited or gave up.
    pub taken: Option<u8>,
    /// The alternatives that had the contents which the build requested.
    pub right: Vec<u8>,
}

/// An input file that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path in the sandbox, without a leading slash.
    pub path: String,
    /// Its contents when it was recorded.
    pub before: Vec<u8>,
    /// Its contents now.
    pub after: Vec<u8>,
}

/// A predicted change of the set of inputs, because of a changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The index of the file in the question.
    pub file: u32,
    /// The change.
    pub edit: SetEdit,
}

/// A change of the set of inputs of every action that reads a file. Names are as the file spells them: the host looks
/// in the folder of the file, and then in the folders in which other inputs were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetEdit {
    /// An input is added.
    Add {
        /// Its name.
        name: String,
    },
    /// An input is removed, unless another file names it.
    Remove {
        /// Its name.
        name: String,
    },
    /// An input replaces another.
    Rename {
        /// The removed one.
        removed: String,
        /// The added one.
        added: String,
    },
}
