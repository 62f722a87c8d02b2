//! How to reach a server.

use std::fmt;
use std::time::Duration;

use spec_cas::Limits;
use spec_model::DigestFunction;

use crate::address::Address;

/// How to reach a server, and how patiently.
#[derive(Clone, Debug)]
pub struct RemoteOptions {
    /// Where it is.
    pub address: Address,
    /// The instance name in every request; usually the empty one.
    pub instance: String,
    /// What makes the digests of the blobs. A server may know several.
    pub function: DigestFunction,
    /// Certificates, for an address with TLS.
    pub tls: Tls,
    /// What tells the server who we are.
    pub token: Option<Token>,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long one request may take, beside the time that its bytes need.
    pub request_timeout: Duration,
    /// How often a request is tried again when the server or the network may be better soon.
    pub retries: u32,
    /// Requests under way at a time.
    pub parallel: usize,
    /// How large a tree may be that comes to a folder.
    pub limits: Limits,
}

impl RemoteOptions {
    /// The usual patience with the server at `address`.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self {
            address,
            instance: String::new(),
            function: DigestFunction::default(),
            tls: Tls::default(),
            token: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            retries: 4,
            parallel: 4,
            limits: Limits::default(),
        }
    }
}

/// TLS, with texts in PEM form.
#[derive(Clone, Default)]
pub struct Tls {
    /// Who vouches for the server; `None` for whom the system trusts.
    pub server_ca: Option<String>,
    /// Our certificate and its private key, for a server that wants to know clients.
    pub identity: Option<(String, String)>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.identity.is_some() { "Tls(mutual)" } else { "Tls(server)" })
    }
}

/// A bearer token. It is never shown.
#[derive(Clone)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
