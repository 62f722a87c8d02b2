//! The numbers of a session, and the predictions for its actions.

/// An element of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId(pub u32);

/// A recorded action of the session. An action only reads outputs of actions with lower numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub u32);

/// An origin of inputs in the session: a path in sources or in an artifact, or an output of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginId(pub(super) u32);

/// A tree of staged dependencies that actions name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(pub(super) u32);

/// Something that becomes known in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// The sources of an element.
    Sources(ElementId),
    /// The artifact of an element.
    Artifact(ElementId),
    /// The outputs of an action.
    Outputs(ActionId),
    /// A tree of staged dependencies.
    Tree(TreeId),
}

/// What is known of the action that the build will request in place of a recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prediction {
    /// It depends on these facts, which are not known yet.
    Pending(Vec<Fact>),
    /// It is the recorded action: all inputs are equal.
    Unchanged,
    /// All its inputs are known, and some differ from the recorded ones.
    Adapted,
    /// It cannot be predicted.
    Impossible(ImpossibleCause),
}

/// The kind of a [`Prediction`], without the facts that it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PredictionKind {
    Pending,
    Unchanged,
    Adapted,
    Impossible(ImpossibleCause),
}

/// Actions whose prediction may have changed, so that they must be predicted again.
pub(crate) type Invalidated = std::collections::BTreeSet<ActionId>;

/// Why an action cannot be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImpossibleCause {
    /// Its messages are not in the store, or have fields that this version does not know.
    Unreadable,
    /// None of the origins of an input has it any more.
    InputGone,
    /// A tree of dependencies that it names can no longer be made.
    TreeGone,
    /// The adapted action cannot be made: a directory would replace a file that it still has.
    Contradiction,
    /// The contents of an input are not to be had where actions are executed.
    ContentElsewhere,
}
