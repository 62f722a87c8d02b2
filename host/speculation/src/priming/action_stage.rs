//! The stages of a recorded action in a session.

use spec_model::Digest;
use spec_strategy::SkipReason;

use crate::accounting::{Bucket, PendingOn, SkipCause};
use crate::resolve::Prediction;

/// The stage of a recorded action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActionStage {
    /// The prediction is pending, unchanged or impossible.
    NotAdapted,
    /// The owner instantiates it.
    Adapting,
    /// It is instantiated, and the policy has not decided, or decided to hold it.
    Candidate(Digest),
    /// The policy decided to submit it with this priority.
    Queued(Digest, u16),
    /// The policy decided not to submit it as it is predicted now.
    Skipped(Digest, SkipReason),
    /// It is submitted.
    InFlight(Digest),
    /// It was submitted, and not executed to its end, since its worker was needed for requests.
    Preempted(Digest),
    /// It was executed, and its result is in the action cache.
    Executed(Digest),
    /// Its bucket is final.
    Ended(Bucket),
}

impl ActionStage {
    /// The bucket of an action whose element ends in this stage. `over_budget` tells that the budget does not allow to
    /// submit it.
    pub(super) fn bucket(self, prediction: &Prediction, over_budget: bool) -> Bucket {
        match self {
            Self::Ended(bucket) => bucket,
            Self::Executed(_) | Self::InFlight(_) | Self::Preempted(_) => Bucket::Unused,
            Self::Queued(..) if over_budget => Bucket::Skipped(SkipCause::Budget),
            Self::Skipped(_, reason) => Bucket::Skipped(SkipCause::Policy(reason)),
            Self::Queued(..) | Self::Candidate(_) | Self::Adapting => Bucket::Skipped(SkipCause::Late),
            Self::NotAdapted => match prediction {
                Prediction::Unchanged => Bucket::Unchanged,
                Prediction::Impossible(cause) => Bucket::Impossible(*cause),
                Prediction::Pending(facts) => {
                    Bucket::Pending(facts.first().map_or(PendingOn::Action, PendingOn::from))
                }
                Prediction::Adapted => Bucket::Skipped(SkipCause::Late),
            },
        }
    }

    /// Why an action that was not submitted in this stage was not there when the build requested it.
    pub(super) fn skip_cause(self, over_budget: bool) -> SkipCause {
        match self {
            Self::Skipped(_, reason) => SkipCause::Policy(reason),
            Self::Queued(..) if over_budget => SkipCause::Budget,
            Self::Candidate(_) => SkipCause::Held,
            Self::Preempted(_) => SkipCause::Preempted,
            _ => SkipCause::Overtaken,
        }
    }

    /// The predicted action, once it is instantiated.
    pub(super) fn digest(self) -> Option<Digest> {
        match self {
            Self::Candidate(digest)
            | Self::Queued(digest, _)
            | Self::Skipped(digest, _)
            | Self::InFlight(digest)
            | Self::Preempted(digest)
            | Self::Executed(digest) => Some(digest),
            Self::NotAdapted | Self::Adapting | Self::Ended(_) => None,
        }
    }
}
