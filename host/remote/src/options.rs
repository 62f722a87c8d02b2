//! Options of a connection.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use spec_cas::Limits;
use spec_model::DigestFunction;

use crate::address::Address;

/// How to connect to a server, and how long to wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteOptions {
    /// Its address.
    pub address: Address,
    /// The instance name in every request; usually the empty one.
    pub instance: String,
    /// The digest function of the blobs. A server may support several.
    pub function: DigestFunction,
    /// Certificates, for an address with TLS.
    pub tls: Tls,
    /// The bearer token.
    pub token: Option<Token>,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long one request may take with all its retries, in addition to the time that its bytes need.
    pub request_timeout: Duration,
    /// How often an idle connection is checked.
    pub keep_alive: Duration,
    /// How often a request is retried after a transient error.
    pub retries: u32,
    /// The pause before the first retry; each later one is twice as long.
    pub retry_delay: Duration,
    /// How long an execution may say nothing before the server is asked whether it still knows of it.
    pub heartbeat: Duration,
    /// Whether results may be written to the server's action cache.
    pub push: bool,
    /// What all requests of a session have in common, for the server's logs (`correlated_invocations_id`).
    pub invocation: String,
    /// Requests in flight at a time.
    pub parallel: usize,
    /// Limits of trees that are downloaded to a directory.
    pub limits: Limits,
}

impl RemoteOptions {
    /// The defaults for the server at `address`.
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
            keep_alive: Duration::from_secs(30),
            retries: 4,
            retry_delay: Duration::from_millis(100),
            heartbeat: Duration::from_secs(60),
            push: true,
            invocation: String::new(),
            parallel: 4,
            limits: Limits::default(),
        }
    }
}

/// TLS, with texts in PEM form.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The certificate authority of the server; `None` for those that the system trusts.
    pub server_ca: Option<String>,
    /// The client's certificate and its private key, for mutual TLS.
    pub identity: Option<(String, String)>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.identity.is_some() { "Tls(mutual)" } else { "Tls(server)" })
    }
}

/// A bearer token, or the file that it is in. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub enum Token {
    /// The token.
    Fixed(String),
    /// A file that holds nothing else.
    File {
        /// The file.
        path: PathBuf,
        /// How often it is read again; without this only when the server does not accept the token.
        reload: Option<Duration>,
    },
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
