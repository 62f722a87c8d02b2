//! Addresses of servers.

use std::fmt;
use std::str::FromStr;

use crate::error::RemoteError;

/// The port of an address with TLS that names none.
const HTTPS_PORT: u16 = 443;

/// `http://`, `https://`, `grpc://` or `grpcs://` with `HOST[:PORT]`, or `unix:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    transport: Transport,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Plain { host: String },
    Tls { host: String },
    Unix { path: String },
}

impl Address {
    /// Whether the connection is secured with TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.transport, Transport::Tls { .. })
    }

    /// Whether the server is on this machine, so that compressing what is sent would only cost time.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match &self.transport {
            Transport::Unix { .. } => true,
            Transport::Plain { host } | Transport::Tls { host } => {
                let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
                name == "localhost" || name == "[::1]" || name.starts_with("127.")
            }
        }
    }

    /// The name and the port of a server with TLS.
    pub(crate) fn tls_host(&self) -> Option<(&str, u16)> {
        let Transport::Tls { host } = &self.transport else { return None };
        let port = host.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)));
        let (name, port) = port.unwrap_or((host, HTTPS_PORT));
        Some((name.trim_start_matches('[').trim_end_matches(']'), port))
    }

    /// The URI that tonic connects to.
    pub(crate) fn uri(&self) -> String {
        match &self.transport {
            Transport::Plain { host } => format!("http://{host}"),
            Transport::Tls { host } => format!("https://{host}"),
            Transport::Unix { path } => format!("unix:{path}"),
        }
    }
}

impl FromStr for Address {
    type Err = RemoteError;

    fn from_str(text: &str) -> Result<Self, RemoteError> {
        let bad = || RemoteError::BadAddress { address: text.to_owned() };
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path);
            let transport = Transport::Unix { path: path.to_owned() };
            return if path.is_empty() { Err(bad()) } else { Ok(Self { text: text.to_owned(), transport }) };
        }
        let (scheme, host) = text.split_once("://").ok_or_else(bad)?;
        let host = host.strip_suffix('/').unwrap_or(host).to_owned();
        let is_host = !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) && !host.starts_with(':');
        let port = host.rsplit_once(':').filter(|(name, _)| !name.contains(':') || name.ends_with(']'));
        if !is_host || port.is_some_and(|(_, port)| port.parse::<u16>().is_err()) {
            return Err(bad());
        }
        let transport = match scheme {
            "http" | "grpc" => Transport::Plain { host },
            "https" | "grpcs" => Transport::Tls { host },
            _ => return Err(bad()),
        };
        Ok(Self { text: text.to_owned(), transport })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
