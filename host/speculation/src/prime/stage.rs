//! Where an action is on its way to its one end.

use spec_model::Digest;
use spec_strategy::SkipReason;

use crate::account::{Awaited, Bucket, Skipped};
use crate::resolve::Verdict;

/// Where an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// As its verdict says: pending, unchanged, impossible.
    Watched,
    /// Being instantiated.
    Adapting,
    /// Instantiated; the policy has not decided.
    Candidate(Digest),
    /// To be sent when it is its turn.
    Queued(Digest, u16),
    /// Not to be sent as it is predicted now, by the policy.
    Skipped(Digest, SkipReason),
    /// Sent.
    Flying(Digest),
    /// It ran, and its result is in the action cache.
    Ready(Digest),
    /// Nothing more happens.
    Ended(Bucket),
}

impl Stage {
    /// The end of an action that is here when its element ends. Every stage has one.
    pub(super) fn bucket(self, verdict: &Verdict, broke: bool) -> Bucket {
        match self {
            Self::Ended(bucket) => bucket,
            Self::Ready(_) | Self::Flying(_) => Bucket::Unused,
            Self::Queued(..) if broke => Bucket::Skipped(Skipped::Budget),
            Self::Skipped(_, why) => Bucket::Skipped(Skipped::Policy(why)),
            Self::Queued(..) | Self::Candidate(_) | Self::Adapting => Bucket::Skipped(Skipped::Late),
            Self::Watched => match verdict {
                Verdict::Unchanged => Bucket::Unchanged,
                Verdict::Impossible(why) => Bucket::Impossible(*why),
                Verdict::Pending(facts) => {
                    Bucket::Pending(facts.first().map_or(Awaited::Action, Awaited::from))
                }
                Verdict::Adapted => Bucket::Skipped(Skipped::Late),
            },
        }
    }

    /// The action as it is predicted, once it is instantiated.
    pub(super) fn digest(self) -> Option<Digest> {
        match self {
            Self::Candidate(digest)
            | Self::Queued(digest, _)
            | Self::Skipped(digest, _)
            | Self::Flying(digest)
            | Self::Ready(digest) => Some(digest),
            Self::Watched | Self::Adapting | Self::Ended(_) => None,
        }
    }
}
