//! Errors of starting and running a server.

use std::io;

use spec_model::{Blame, UserError};

/// Why a server cannot start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be parsed. Reason `reapi-bad-address`.
    #[error("cannot listen on '{address}': expected HOST:PORT or unix:PATH")]
    BadAddress {
        /// As given.
        address: String,
    },
    /// Another server listens on the address. Reason `reapi-address-in-use`.
    #[error("another server listens on {address}")]
    InUse {
        /// As given.
        address: String,
    },
    /// A system call failed. Reason `reapi-io`.
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

    fn hint(&self) -> Option<String> {
        matches!(self, Self::InUse { .. }).then(|| "stop it or listen elsewhere".to_owned())
    }
}
