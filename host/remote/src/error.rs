//! Errors of requests to a server; each variant says whose fault it is.

use spec_cas::CasError;
use spec_model::{Blame, Digest, UserError};

/// A failed request to a server.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// An address cannot be parsed. Reason `remote-bad-address`.
    #[error(
        "'{address}' is not the address of a server; expected http://HOST:PORT, https://HOST:PORT or unix:PATH"
    )]
    BadAddress {
        /// As it was given.
        address: String,
    },
    /// A certificate, key or token is malformed. Reason `remote-bad-credentials`.
    #[error("cannot use the {what} for {address}: {why}")]
    BadCredentials {
        /// The server.
        address: String,
        /// What was given: "certificates", "token".
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The server could not be connected to, in any of the attempts. Reason `remote-unreachable`.
    #[error("cannot reach {address}: {why}")]
    Unreachable {
        /// The server.
        address: String,
        /// Why not.
        why: String,
    },
    /// The server's certificate is not vouched for, or the server does not accept ours. Reason `remote-certificate`.
    #[error("the connection to {address} is not secure: {why}")]
    Certificate {
        /// The server.
        address: String,
        /// What one of both said.
        why: String,
    },
    /// The server did not answer lately, and it is too early to ask again. Reason `remote-away`.
    #[error("{address} is away: {why}; it is asked again within half a minute")]
    Away {
        /// The server.
        address: String,
        /// What was found out when it was last asked.
        why: String,
    },
    /// The server denies access. Reason `remote-denied`.
    #[error("{address} refuses to {action}: {why}")]
    Denied {
        /// The server.
        address: String,
        /// What was asked: "store blobs".
        action: &'static str,
        /// What it said.
        why: String,
    },
    /// The server lacks a service or a feature. Reason `remote-unsupported`.
    #[error("{address} cannot {action}: {why}")]
    Unsupported {
        /// The server.
        address: String,
        /// What was asked.
        action: &'static str,
        /// What it lacks.
        why: String,
    },
    /// The server rejects the request as invalid. Reason `remote-refused`.
    #[error("{address} refuses to {action}: {why}")]
    Refused {
        /// The server.
        address: String,
        /// What was asked.
        action: &'static str,
        /// What it said.
        why: String,
    },
    /// The server does not have a blob. Reason `remote-missing`.
    #[error("{address} does not have {digest}")]
    Missing {
        /// The server.
        address: String,
        /// The blob.
        digest: Digest,
    },
    /// The server lacks blobs that a request names. Reason `remote-lacks`.
    #[error("{address} refuses to {action}: it lacks {}{}", .missing[0], and_more(.missing.len() - 1))]
    Lacks {
        /// The server.
        address: String,
        /// What was asked.
        action: &'static str,
        /// What it lacks; not empty.
        missing: Vec<Digest>,
    },
    /// The server has too much to do, in all attempts (`RESOURCE_EXHAUSTED`). Reason `remote-full`.
    #[error("{address} is full, and does not {action}: {why}")]
    Full {
        /// The server.
        address: String,
        /// What was asked.
        action: &'static str,
        /// What it said.
        why: String,
    },
    /// The server failed, in all attempts. Reason `remote-failed`.
    #[error("{address} failed to {action}: {why}")]
    Failed {
        /// The server.
        address: String,
        /// What was asked.
        action: &'static str,
        /// Its code and what it said.
        why: String,
    },
    /// The server's answer violates the protocol. Reason `remote-broken`.
    #[error("{address} breaks the protocol when asked to {action}: {why}")]
    Broken {
        /// The server.
        address: String,
        /// What was asked.
        action: &'static str,
        /// What is wrong with the answer.
        why: String,
    },
    /// The store or a file of this machine failed. Reason: that of the store's error.
    #[error(transparent)]
    Local(#[from] CasError),
}

fn and_more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" and {count} blobs more") }
}

impl RemoteError {
    /// Whether the server cannot be asked for anything at present.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Certificate { .. } | Self::Away { .. } | Self::Failed { .. }
        )
    }

    /// Whether the server answers and cannot be used as it is configured: another attempt comes to the same.
    #[must_use]
    pub fn is_misconfiguration(&self) -> bool {
        matches!(
            self,
            Self::BadAddress { .. }
                | Self::BadCredentials { .. }
                | Self::Certificate { .. }
                | Self::Denied { .. }
                | Self::Unsupported { .. }
                | Self::Refused { .. }
        )
    }
}

impl UserError for RemoteError {
    fn blame(&self) -> Blame {
        match self {
            Self::BadAddress { .. } | Self::BadCredentials { .. } => Blame::Usage,
            Self::Local(error) => error.blame(),
            _ => Blame::Remote,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::BadAddress { .. } => "mend the address",
            Self::BadCredentials { .. } => "make the file anew, and name it again",
            Self::Unreachable { .. } => "check the address and whether the server runs",
            Self::Certificate { .. } => "check server-cert, client-cert and the name in the address",
            Self::Denied { .. } => "check the token, the certificate and the instance",
            Self::Away { .. } => "wait until it is back, or check whether the server runs",
            Self::Unsupported { .. } => "configure a server that can, or take it out",
            Self::Refused { .. } => "check instance-name, and see the log of that server",
            Self::Missing { .. } => "upload it there, or ask another server",
            Self::Lacks { .. } | Self::Full { .. } => "try again later, or give that server more room",
            Self::Failed { .. } => "see the log of that server",
            Self::Broken { .. } => "tell those who run that server, or use another one",
            Self::Local(error) => return error.hint(),
        };
        Some(hint.to_owned())
    }

    fn reason(&self) -> &str {
        match self {
            Self::BadAddress { .. } => "remote-bad-address",
            Self::BadCredentials { .. } => "remote-bad-credentials",
            Self::Unreachable { .. } => "remote-unreachable",
            Self::Certificate { .. } => "remote-certificate",
            Self::Away { .. } => "remote-away",
            Self::Denied { .. } => "remote-denied",
            Self::Unsupported { .. } => "remote-unsupported",
            Self::Refused { .. } => "remote-refused",
            Self::Missing { .. } => "remote-missing",
            Self::Lacks { .. } => "remote-lacks",
            Self::Full { .. } => "remote-full",
            Self::Failed { .. } => "remote-failed",
            Self::Broken { .. } => "remote-broken",
            Self::Local(error) => error.reason(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_a_server_says_what_to_do() {
        let (address, why, action) = ("http://a:1".to_owned(), "it says so".to_owned(), "store blobs");
        let (a, w) = (|| address.clone(), || why.clone());
        let missing = vec![Digest::of(b"blob")];
        let errors = [
            RemoteError::BadAddress { address: a() },
            RemoteError::BadCredentials { address: a(), what: "token", why: w() },
            RemoteError::Unreachable { address: a(), why: w() },
            RemoteError::Certificate { address: a(), why: w() },
            RemoteError::Away { address: a(), why: w() },
            RemoteError::Denied { address: a(), action, why: w() },
            RemoteError::Unsupported { address: a(), action, why: w() },
            RemoteError::Refused { address: a(), action, why: w() },
            RemoteError::Missing { address: a(), digest: missing[0] },
            RemoteError::Lacks { address: a(), action, missing },
            RemoteError::Full { address: a(), action, why: w() },
            RemoteError::Failed { address: a(), action, why: w() },
            RemoteError::Broken { address: a(), action, why: w() },
        ];
        for error in errors {
            let hint = error.hint().unwrap_or_default();
            assert!(!hint.is_empty() && !error.to_string().contains(&hint), "{error}: {hint}");
            let is_about_room = matches!(error.reason(), "remote-full" | "remote-lacks");
            assert_eq!(hint.contains("more room"), is_about_room, "{error}: {hint}");
        }
    }
}
