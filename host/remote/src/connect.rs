//! Connections: TLS, deadlines.

use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use crate::error::RemoteError;
use crate::health::ServerPart;
use crate::options::RemoteOptions;

/// HTTP/2 flow control: bytes in flight of one stream, and of one connection.
const STREAM_WINDOW: u32 = 8 << 20;
const CONNECTION_WINDOW: u32 = 32 << 20;
/// Bytes of a frame that a server may send. As many are read with one system call; of the usual 16 KiB, half at a time.
const FRAME: u32 = 256 << 10;
/// How long the server may take to answer a check of the connection.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes a second that a transfer must reach at least; sets the deadline of requests that carry blobs.
const MIN_THROUGHPUT: u64 = 64 << 10;
/// A request without an answer is given up and sent again after this part of the time for all attempts.
const ATTEMPTS_IN_LIMIT: u32 = 3;
/// But not earlier than this: a slow server is no silent one.
const SHORTEST_ATTEMPT: Duration = Duration::from_secs(10);

/// A channel that connects when it is first used, and reconnects when the connection broke.
pub(crate) fn channel(options: &RemoteOptions) -> Result<Channel, RemoteError> {
    let uri = options.address.uri();
    let bad = |_| RemoteError::BadAddress { address: options.address.to_string() };
    let endpoint = Endpoint::from_shared(uri)
        .map_err(bad)?
        .connect_timeout(options.connect_timeout)
        .tcp_nodelay(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME)
        .http2_keep_alive_interval(options.keep_alive)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true);
    if !options.address.is_tls() {
        return Ok(endpoint.connect_lazy());
    }
    let config = ClientTlsConfig::new();
    let config = match &options.tls.server_ca {
        Some(ca) => config.ca_certificate(Certificate::from_pem(ca)),
        None => config.with_native_roots(),
    };
    let config = match &options.tls.identity {
        Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
        None => config,
    };
    let endpoint = endpoint.tls_config(config).map_err(|error| {
        let address = options.address.to_string();
        RemoteError::BadCredentials { address, what: "certificates", why: with_causes(&error) }
    })?;
    Ok(endpoint.connect_lazy())
}

/// How long an operation may take.
#[derive(Clone, Copy)]
pub(crate) struct RetryLimits {
    /// All attempts together.
    pub(crate) all: Duration,
    /// One attempt, except for the last one.
    pub(crate) attempt: Duration,
    /// Who is asked.
    pub(crate) part: ServerPart,
}

impl RetryLimits {
    /// For a question with a short answer: one that hangs is asked again within the time of all attempts.
    pub(crate) fn of_question(all: Duration) -> Self {
        let attempt = (all / ATTEMPTS_IN_LIMIT).max(SHORTEST_ATTEMPT);
        Self { all, attempt, part: ServerPart::Storage }
    }

    /// For what takes long when all is well: one attempt may take all of the time.
    pub(crate) fn of_transfer(all: Duration) -> Self {
        Self { all, attempt: all, part: ServerPart::Storage }
    }

    /// The same, for a request to the scheduler.
    pub(crate) fn of_execution(self) -> Self {
        Self { part: ServerPart::Execution, ..self }
    }
}

/// The deadline of a request that transfers this many bytes.
pub(crate) fn deadline(options: &RemoteOptions, bytes: u64) -> Duration {
    options.request_timeout + Duration::from_secs(bytes / MIN_THROUGHPUT)
}

/// The text of the innermost cause of an error. What tonic says around it is about its own layers.
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

/// The text of an error with all its causes; tonic's own text has only the outermost.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
