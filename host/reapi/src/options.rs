//! Options and limits of a server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use spec_execution::Rights;

/// The sum of blobs' sizes in one batch. With their digests they fit in gRPC's usual message limit of 4 MiB.
pub(crate) const MAX_BATCH: u64 = (4 << 20) - (64 << 10);

/// The options of a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// The instance names that are served; the empty name must be listed too. Others are rejected.
    pub instances: Vec<String>,
    /// Whether clients may store blobs and have actions executed.
    pub writable: bool,
    /// Whether clients may also store results of actions that they executed themselves.
    pub update_results: bool,
    /// The tokens of clients.
    pub tokens: Tokens,
    /// TLS of connections over TCP; `None` for plain connections.
    pub tls: Option<Tls>,
    /// Limits of what clients may use.
    pub limits: Limits,
    /// Which services it has.
    pub scope: Scope,
    /// What the actions of clients may ask for.
    pub rights: Arc<Rights>,
}

/// The clients of a server, and so which services it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Clients on the network: all services.
    #[default]
    Public,
    /// The processes in one sandbox: only capabilities, storage, byte streams, action results and execution.
    Session,
}

/// Bearer tokens. Without any, requests need no token.
#[derive(Clone, Default)]
pub struct Tokens {
    /// Tokens of clients that may read.
    pub read_only: Vec<String>,
    /// Tokens of clients that may read and write.
    pub read_write: Vec<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({} read-only, {} read-write)", self.read_only.len(), self.read_write.len())
    }
}

/// TLS, with texts in PEM form.
#[derive(Clone)]
pub struct Tls {
    /// The server's certificate and its chain.
    pub certificate: String,
    /// Its private key.
    pub key: String,
    /// The certificate authority of clients; with it, clients need a certificate (mutual TLS).
    pub client_ca: Option<String>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({})", if self.client_ca.is_some() { "mutual" } else { "server" })
    }
}

/// Limits that keep clients from using up the machine.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one request message.
    pub message_bytes: usize,
    /// Concurrent requests of one connection.
    pub streams_per_connection: u32,
    /// Threads for jobs that may block, such as reading and writing the store, of all connections together.
    pub blocking_threads: usize,
    /// Interrupted uploads that are kept, so that their clients can resume them.
    pub interrupted_uploads: usize,
    /// How long an interrupted upload is kept.
    pub keep_uploads_for: Duration,
    /// How long an execution goes on while no client waits for it.
    pub abandon_after: Duration,
    /// How long a request may wait for a thread, and an upload for its client's next message.
    pub max_wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            instances: vec![String::new()],
            writable: true,
            update_results: true,
            tokens: Tokens::default(),
            tls: None,
            limits: Limits::default(),
            scope: Scope::default(),
            rights: Arc::new(Rights::of_clients()),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 8 << 20,
            streams_per_connection: 1024,
            blocking_threads: 16,
            interrupted_uploads: 64,
            keep_uploads_for: Duration::from_secs(300),
            abandon_after: Duration::from_secs(10),
            max_wait: Duration::from_secs(120),
        }
    }
}
