//! The connection to a server.

use std::sync::Arc;
use std::time::Duration;

use bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient;
use spec_model::DigestFunction;
use spec_proto::reapi;
use spec_proto::reapi::capabilities_client::CapabilitiesClient;
use spec_proto::reapi::content_addressable_storage_client::ContentAddressableStorageClient;
use tokio::sync::OnceCell;
use tonic::transport::Channel;
use tonic::{Code, Request};

use crate::bearer_token::BearerToken;
use crate::capabilities::RemoteCapabilities;
use crate::connect;
use crate::error::RemoteError;
use crate::health::{CircuitBreaker, RemoteHealth, ServerPart};
use crate::known_blobs::KnownBlobs;
use crate::options::RemoteOptions;
use crate::rpc_channel::{ChannelState, RpcChannel};
use crate::statistics::{RemoteStatistics, StatisticsCounters};
use crate::transfers::BatchLimit;

/// Bytes of a response message; larger than any that is requested.
pub(crate) const MAX_MESSAGE: usize = 16 << 20;

/// A connection to a server, which is made when it is first needed. A clone is another handle on the same connection.
#[derive(Clone, Debug)]
pub struct Remote {
    inner: Arc<Connection>,
}

#[derive(Debug)]
struct Connection {
    options: RemoteOptions,
    channel: Channel,
    state: Arc<ChannelState>,
    execution: CircuitBreaker,
    storage: CircuitBreaker,
    capabilities: OnceCell<RemoteCapabilities>,
    known: KnownBlobs,
    batch_limit: BatchLimit,
}

impl Remote {
    /// A connection that is made when it is first needed. To be called inside a runtime.
    ///
    /// # Errors
    /// `remote-bad-credentials`
    pub fn new(options: RemoteOptions) -> Result<Self, RemoteError> {
        let token = BearerToken::read(&options)?;
        let channel = connect::channel(&options)?;
        let state = Arc::new(ChannelState::new(&options, token));
        let (execution, storage) = (CircuitBreaker::default(), CircuitBreaker::default());
        let (capabilities, known) = (OnceCell::new(), KnownBlobs::default());
        let batch_limit = BatchLimit::default();
        let inner =
            Connection { options, channel, state, execution, storage, capabilities, known, batch_limit };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Connects to a server that stores blobs, and asks for its capabilities.
    ///
    /// # Errors
    /// `remote-bad-credentials`, `remote-unreachable`, `remote-denied`; `remote-unsupported` when it
    /// does not store blobs or does not know the digest function.
    pub async fn connect(options: RemoteOptions) -> Result<Self, RemoteError> {
        let remote = Self::new(options)?;
        remote.require_storage().await?;
        Ok(remote)
    }

    /// The capabilities of the server, which is asked once.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn capabilities(&self) -> Result<&RemoteCapabilities, RemoteError> {
        self.capabilities_within(self.options().request_timeout).await
    }

    /// As [`capabilities`](Self::capabilities), with another limit for the time of all attempts together.
    ///
    /// # Errors
    /// As [`capabilities`](Self::capabilities).
    pub async fn capabilities_within(&self, limit: Duration) -> Result<&RemoteCapabilities, RemoteError> {
        let ask = || async {
            match self.fetch_capabilities(limit).await? {
                Some(announced) => Ok(RemoteCapabilities::of(&announced)),
                None => self.try_without_capabilities().await,
            }
        };
        self.inner.capabilities.get_or_try_init(ask).await
    }

    /// Checks that the server stores blobs with our digest function; it is asked once.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn require_storage(&self) -> Result<&Self, RemoteError> {
        self.check_storage(self.capabilities().await?)?;
        Ok(self)
    }

    /// How large a batch may be: as the server announced, unless it refused such a batch.
    pub(crate) async fn max_batch(&self) -> Result<u64, RemoteError> {
        let announced = self.capabilities().await?.max_batch;
        Ok(announced.min(self.batch_limit().bytes()))
    }

    /// How large a batch may be, as far as the server has shown.
    pub(crate) fn batch_limit(&self) -> &BatchLimit {
        &self.inner.batch_limit
    }

    /// The options of the connection.
    #[must_use]
    pub fn options(&self) -> &RemoteOptions {
        &self.inner.options
    }

    /// Whether the server answers. One that stores, but does not execute, since its scheduler is away, does not.
    #[must_use]
    pub fn health(&self) -> RemoteHealth {
        match self.inner.storage.health() {
            RemoteHealth::Available => self.inner.execution.health(),
            away => away,
        }
    }

    /// How often it was away so far.
    #[must_use]
    pub fn absences(&self) -> u64 {
        self.inner.storage.absences() + self.inner.execution.absences()
    }

    /// What the requests of this connection came to.
    #[must_use]
    pub fn statistics(&self) -> RemoteStatistics {
        let away = match self.health() {
            RemoteHealth::Away { since, .. } => Some(since),
            RemoteHealth::Available => None,
        };
        self.counters().read(self.address(), away)
    }

    /// Actions that the server runs at a time, as in [`RemoteStatistics`].
    #[must_use]
    pub fn workers(&self) -> Option<u64> {
        self.counters().stages.workers()
    }

    /// The priority nearest to this one that the server accepts, as far as it was asked.
    pub(crate) fn nearest_priority(&self, priority: i32) -> i32 {
        self.inner.capabilities.get().map_or(priority, |known| known.nearest_priority(priority))
    }

    /// The blobs that the server is known to have.
    #[must_use]
    pub fn known(&self) -> &KnownBlobs {
        &self.inner.known
    }

    pub(crate) fn breaker(&self, part: ServerPart) -> &CircuitBreaker {
        match part {
            ServerPart::Execution => &self.inner.execution,
            ServerPart::Storage => &self.inner.storage,
        }
    }

    pub(crate) fn counters(&self) -> &StatisticsCounters {
        &self.inner.state.counters
    }

    pub(crate) fn token(&self) -> &BearerToken {
        &self.inner.state.token
    }

    /// `None` when the server announces none.
    async fn fetch_capabilities(
        &self,
        limit: Duration,
    ) -> Result<Option<reapi::ServerCapabilities>, RemoteError> {
        let ask = || async {
            let message = reapi::GetCapabilitiesRequest { instance_name: self.instance() };
            let mut client = CapabilitiesClient::new(self.channel());
            match client.get_capabilities(self.request(message, 0)).await {
                Err(status) if matches!(status.code(), Code::Unimplemented | Code::NotFound) => Ok(None),
                answer => Ok(Some(answer?.into_inner())),
            }
        };
        self.retry_within(connect::RetryLimits::of_question(limit), "tell its capabilities", ask).await
    }

    /// Takes a server that announces nothing for one of the oldest version that we speak, unless it does not know the instance:
    /// that is found out by asking for a blob.
    async fn try_without_capabilities(&self) -> Result<RemoteCapabilities, RemoteError> {
        match self.missing(&[self.function().of(b"")]).await {
            Ok(_) => Ok(RemoteCapabilities::of_oldest_version(true)),
            // It may execute, or know assets.
            Err(RemoteError::Unsupported { .. }) => Ok(RemoteCapabilities::of_oldest_version(false)),
            Err(error) => Err(error),
        }
    }

    /// Checks that a server with these capabilities can store our blobs.
    pub(crate) fn check_storage(&self, capabilities: &RemoteCapabilities) -> Result<(), RemoteError> {
        let functions = &capabilities.functions;
        match capabilities.storage {
            false => Err(self.unsupported("store blobs", "it has no content-addressable storage")),
            // REAPI before 2.1 has no list.
            true if functions.is_empty() && self.function() == DigestFunction::Sha256 => Ok(()),
            true if functions.contains(&self.wire_function()) => Ok(()),
            true => {
                let its = capabilities.digest_functions().join(", ");
                let why = format!("it does not support the digest function {}, only {its}", self.function());
                Err(self.unsupported("store our blobs", &why))
            }
        }
    }

    pub(crate) fn instance(&self) -> String {
        self.inner.options.instance.clone()
    }

    /// The digest function of the blobs.
    #[must_use]
    pub fn function(&self) -> DigestFunction {
        self.inner.options.function
    }

    pub(crate) fn wire_function(&self) -> i32 {
        use reapi::digest_function::Value;
        match self.function() {
            DigestFunction::Sha256 => Value::Sha256 as i32,
            DigestFunction::Blake3 => Value::Blake3 as i32,
        }
    }

    pub(crate) fn address(&self) -> String {
        self.inner.options.address.to_string()
    }

    pub(crate) fn channel(&self) -> RpcChannel {
        RpcChannel::new(self.inner.channel.clone(), Arc::clone(&self.inner.state))
    }

    pub(crate) fn storage(&self) -> ContentAddressableStorageClient<RpcChannel> {
        ContentAddressableStorageClient::new(self.channel()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(crate) fn streams(&self) -> ByteStreamClient<RpcChannel> {
        ByteStreamClient::new(self.channel()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// A request with the deadline for this many bytes.
    pub(crate) fn request<T>(&self, message: T, bytes: u64) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(connect::deadline(&self.inner.options, bytes));
        request
    }

    pub(crate) fn unsupported(&self, action: &'static str, why: &str) -> RemoteError {
        RemoteError::Unsupported { address: self.address(), action, why: why.to_owned() }
    }

    pub(crate) fn protocol_error(&self, action: &'static str, why: impl Into<String>) -> RemoteError {
        RemoteError::Broken { address: self.address(), action, why: why.into() }
    }
}
