//! What became of every recorded action of a session.

use std::collections::BTreeMap;

use spec_strategy::SkipReason;

use crate::resolve::{Fact, Impossible};

/// The end of an action: exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// All inputs were what was recorded, so there was nothing to run.
    Unchanged,
    /// It had run when the build asked for it.
    Used,
    /// It ran, or was about to, when the build asked for it.
    Joined,
    /// It was sent, and the build did not ask for it.
    Unused,
    /// It was predicted and not sent.
    Skipped(Skipped),
    /// Something had not become known when its element ended.
    Pending(Awaited),
    /// It could not be predicted.
    Impossible(Impossible),
    /// It was sent, and failed.
    Failed,
}

/// Why a predicted action was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skipped {
    /// The policy did not want it.
    Policy(SkipReason),
    /// The policy had not decided, or it had not been its turn, when its element ended.
    Late,
    /// The build asked for it first.
    Overtaken,
    /// The budget of the session was spent.
    Budget,
}

/// What kind of thing had not become known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Awaited {
    /// An element's sources.
    Sources,
    /// An element's artifact.
    Artifact,
    /// Another action's outputs.
    Action,
    /// A tree of dependencies.
    Tree,
}

impl From<&Fact> for Awaited {
    fn from(fact: &Fact) -> Self {
        match fact {
            Fact::Sources(_) => Self::Sources,
            Fact::Artifact(_) => Self::Artifact,
            Fact::Outputs(_) => Self::Action,
            Fact::Tree(_) => Self::Tree,
        }
    }
}

impl Bucket {
    /// The name in `--json-events` and in the histogram of reasons.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Used => "used",
            Self::Joined => "joined",
            Self::Unused => "unused",
            Self::Skipped(Skipped::Policy(SkipReason::TooCheap)) => "skipped-too-cheap",
            Self::Skipped(Skipped::Policy(SkipReason::TooDear)) => "skipped-too-dear",
            Self::Skipped(Skipped::Policy(SkipReason::Unlikely)) => "skipped-unlikely",
            Self::Skipped(Skipped::Policy(SkipReason::Other)) => "skipped-by-policy",
            Self::Skipped(Skipped::Late) => "skipped-late",
            Self::Skipped(Skipped::Overtaken) => "skipped-overtaken",
            Self::Skipped(Skipped::Budget) => "skipped-budget",
            Self::Pending(Awaited::Sources) => "pending-sources",
            Self::Pending(Awaited::Artifact) => "pending-artifact",
            Self::Pending(Awaited::Action) => "pending-action",
            Self::Pending(Awaited::Tree) => "pending-tree",
            Self::Impossible(Impossible::Unreadable) => "impossible-unreadable",
            Self::Impossible(Impossible::InputGone) => "impossible-input-gone",
            Self::Impossible(Impossible::TreeGone) => "impossible-tree-gone",
            Self::Impossible(Impossible::Contradiction) => "impossible-contradiction",
            Self::Failed => "failed",
        }
    }

    /// Whether its present form was not there when it was asked for, or was never asked for.
    #[must_use]
    pub fn is_miss(self) -> bool {
        !matches!(self, Self::Unchanged | Self::Used | Self::Joined)
    }

    /// Whether it was sent.
    #[must_use]
    pub fn is_primed(self) -> bool {
        matches!(self, Self::Used | Self::Joined | Self::Unused | Self::Failed)
    }
}

/// The sums of a session. The buckets add up to [`recorded`](Self::recorded).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Actions in each bucket.
    pub buckets: BTreeMap<Bucket, usize>,
    /// Executions sent, repeated ones of one action included.
    pub sent: u64,
    /// CPU time of what was sent, in milliseconds.
    pub cpu_ms: u64,
    /// The part of it that the build had use for, in milliseconds.
    pub useful_cpu_ms: u64,
    /// Time that the build did not wait, in milliseconds: for every used action, how long it ran. It is an upper bound
    /// where the build runs several at a time. Joined ones do not count.
    pub saved_ms: u64,
}

impl Account {
    /// All recorded actions.
    #[must_use]
    pub fn recorded(&self) -> usize {
        self.buckets.values().sum()
    }

    /// Actions that were sent.
    #[must_use]
    pub fn primed(&self) -> usize {
        self.buckets.iter().filter(|(bucket, _)| bucket.is_primed()).map(|(_, count)| count).sum()
    }

    /// Actions in a bucket.
    #[must_use]
    pub fn count(&self, bucket: Bucket) -> usize {
        self.buckets.get(&bucket).copied().unwrap_or_default()
    }
}
