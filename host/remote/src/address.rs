//! Where a server is.

use std::fmt;
use std::str::FromStr;

use crate::error::RemoteError;

/// `http://`, `https://`, `grpc://` or `grpcs://` with `HOST[:PORT]`, or `unix:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    way: Way,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Plain { host: String },
    Tls { host: String },
    Unix { path: String },
}

impl Address {
    /// Whether the connection is secured with TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.way, Way::Tls { .. })
    }

    /// Whether the server is on this machine, so that compressing on the way would only cost time.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match &self.way {
            Way::Unix { .. } => true,
            Way::Plain { host } | Way::Tls { host } => {
                let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
                name == "localhost" || name == "[::1]" || name.starts_with("127.")
            }
        }
    }

    /// As tonic has it.
    pub(crate) fn uri(&self) -> String {
        match &self.way {
            Way::Plain { host } => format!("http://{host}"),
            Way::Tls { host } => format!("https://{host}"),
            Way::Unix { path } => format!("unix:{path}"),
        }
    }
}

impl FromStr for Address {
    type Err = RemoteError;

    fn from_str(text: &str) -> Result<Self, RemoteError> {
        let bad = || RemoteError::BadAddress { address: text.to_owned() };
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path);
            let way = Way::Unix { path: path.to_owned() };
            return if path.is_empty() { Err(bad()) } else { Ok(Self { text: text.to_owned(), way }) };
        }
        let (scheme, host) = text.split_once("://").ok_or_else(bad)?;
        let host = host.strip_suffix('/').unwrap_or(host).to_owned();
        let is_host = !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) && !host.starts_with(':');
        let port = host.rsplit_once(':').filter(|(name, _)| !name.contains(':') || name.ends_with(']'));
        if !is_host || port.is_some_and(|(_, port)| port.parse::<u16>().is_err()) {
            return Err(bad());
        }
        let way = match scheme {
            "http" | "grpc" => Way::Plain { host },
            "https" | "grpcs" => Way::Tls { host },
            _ => return Err(bad()),
        };
        Ok(Self { text: text.to_owned(), way })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, uri) in [
            ("http://localhost:80", Some("http://localhost:80")),
            ("grpc://127.0.0.1:80/", Some("http://127.0.0.1:80")),
            ("https://example.org", Some("https://example.org")),
            ("grpcs://[::1]:443", Some("https://[::1]:443")),
            ("unix:/run/a", Some("unix:/run/a")),
            ("unix:///run/a", Some("unix:/run/a")),
            ("localhost:80", None),
            ("ftp://localhost", None),
            ("http://", None),
            ("http://:80", None),
            ("http://a:x", None),
            ("http://a/b", None),
            ("unix:", None),
        ] {
            let address = text.parse::<Address>();
            assert_eq!(address.ok().map(|address| address.uri()).as_deref(), uri, "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_local() {
        for (text, local) in [
            ("http://localhost:80", true),
            ("grpcs://127.0.0.2", true),
            ("http://[::1]:80", true),
            ("unix:a", true),
            ("http://localhost.example.org", false),
            ("https://example.org", false),
        ] {
            assert_eq!(text.parse::<Address>().expect(text).is_local(), local, "{text}");
        }
    }
}
