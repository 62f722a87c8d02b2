//! What comes of an action: a result, or an error.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use spec_action::ActionReadError;
use spec_action::path::BadPath;
use spec_cas::CasError;
use spec_model::{ActionFailure, ActionResult, AnswerSource, Blame, Digest, UserError, limit_hint};
use spec_sandbox::SandboxError;

/// The answer to a request; shared, as many may wait for one execution.
pub type ActionAnswer = Result<Arc<AnsweredAction>, ActionError>;

/// An answered request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredAction {
    /// The result.
    pub result: ActionResult,
    /// Where it came from. [`AnswerSource::CacheHit`] is REAPI's `cached_result`.
    pub answered: AnswerSource,
    /// What the machine tells a person of a command that failed: an entry of REAPI's `server_logs`.
    pub report: Option<String>,
}

/// An executed action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutedAction {
    /// Its result.
    pub result: ActionResult,
    /// Whether the executor had the result in an action cache of its own and executed nothing.
    pub cached: bool,
    /// What the machine tells a person of a command that failed: an entry of REAPI's `server_logs`.
    pub report: Option<String>,
}

/// Something that an action asks for and its session does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingRight {
    /// The platform property, or `timeout`.
    pub name: &'static str,
    /// What the action asks for.
    pub asked: String,
    /// What the session has.
    pub has: String,
}

impl fmt::Display for MissingRight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}, while it has {}", self.name, self.asked, self.has)
    }
}

/// Why an action was not run, or has no result. Cloned to all who wait for it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActionError {
    /// Blobs that the action needs are not in the store: `FAILED_PRECONDITION`, with one violation for each.
    #[error("{} blob(s) that the action needs are missing, such as {}", digests.len(), first(digests))]
    Missing {
        /// All of them, as far as they can be known: what lies below a missing directory cannot.
        digests: Vec<Digest>,
    },
    /// The action asks for something that cannot be: `INVALID_ARGUMENT`.
    #[error("the action is not valid: {what}")]
    Invalid {
        /// Which field, what is wrong with it, what was expected.
        what: String,
    },
    /// No worker here is what the platform properties ask for: `FAILED_PRECONDITION`.
    #[error("no worker has {name}={value}; this one has {name}={has}")]
    NoWorker {
        /// The property.
        name: String,
        /// Its value in the action.
        value: String,
        /// Its value here.
        has: String,
    },
    /// The action asks for what its session does not have: `FAILED_PRECONDITION`, with a violation for each.
    #[error("the action asks for more than its session has: {}", list(missing))]
    MissingRights {
        /// All that it asks for in excess.
        missing: Vec<MissingRight>,
    },
    /// The command left something at an output path that no tree can hold: `FAILED_PRECONDITION`.
    #[error("the output '{path}' is {found}; expected {expected}")]
    BadOutput {
        /// As asked for.
        path: String,
        /// What is there.
        found: String,
        /// What can be there.
        expected: &'static str,
    },
    /// There is more of something than one action may have: `FAILED_PRECONDITION`, for trying again does not help.
    #[error("{what} has {found} {unit} or more, and at most {limit} are taken")]
    TooLarge {
        /// What it is.
        what: String,
        /// How many there are, as far as they were counted.
        found: u64,
        /// How many there may be.
        limit: u64,
        /// What was counted: "entries", "bytes".
        unit: &'static str,
        /// The name of the setting.
        setting: &'static str,
    },
    /// The command did not end in time and was killed: `DEADLINE_EXCEEDED`.
    #[error("the action was killed after {after:?}")]
    TimedOut {
        /// The limit.
        after: Duration,
        /// What there was by then.
        executed: Box<ExecutedAction>,
    },
    /// Whoever executes actions does not execute this one at present, and leaves it to who requests it.
    #[error("{address} does not execute the action at present")]
    LeftToClient {
        /// Who might execute it.
        address: String,
    },
    /// Everybody who waited gave up: `CANCELLED`.
    #[error("the action was cancelled")]
    Cancelled,
    /// There are too many actions waiting already, or no room for this one: `RESOURCE_EXHAUSTED`.
    #[error("{what}")]
    Exhausted {
        /// What there is too much of.
        what: String,
    },
    /// Something here failed: `INTERNAL`.
    #[error("{message} ({reason})")]
    Internal {
        /// The stable code of the error.
        reason: String,
        /// What failed, for clients: it names no file of this machine.
        message: String,
        /// The whole error, for the log.
        detail: String,
        /// What to do next, for whoever runs this program; may be empty.
        hint: &'static str,
    },
}

fn first(digests: &[Digest]) -> String {
    digests.first().map(ToString::to_string).unwrap_or_default()
}

fn list(missing: &[MissingRight]) -> String {
    missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl UserError for ActionError {
    fn blame(&self) -> Blame {
        match self {
            Self::Cancelled => Blame::Cancelled,
            Self::Exhausted { .. } | Self::LeftToClient { .. } | Self::Internal { .. } => Blame::Machine,
            _ => Blame::Build,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Missing { .. } => "action-missing-blobs",
            Self::Invalid { .. } => "action-invalid",
            Self::NoWorker { .. } => "action-no-worker",
            Self::MissingRights { .. } => "action-beyond-rights",
            Self::BadOutput { .. } => "action-bad-output",
            Self::TooLarge { .. } => "action-too-large",
            Self::TimedOut { .. } => "action-timed-out",
            Self::LeftToClient { .. } => "action-left-to-client",
            Self::Cancelled => "action-cancelled",
            Self::Exhausted { .. } => "action-exhausted",
            Self::Internal { reason, .. } => reason,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { .. } => "upload them and try again",
            Self::MissingRights { .. } => "leave it out, or have the session allow it",
            Self::TooLarge { setting, .. } => return Some(limit_hint(setting)),
            Self::TimedOut { .. } => "raise its timeout or make it faster",
            Self::Exhausted { .. } => "try again later",
            Self::Internal { hint, .. } if !hint.is_empty() => hint,
            Self::Invalid { .. }
            | Self::NoWorker { .. }
            | Self::BadOutput { .. }
            | Self::LeftToClient { .. }
            | Self::Cancelled
            | Self::Internal { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

impl From<BadPath> for ActionError {
    fn from(error: BadPath) -> Self {
        Self::Invalid { what: error.to_string() }
    }
}

impl From<ActionReadError> for ActionError {
    fn from(error: ActionReadError) -> Self {
        match error {
            ActionReadError::Missing { digest, .. } => Self::Missing { digests: vec![digest] },
            ActionReadError::Invalid { message, digest, why } => {
                Self::invalid(format!("the {message} {digest}: {why}"))
            }
            ActionReadError::Cas(error) => error.into(),
            other => Self::failed(other.reason(), other.to_string(), &other),
        }
    }
}

impl From<CasError> for ActionError {
    fn from(error: CasError) -> Self {
        let message = match &error {
            CasError::Missing { digest, .. } | CasError::Corrupt { digest, .. } => {
                return Self::Missing { digests: vec![*digest] };
            }
            CasError::BadDirectory { .. } | CasError::BadPath { .. } | CasError::Collision { .. } => {
                return Self::Invalid { what: error.to_string() };
            }
            CasError::Cancelled => return Self::Cancelled,
            CasError::Elsewhere { .. } => error.to_string(),
            CasError::TreeTooLarge { what, found, limit, unit, setting } => {
                let (what, found, limit) = (what.clone(), *found, *limit);
                return Self::TooLarge { what, found, limit, unit, setting };
            }
            CasError::DiskFull { .. } => {
                return Self::Exhausted { what: "the disk of the store is full".to_owned() };
            }
            CasError::Io { source, .. } if Errno::from_io_error(source) == Some(Errno::NAMETOOLONG) => {
                return Self::invalid("it has a path that is longer than this machine takes");
            }
            CasError::Io { action, source, .. } => format!("cannot {action} a file of the store: {source}"),
            _ => "the store failed".to_owned(),
        };
        Self::failed(error.reason(), message, &error)
    }
}

impl From<&SandboxError> for ActionError {
    fn from(error: &SandboxError) -> Self {
        let message = match error {
            SandboxError::Overlay { step, source, .. } | SandboxError::Setup { step, source, .. } => {
                format!("cannot {step}: {source}")
            }
            other => other.to_string(),
        };
        let (reason, detail) = (error.reason().to_owned(), error.to_string());
        Self::Internal { reason, message, detail, hint: error.remedy() }
    }
}

impl ActionError {
    /// Something here failed. Clients hear `message`, which is to name no file of this machine; `error` is for the log.
    pub(crate) fn failed(reason: &str, message: String, error: impl ToString) -> Self {
        Self::Internal { reason: reason.to_owned(), message, detail: error.to_string(), hint: "" }
    }

    /// The whole error for the log, where clients do not hear it.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        if let Self::Internal { detail, .. } = self { Some(detail) } else { None }
    }

    /// The error as records have it.
    #[must_use]
    pub fn as_failure(&self) -> ActionFailure {
        let partial = match self {
            Self::TimedOut { executed, .. } => Some(Box::new(executed.result.clone())),
            _ => None,
        };
        ActionFailure { reason: self.reason().to_owned(), message: self.to_string(), partial }
    }

    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }
}
