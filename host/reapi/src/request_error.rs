//! Errors of requests. `status` converts them to gRPC's.

use std::fmt;

use spec_cas::CasError;
use spec_execution::{ActionError, MissingRight};
use spec_model::{Digest, DigestFunction, UserError, limit_hint};

/// Why a request, or one blob of it, failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The request is invalid.
    #[error("{0}")]
    Invalid(String),
    /// A write does not start where the committed bytes of its upload end.
    #[error("{0}")]
    WrongOffset(String),
    /// A read starts beyond the end of the blob.
    #[error("{0}")]
    OutOfRange(String),
    /// What is asked for does not exist here.
    #[error("{0}")]
    NotFound(String),
    /// Blobs that the request needs are not here; the client must upload them and ask again.
    #[error("{} blobs are missing, the first is {}", .1.len(), .1.first().map(ToString::to_string).unwrap_or_default())]
    Missing(DigestFunction, Vec<Digest>),
    /// No worker can execute the action, or its output cannot be stored.
    #[error("{0}")]
    Unfit(String),
    /// The action asks for more than its session's rights.
    #[error("{0}")]
    MissingRights(String, Vec<MissingRight>),
    /// Something exceeds a limit; the name of the setting that raises it.
    #[error("{0}")]
    TooLarge(String, &'static str),
    /// A deadline passed.
    #[error("{0}")]
    TimedOut(String),
    /// The execution was cancelled.
    #[error("{0}")]
    Cancelled(String),
    /// The client does not have permission.
    #[error("{0}")]
    Forbidden(String),
    /// The client did not continue its request.
    #[error("{0}")]
    Aborted(String),
    /// The disk or the queue of actions is full.
    #[error("{0}")]
    Full(String),
    /// The server is overloaded, or stopping.
    #[error("{0}")]
    Busy(String),
    /// A blob was found to be damaged while it was sent.
    #[error("{0}")]
    Damaged(String),
    /// The server does not implement this.
    #[error("{0}")]
    Unsupported(String),
    /// The server failed. Details are in its log only: clients must not learn paths of this machine. The second text is
    /// what whoever runs the server can do; it may be empty.
    #[error("{0}")]
    Internal(String, &'static str),
}

impl RequestError {
    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid(what.into())
    }

    pub(crate) fn absent(digest: &Digest) -> Self {
        Self::NotFound(format!("this server does not have blob {digest}"))
    }

    /// The server failed: clients get the text `what`, and the log the whole error.
    pub(crate) fn failed(what: impl Into<String>, reason: &str, error: impl fmt::Display) -> Self {
        tracing::error!(reason, "{error}");
        Self::Internal(what.into(), "")
    }

    /// What the client, or who runs the server, can do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::WrongOffset(_) => "ask QueryWriteStatus where to go on",
            Self::Missing(..) => "upload them and try again",
            Self::Damaged(_) => "upload it again",
            Self::MissingRights(..) => "leave it out, or have the session allow it",
            Self::TooLarge(_, setting) => return Some(limit_hint(setting)),
            Self::TimedOut(_) => "raise its timeout or make it faster",
            Self::Full(_) | Self::Busy(_) => "try again later",
            Self::Internal(_, hint) if !hint.is_empty() => hint,
            Self::Internal(..) => "see the server's log",
            Self::Invalid(_)
            | Self::OutOfRange(_)
            | Self::NotFound(_)
            | Self::Unfit(_)
            | Self::Cancelled(_)
            | Self::Forbidden(_)
            | Self::Aborted(_)
            | Self::Unsupported(_) => return None,
        };
        Some(hint.to_owned())
    }

    /// A stable code for logs and counters.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::WrongOffset(_) => "wrong-offset",
            Self::OutOfRange(_) => "out-of-range",
            Self::NotFound(_) => "not-found",
            Self::Missing(..) => "missing-blobs",
            Self::Unfit(_) => "unfit",
            Self::MissingRights(..) => "beyond-rights",
            Self::TooLarge(..) => "too-large",
            Self::TimedOut(_) => "timed-out",
            Self::Cancelled(_) => "cancelled",
            Self::Forbidden(_) => "forbidden",
            Self::Aborted(_) => "aborted",
            Self::Full(_) => "full",
            Self::Busy(_) => "busy",
            Self::Damaged(_) => "damaged",
            Self::Unsupported(_) => "unsupported",
            Self::Internal(..) => "internal",
        }
    }
}

impl From<CasError> for RequestError {
    /// The store has moved a damaged blob to quarantine, so it is missing for clients.
    fn from(error: CasError) -> Self {
        let what = match &error {
            CasError::Missing { digest, .. } => return Self::absent(digest),
            CasError::Corrupt { digest, .. } => {
                tracing::error!(reason = error.reason(), "{error}");
                return Self::absent(digest);
            }
            CasError::WrongDigest { .. } | CasError::BadDirectory { .. } | CasError::BadPath { .. } => {
                return Self::Invalid(error.to_string());
            }
            CasError::TreeTooLarge { setting, .. } => return Self::TooLarge(error.to_string(), setting),
            CasError::Cancelled => return Self::Cancelled(error.to_string()),
            CasError::DiskFull { .. } => {
                tracing::error!(reason = error.reason(), hint = error.hint(), "{error}");
                return Self::Full("the disk of the store is full".to_owned());
            }
            CasError::Io { action, source, .. } => format!("cannot {action} a file of the store: {source}"),
            _ => "the store failed".to_owned(),
        };
        Self::failed(what, error.reason(), &error)
    }
}

impl RequestError {
    /// The error of an action in a store of this digest function.
    pub(crate) fn of_action(function: DigestFunction, error: ActionError) -> Self {
        let text = error.to_string();
        match error {
            ActionError::Missing { digests } => Self::Missing(function, digests),
            ActionError::Invalid { .. } => Self::Invalid(text),
            ActionError::MissingRights { missing } => Self::MissingRights(text, missing),
            ActionError::NoWorker { .. } | ActionError::BadOutput { .. } => Self::Unfit(text),
            ActionError::TooLarge { setting, .. } => Self::TooLarge(text, setting),
            ActionError::TimedOut { .. } => Self::TimedOut(text),
            ActionError::Cancelled => Self::Cancelled(text),
            ActionError::Exhausted { .. } => Self::Full(text),
            ActionError::Internal { ref reason, ref detail, hint, .. } => {
                tracing::error!(reason, hint, "{detail}");
                Self::Internal(text, hint)
            }
            _ => Self::Internal(text, ""),
        }
    }
}
