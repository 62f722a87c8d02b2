//! An action that a build requested, for the record of that build.

use std::time::{Duration, SystemTime};

use crate::{ActionResult, Digest};

/// An action that a client requested, or whose result it uploaded.
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
    /// The answer; its metadata says how long the command ran. A command that failed has a result too.
    pub outcome: Result<ActionResult, ActionFailure>,
}

/// Why an action has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionFailure {
    /// The stable code of the error, such as `action-timed-out`.
    pub reason: String,
    /// The message for people.
    pub message: String,
    /// The outputs that existed by then, if any.
    pub partial: Option<Box<ActionResult>>,
}

impl Subaction {
    /// The result; for an action that was stopped, the partial one.
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
    /// The action was executed for this request.
    Executed,
    /// It was being executed for another request already.
    Joined,
    /// From the action cache.
    CacheHit,
    /// The client executed it itself and uploaded the result.
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
