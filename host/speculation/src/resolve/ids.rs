//! Numbers of a session, and what its actions wait for.

/// An element of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId(pub u32);

/// A recorded action of the session. An action only ever reads outputs of actions with lower numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub u32);

/// A place in the session that inputs come from: a path in sources or in an artifact, or an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceId(pub(super) u32);

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

/// Where an action stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something still has to become known: each of these facts may change that.
    Pending(Vec<Fact>),
    /// All its inputs are what was recorded.
    Unchanged,
    /// All its inputs are known, and some differ.
    Adapted,
    /// It cannot be predicted.
    Impossible(Impossible),
}

/// Why an action cannot be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impossible {
    /// Its messages are not in the store, or have fields that we do not know.
    Unreadable,
    /// An input is nowhere any more.
    InputGone,
    /// A tree that it names cannot be made any more.
    TreeGone,
    /// What it would be now cannot be made: a directory would have to be where a file is.
    Contradiction,
}
