//! Where a repository is.

use std::path::PathBuf;

use super::ssh_address::SshAddress;
use crate::url::{SCHEMES, UrlTarget};

/// Where a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GitAddress {
    /// On this machine.
    File(PathBuf),
    /// On a server.
    Server(ServerAddress),
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerAddress {
    /// Over http or https.
    Http,
    /// Over ssh.
    Ssh(SshAddress),
}

impl GitAddress {
    /// Decides by the URL; the error says what is wrong.
    pub(crate) fn of(url: &str) -> Result<Self, String> {
        if url.starts_with('/') {
            return Ok(Self::File(PathBuf::from(url)));
        }
        let has_scheme = url.split_once(':').is_some_and(|(scheme, rest)| {
            SCHEMES.contains(&scheme.to_lowercase().as_str()) && !rest.starts_with("//")
        });
        if !has_scheme && let Some(address) = SshAddress::parse(url) {
            return Ok(Self::Server(ServerAddress::Ssh(address?)));
        }
        Ok(match UrlTarget::of(url)? {
            UrlTarget::File(path) => Self::File(path),
            UrlTarget::Http => Self::Server(ServerAddress::Http),
            UrlTarget::Ftp => return Err("its scheme is not supported".to_owned()),
        })
    }
}
