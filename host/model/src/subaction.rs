//! An action that a build had answered, for the record of that build.

use std::time::{Duration, SystemTime};

use crate::{ActionResult, Digest};

/// An action that a client had answered, or whose result it brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subaction {
    /// The encoded `Action`.
    pub action: Digest,
    /// Where the answer came from.
    pub answered: AnswerSource,
    /// When the client asked.
    pub asked: SystemTime,
    /// From asking to the answer.
    pub took: Duration,
    /// The answer; what it took to run is in its metadata. A command that failed has a result too.
    pub outcome: Result<ActionResult, ActionFailure>,
}

/// Why an action has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionFailure {
    /// The stable code of the error, such as `action-timed-out`.
    pub reason: String,
    /// What a person is told.
    pub message: String,
    /// What there was by then, if anything.
    pub partial: Option<Box<ActionResult>>,
}

impl Subaction {
    /// The result, be it that of an action that was stopped.
    #[must_use]
    pub fn result(&self) -> Option<&ActionResult> {
        match &self.outcome {
            Ok(result) => Some(result),
            Err(failure) => failure.partial.as_deref(),
        }
    }
}

/// Where the answer to an action came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerSource {
    /// It was run for this request.
    Executed,
    /// It was running for another request already.
    Joined,
    /// From the action cache.
    CacheHit,
    /// The client ran it itself and brought the result.
    Uploaded,
}

impl AnswerSource {
    /// The name in records: `executed`, `joined`, `cache-hit`, `uploaded`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Executed => "executed",
            Self::Joined => "joined",
            Self::CacheHit => "cache-hit",
            Self::Uploaded => "uploaded",
        }
    }
}
