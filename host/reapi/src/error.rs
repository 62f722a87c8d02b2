//! What keeps a server from starting.

use std::io;

use spec_model::{Blame, UserError};

/// A server that cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address has neither of the two forms. Reason `reapi-bad-address`.
    #[error("cannot listen on '{address}': expected HOST:PORT or unix:PATH")]
    BadAddress {
        /// As given.
        address: String,
    },
    /// Somebody answers on the socket already. Reason `reapi-address-in-use`.
    #[error("another server listens on {address}; stop it or listen elsewhere")]
    InUse {
        /// As given.
        address: String,
    },
    /// The operating system refused. Reason `reapi-io`.
    #[error("cannot listen on {address}: {source}")]
    Io {
        /// As given.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// The transport failed. Reason `reapi-transport`.
    #[error("stopped serving {address}: {source}")]
    Transport {
        /// As given.
        address: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl UserError for ServeError {
    fn blame(&self) -> Blame {
        match self {
            Self::BadAddress { .. } => Blame::Usage,
            Self::InUse { .. } | Self::Io { .. } | Self::Transport { .. } => Blame::Machine,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::BadAddress { .. } => "reapi-bad-address",
            Self::InUse { .. } => "reapi-address-in-use",
            Self::Io { .. } => "reapi-io",
            Self::Transport { .. } => "reapi-transport",
        }
    }
}
