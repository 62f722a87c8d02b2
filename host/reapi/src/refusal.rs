//! Why a request is not done, in plain words. What it becomes on the wire is `status`' matter.

use std::fmt;

use spec_cas::CasError;
use spec_execution::{ActionError, MissingRight};
use spec_model::{Digest, DigestFunction, UserError};

/// Why a request, or one blob of it, is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The request itself is wrong, whatever the server holds.
    #[error("{0}")]
    Invalid(String),
    /// An upload goes on where the server is not.
    #[error("{0}")]
    WrongOffset(String),
    /// A read starts behind the end.
    #[error("{0}")]
    OutOfRange(String),
    /// What is asked for is not here.
    #[error("{0}")]
    NotFound(String),
    /// What the request needs is not here: upload it and ask again.
    #[error("{} blobs are missing, the first is {}", .1.len(), .1.first().map(ToString::to_string).unwrap_or_default())]
    Missing(DigestFunction, Vec<Digest>),
    /// No machine here can do it, or it left what cannot be kept.
    #[error("{0}")]
    Unfit(String),
    /// It asks for more than those who ask may have.
    #[error("{0}")]
    Beyond(String, Vec<MissingRight>),
    /// There is more of something than a setting allows.
    #[error("{0}")]
    TooLarge(String, &'static str),
    /// It took too long.
    #[error("{0}")]
    TimedOut(String),
    /// Everybody gave it up.
    #[error("{0}")]
    Cancelled(String),
    /// The client may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// Somebody else does the same, or the client gave up.
    #[error("{0}")]
    Aborted(String),
    /// The disk or a queue is full.
    #[error("{0}")]
    Full(String),
    /// Too much to do just now.
    #[error("{0}")]
    Busy(String),
    /// Stored bytes turned out wrong while they were sent.
    #[error("{0}")]
    Damaged(String),
    /// This server has no such thing.
    #[error("{0}")]
    Unsupported(String),
    /// Our fault. What there is to know is in the log: clients hear of no file of this machine.
    #[error("{0}")]
    Internal(String),
}

impl Refusal {
    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid(what.into())
    }

    pub(crate) fn absent(digest: &Digest) -> Self {
        Self::NotFound(format!("blob {digest} is not here"))
    }

    /// Something here failed: clients hear `what`, the log has the whole error.
    pub(crate) fn failed(what: impl Into<String>, reason: &str, error: impl fmt::Display) -> Self {
        tracing::error!(reason, "{error}");
        Self::Internal(what.into())
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
            Self::Beyond(..) => "beyond-rights",
            Self::TooLarge(..) => "too-large",
            Self::TimedOut(_) => "timed-out",
            Self::Cancelled(_) => "cancelled",
            Self::Forbidden(_) => "forbidden",
            Self::Aborted(_) => "aborted",
            Self::Full(_) => "full",
            Self::Busy(_) => "busy",
            Self::Damaged(_) => "damaged",
            Self::Unsupported(_) => "unsupported",
            Self::Internal(_) => "internal",
        }
    }
}

impl From<CasError> for Refusal {
    /// A damaged blob is in quarantine by now, so to a client it is one that is not here.
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
                tracing::error!(reason = error.reason(), "{error}");
                return Self::Full("the disk of the store is full; try again later".to_owned());
            }
            CasError::Io { action, source, .. } => format!("cannot {action} a file of the store: {source}"),
            _ => "the store failed".to_owned(),
        };
        Self::failed(what, error.reason(), &error)
    }
}

impl Refusal {
    /// Why an action in a store of this digest function has no result.
    pub(crate) fn of_action(function: DigestFunction, error: ActionError) -> Self {
        let text = error.to_string();
        match error {
            ActionError::Missing { digests } => Self::Missing(function, digests),
            ActionError::Invalid { .. } => Self::Invalid(text),
            ActionError::MissingRights { missing } => Self::Beyond(text, missing),
            ActionError::NoWorker { .. } | ActionError::BadOutput { .. } => Self::Unfit(text),
            ActionError::TooLarge { setting, .. } => Self::TooLarge(text, setting),
            ActionError::TimedOut { .. } => Self::TimedOut(text),
            ActionError::Cancelled => Self::Cancelled(text),
            ActionError::Exhausted { .. } => Self::Full(text),
            ActionError::Internal { ref reason, ref detail, .. } => Self::failed(text, reason, detail),
            _ => Self::Internal(text),
        }
    }
}
