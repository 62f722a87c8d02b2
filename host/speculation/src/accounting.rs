//! The accounting of a session: what came of every recorded action, and what speculation cost and saved.

use std::borrow::Cow;
use std::collections::BTreeMap;

use spec_model::Digest;
use spec_strategy::{ReasonCode, SkipReason};

use crate::resolve::{Fact, ImpossibleCause};

/// What came of a recorded action. Every action is in exactly one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// All inputs were equal to the recorded ones, so that there was nothing to execute.
    Unchanged,
    /// It had been executed when the build requested it.
    Used,
    /// It ran or waited when the build requested it.
    Joined,
    /// It was submitted, and the build did not request it.
    Unused,
    /// Its result is in the action cache, and the session builds nothing.
    Ready,
    /// It was predicted and not submitted.
    Skipped(SkipCause),
    /// A fact that its prediction depends on was not known when its element ended.
    Pending(PendingOn),
    /// It could not be predicted.
    Impossible(ImpossibleCause),
    /// It was submitted, and failed.
    Failed,
}

/// Why a predicted action was not submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipCause {
    /// The policy decided so.
    Policy(SkipReason),
    /// The policy held it, or it was still queued, when its element ended.
    Late,
    /// The build requested it before a worker was free.
    Overtaken,
    /// The build requested it while the policy held it.
    Held,
    /// It was cancelled to make room for requests of the build, before the build requested it.
    Preempted,
    /// What was left of the budget did not allow it.
    Budget,
}

/// The kind of fact that a prediction depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PendingOn {
    /// An element's sources.
    Sources,
    /// An element's artifact.
    Artifact,
    /// Another action's outputs.
    Action,
    /// A tree of dependencies.
    Tree,
}

impl From<&Fact> for PendingOn {
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
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Unchanged => "unchanged",
            Self::Used => "used",
            Self::Joined => "joined",
            Self::Unused => "unused",
            Self::Ready => "ready",
            Self::Skipped(SkipCause::Policy(SkipReason::TooCheap)) => "skipped-too-cheap",
            Self::Skipped(SkipCause::Policy(SkipReason::TooDear)) => "skipped-too-dear",
            Self::Skipped(SkipCause::Policy(SkipReason::Unlikely)) => "skipped-unlikely",
            Self::Skipped(SkipCause::Policy(SkipReason::Other(ReasonCode::OTHER))) => "skipped-by-policy",
            Self::Skipped(SkipCause::Policy(SkipReason::Other(code))) => {
                return Cow::Owned(format!("skipped-by-policy-{}", code.as_str()));
            }
            Self::Skipped(SkipCause::Late) => "skipped-late",
            Self::Skipped(SkipCause::Overtaken) => "skipped-overtaken",
            Self::Skipped(SkipCause::Held) => "skipped-held",
            Self::Skipped(SkipCause::Preempted) => "skipped-preempted",
            Self::Skipped(SkipCause::Budget) => "skipped-budget",
            Self::Pending(PendingOn::Sources) => "pending-sources",
            Self::Pending(PendingOn::Artifact) => "pending-artifact",
            Self::Pending(PendingOn::Action) => "pending-action",
            Self::Pending(PendingOn::Tree) => "pending-tree",
            Self::Impossible(ImpossibleCause::Unreadable) => "impossible-unreadable",
            Self::Impossible(ImpossibleCause::InputGone) => "impossible-input-gone",
            Self::Impossible(ImpossibleCause::TreeGone) => "impossible-tree-gone",
            Self::Impossible(ImpossibleCause::Contradiction) => "impossible-contradiction",
            Self::Impossible(ImpossibleCause::ContentElsewhere) => "impossible-content-elsewhere",
            Self::Failed => "failed",
        })
    }

    /// Whether its result was not in the action cache when the build requested it, or it was not requested.
    #[must_use]
    pub(crate) fn is_miss(self) -> bool {
        !matches!(self, Self::Unchanged | Self::Used | Self::Joined | Self::Ready)
    }

    /// Whether a fact that its prediction depends on was not known.
    #[must_use]
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Pending(_))
    }

    /// Whether it was submitted.
    #[must_use]
    pub(crate) fn is_primed(self) -> bool {
        matches!(self, Self::Used | Self::Joined | Self::Unused | Self::Ready | Self::Failed)
    }
}

/// The totals of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpeculationTotals {
    /// The number of actions in each bucket.
    pub buckets: BTreeMap<Bucket, usize>,
    /// Submissions, also repeated ones of one recorded action.
    pub sent: u64,
    /// The CPU time of all submitted executions, in milliseconds.
    pub cpu_ms: u64,
    /// The CPU time of those whose results the build used, in milliseconds.
    pub useful_cpu_ms: u64,
    /// The sum of the durations of all used actions, in milliseconds: an upper bound of the time that the build saved,
    /// since builds run several actions at a time.
    pub saved_ms: u64,
}

impl SpeculationTotals {
    /// The number of recorded actions.
    #[must_use]
    pub fn recorded(&self) -> usize {
        self.buckets.values().sum()
    }

    /// The number of recorded actions that were submitted.
    #[must_use]
    pub fn primed(&self) -> usize {
        self.buckets.iter().filter(|(bucket, _)| bucket.is_primed()).map(|(_, count)| count).sum()
    }

    /// The number of actions in a bucket.
    #[must_use]
    pub fn count(&self, bucket: Bucket) -> usize {
        self.buckets.get(&bucket).copied().unwrap_or_default()
    }
}

/// What came of the predictions for a recorded action in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredictionResult {
    /// The recorded action.
    pub base: Digest,
    /// Whether the build requested what was predicted last; `None` when nothing was predicted.
    pub confirmed: Option<bool>,
}
