//! What a server allows, and how much of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use spec_execution::Rights;

/// The sum of blobs' sizes in one batch. With their digests they fit in gRPC's usual message limit of 4 MiB.
pub(crate) const MAX_BATCH: u64 = (4 << 20) - (64 << 10);

/// What a server is and allows.
#[derive(Clone, Debug)]
pub struct Options {
    /// The instance names answered to, the empty one among them if it is meant. Others are refused.
    pub instances: Vec<String>,
    /// Whether clients may store blobs and have actions run.
    pub writable: bool,
    /// Whether clients may also bring results of actions that they ran themselves.
    pub update_results: bool,
    /// Who is let in.
    pub tokens: Tokens,
    /// How connections over TCP are kept secret, if at all.
    pub tls: Option<Tls>,
    /// Bounds.
    pub limits: Limits,
    /// Whom it is for.
    pub scope: Scope,
    /// What the actions of clients may have.
    pub rights: Arc<Rights>,
}

/// Whom a server is for, and so which services it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everybody: all services.
    #[default]
    Public,
    /// The processes of one sandbox: capabilities, storage, byte streams, results and execution, no more.
    Session,
}

/// Bearer tokens. Without any, everybody is let in.
#[derive(Clone, Default)]
pub struct Tokens {
    /// Of clients that may read.
    pub read_only: Vec<String>,
    /// Of clients that may also change things.
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
    /// The server's certificate, and those that lead to a known one.
    pub certificate: String,
    /// Its private key.
    pub key: String,
    /// Certificates of who may vouch for clients; with it, clients without a certificate are not let in.
    pub client_ca: Option<String>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({})", if self.client_ca.is_some() { "mutual" } else { "server" })
    }
}

/// Bounds that keep one client, or a thousand, from taking all of the machine.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one request message.
    pub message: usize,
    /// Requests of one connection that are answered at a time.
    pub streams: u32,
    /// Threads that read and write the store at a time, of all connections together.
    pub threads: usize,
    /// Interrupted uploads that are kept for a while, so that their clients can go on.
    pub kept_uploads: usize,
    /// How long such an upload is kept.
    pub kept_for: Duration,
    /// How long an execution goes on while nobody waits for it.
    pub abandoned_for: Duration,
    /// How long a request may wait for a thread, and an upload for its client's next message.
    pub patience: Duration,
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
            message: 8 << 20,
            streams: 1024,
            threads: 16,
            kept_uploads: 64,
            kept_for: Duration::from_secs(300),
            abandoned_for: Duration::from_secs(10),
            patience: Duration::from_secs(120),
        }
    }
}
