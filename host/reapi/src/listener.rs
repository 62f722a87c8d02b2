//! Addresses and sockets that a server listens on.

use std::fmt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::error::ServeError;

/// Where to listen: `HOST:PORT` or `unix:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host name or number, and a port; port 0 means any that is free.
    Tcp(String),
    /// A socket in the file system. A stale socket, which nobody listens on, is replaced.
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = ServeError;

    fn from_str(text: &str) -> Result<Self, ServeError> {
        let bad = || ServeError::BadAddress { address: text.to_owned() };
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path);
            return if path.is_empty() { Err(bad()) } else { Ok(Self::Unix(path.into())) };
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        match !host.is_empty() && port.parse::<u16>().is_ok() {
            true => Ok(Self::Tcp(text.to_owned())),
            false => Err(bad()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A listening socket. A socket in the file system is removed when this is dropped.
#[derive(Debug)]
pub struct Listener {
    pub(crate) socket: ListeningSocket,
    address: Address,
}

#[derive(Debug)]
pub(crate) enum ListeningSocket {
    Tcp(TcpListener),
    Unix(UnixListener),
    /// Moved to the server.
    Taken,
}

impl Listener {
    /// Opens a listening socket.
    ///
    /// # Errors
    /// `reapi-address-in-use` when another server has it, `reapi-io` when the system refuses.
    pub async fn open(address: &Address) -> Result<Self, ServeError> {
        let failed = |source| ServeError::Io { address: address.to_string(), source };
        let (socket, address) = match address {
            Address::Tcp(host) => {
                let socket = TcpListener::bind(host).await.map_err(|error| match error.kind() {
                    std::io::ErrorKind::AddrInUse => ServeError::InUse { address: host.clone() },
                    _ => failed(error),
                })?;
                let real = socket.local_addr().map_err(failed)?;
                (ListeningSocket::Tcp(socket), Address::Tcp(real.to_string()))
            }
            Address::Unix(path) => {
                remove_stale(path).await?;
                (ListeningSocket::Unix(UnixListener::bind(path).map_err(failed)?), address.clone())
            }
        };
        Ok(Self { socket, address })
    }

    /// Wraps a listening socket at `path`. Must be called in a tokio runtime.
    pub(crate) fn from_std(socket: std::os::unix::net::UnixListener, path: &Path) -> std::io::Result<Self> {
        socket.set_nonblocking(true)?;
        let socket = ListeningSocket::Unix(UnixListener::from_std(socket)?);
        Ok(Self { socket, address: Address::Unix(path.to_owned()) })
    }

    /// The address, with the port that the system chose.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn take(&mut self) -> ListeningSocket {
        std::mem::replace(&mut self.socket, ListeningSocket::Taken)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Address::Unix(path) = &self.address {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Removes a socket that nobody listens on, which a killed server left.
async fn remove_stale(path: &PathBuf) -> Result<(), ServeError> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    let address = format!("unix:{}", path.display());
    match UnixStream::connect(path).await {
        Ok(_) => Err(ServeError::InUse { address }),
        Err(_) => std::fs::remove_file(path).map_err(|source| ServeError::Io { address, source }),
    }
}

#[cfg(test)]
mod tests;
