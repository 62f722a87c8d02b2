//! Sockets that a server listens on.

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
    /// A socket in the file system. A dead one in its place is replaced.
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

/// An open socket. A socket in the file system is removed when this is dropped.
#[derive(Debug)]
pub struct Listener {
    pub(crate) socket: Socket,
    address: Address,
}

#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
    /// Taken by who serves.
    Taken,
}

impl Listener {
    /// Opens a socket.
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
                (Socket::Tcp(socket), Address::Tcp(real.to_string()))
            }
            Address::Unix(path) => {
                remove_dead(path).await?;
                (Socket::Unix(UnixListener::bind(path).map_err(failed)?), address.clone())
            }
        };
        Ok(Self { socket, address })
    }

    /// Takes a socket that is open already; `path` is where it is in the file system. Needs a runtime.
    pub(crate) fn adopt(socket: std::os::unix::net::UnixListener, path: &Path) -> std::io::Result<Self> {
        socket.set_nonblocking(true)?;
        let socket = Socket::Unix(UnixListener::from_std(socket)?);
        Ok(Self { socket, address: Address::Unix(path.to_owned()) })
    }

    /// The address, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn take(&mut self) -> Socket {
        std::mem::replace(&mut self.socket, Socket::Taken)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Address::Unix(path) = &self.address {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Removes the socket of a server that was killed.
async fn remove_dead(path: &PathBuf) -> Result<(), ServeError> {
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
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expect) in [
            ("127.0.0.1:80", Some(Address::Tcp("127.0.0.1:80".to_owned()))),
            ("[::1]:0", Some(Address::Tcp("[::1]:0".to_owned()))),
            ("unix:/a/b", Some(Address::Unix("/a/b".into()))),
            ("unix:///a/b", Some(Address::Unix("/a/b".into()))),
            ("unix:a", Some(Address::Unix("a".into()))),
            ("unix:", None),
            ("localhost", None),
            (":80", None),
            ("host:99999", None),
        ] {
            assert_eq!(text.parse().ok(), expect, "{text}");
        }
    }
}
