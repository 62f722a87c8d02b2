//! The server: all services on its sockets.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bazel_remote_apis::google::bytestream::byte_stream_server::ByteStreamServer;
use bazel_remote_apis::google::longrunning::operations_server::OperationsServer;
use spec_cas::Cas;
use spec_execution::{Executions, Recording};
use spec_proto::asset::fetch_server::FetchServer;
use spec_proto::asset::push_server::PushServer;
use spec_proto::reapi::action_cache_server::ActionCacheServer;
use spec_proto::reapi::capabilities_server::CapabilitiesServer;
use spec_proto::reapi::content_addressable_storage_server::ContentAddressableStorageServer;
use spec_proto::reapi::execution_server::ExecutionServer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_stream::wrappers::UnixListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::service::InterceptorLayer;
use tonic::transport::server::{Connected, TcpIncoming};
use tonic::transport::{Certificate, Identity, Server as Transport, ServerTlsConfig};

use crate::access::TokenInterceptor;
use crate::digest_backend::DigestBackend;
use crate::error::ServeError;
use crate::listener::{Listener, ListeningSocket};
use crate::metrics_page;
use crate::options::{Options, Scope, Tls};
use crate::request_metrics::RequestMetricsLayer;
use crate::service_context::ServiceContext;
use crate::services::action_cache::ActionCacheService;
use crate::services::asset_fetch::FetchService;
use crate::services::asset_push::PushService;
use crate::services::byte_stream::ByteStreamService;
use crate::services::capabilities::CapabilitiesService;
use crate::services::content_addressable_storage::ContentAddressableStorageService;
use crate::services::execution::ExecutionService;
use crate::services::health::Health;
use crate::services::operations::OperationsService;
use crate::services::reflection;
use crate::unix_connection::UnixConnection;

/// HTTP/2 flow control: bytes in flight of one stream. Large writes need several messages in flight.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
const FRAME: u32 = 256 << 10;
/// The longest interval between two sweeps.
const MAX_SWEEP_INTERVAL: Duration = Duration::from_secs(1);
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A server of the Remote Execution API over one store. A clone is another handle on the same server.
#[derive(Clone)]
pub struct Server {
    context: ServiceContext,
    health: Health,
}

impl Server {
    /// A server over a store. It answers on the listeners that [`serve`](Self::serve) is given.
    #[must_use]
    pub fn new(cas: Cas, options: Options) -> Self {
        Self { context: ServiceContext::new(cas, options), health: Health::new() }
    }

    /// Adds the executions of the store's actions. Without them, requests to execute are rejected.
    #[must_use]
    pub fn with_executions(mut self, executions: Arc<Executions>) -> Self {
        self.context.backends.set_executions(executions);
        self
    }

    /// Adds a store of another digest function, for clients that name this function, and the executions of its actions, if
    /// there are any; they must be of this store.
    #[must_use]
    pub fn with_store(mut self, cas: Cas, executions: Option<Arc<Executions>>) -> Self {
        self.context.backends.add(DigestBackend::new(cas, executions));
        self
    }

    /// Records every action that is answered, including hits in the action cache and results that clients store.
    #[must_use]
    pub fn with_recording(mut self, recording: Recording) -> Self {
        self.context.recording = recording;
        self
    }

    /// Cancels all operations of clients, and refuses new ones.
    pub(crate) fn close(&self) {
        self.context.operations.close();
    }

    /// Serves on a listener until `stop` completes, and then until the running requests end.
    ///
    /// # Errors
    /// `reapi-transport` when the socket breaks.
    pub async fn serve(
        &self,
        mut listener: Listener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let address = listener.address().to_string();
        let _sweeper = Sweeper::start(self.context.clone());
        let served = match listener.take() {
            ListeningSocket::Tcp(socket) => {
                let incoming = TcpIncoming::from(socket).with_nodelay(Some(true));
                self.serve_connections(incoming, self.context.options.tls.as_ref(), stop).await
            }
            ListeningSocket::Unix(socket) => {
                self.serve_connections(
                    UnixListenerStream::new(socket).map(|stream| stream.map(UnixConnection::new)),
                    None,
                    stop,
                )
                .await
            }
            ListeningSocket::Taken => Ok(()),
        };
        served.map_err(|source| ServeError::Transport { address, source: source.into() })
    }

    /// Serves metrics in Prometheus' text format at `/metrics` of a listener until `stop` completes. Clients need no token.
    ///
    /// # Errors
    /// `reapi-transport` when the socket breaks.
    pub async fn serve_metrics(
        &self,
        listener: Listener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        metrics_page::serve(self.context.clone(), listener, stop).await
    }

    async fn serve_connections<S>(
        &self,
        connections: impl Stream<Item = std::io::Result<S>> + Send,
        tls: Option<&Tls>,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), tonic::transport::Error>
    where
        S: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        let context = || self.context.clone();
        let options = &self.context.options;
        let message = options.limits.message_bytes;
        let public = options.scope == Scope::Public;
        self.health.set_serving().await;
        let stop = async {
            stop.await;
            self.health.set_stopping().await;
        };
        let storage =
            ContentAddressableStorageServer::new(ContentAddressableStorageService { context: context() });
        let results = ActionCacheServer::new(ActionCacheService { context: context() });
        let execution = ExecutionServer::new(ExecutionService { context: context() });
        let bytes = ByteStreamServer::new(ByteStreamService { context: context() });
        let push = PushServer::new(PushService { context: context() });
        transport(options, tls)?
            .layer(RequestMetricsLayer(Arc::clone(&self.context.metrics)))
            .layer(InterceptorLayer::new(TokenInterceptor::new(options.tokens.clone(), options.writable)))
            .add_optional_service(public.then(|| self.health.service()))
            .add_optional_service(public.then(reflection::v1))
            .add_optional_service(public.then(reflection::v1alpha))
            .add_service(CapabilitiesServer::new(CapabilitiesService { context: context() }))
            .add_service(storage.max_decoding_message_size(message))
            .add_service(bytes.max_decoding_message_size(message))
            .add_service(results.max_decoding_message_size(message))
            .add_service(execution)
            .add_service(OperationsServer::new(OperationsService { context: context() }))
            .add_optional_service(public.then(|| FetchServer::new(FetchService { context: context() })))
            .add_optional_service(public.then(|| push.max_decoding_message_size(message)))
            .serve_with_incoming_shutdown(connections, stop)
            .await
    }
}

fn transport(options: &Options, tls: Option<&Tls>) -> Result<Transport, tonic::transport::Error> {
    let transport = Transport::builder()
        .max_concurrent_streams(options.limits.streams_per_connection)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME)
        .http2_keepalive_interval(Some(KEEPALIVE));
    let Some(tls) = tls else { return Ok(transport) };
    let config = ServerTlsConfig::new().identity(Identity::from_pem(&tls.certificate, &tls.key));
    transport.tls_config(match &tls.client_ca {
        Some(ca) => config.client_ca_root(Certificate::from_pem(ca)),
        None => config,
    })
}

/// The task that removes old interrupted uploads and cancels abandoned operations, until this is dropped.
struct Sweeper(tokio::task::JoinHandle<()>);

impl Sweeper {
    fn start(context: ServiceContext) -> Self {
        let limits = &context.options.limits;
        let abandon_after = limits.abandon_after;
        let interval = (limits.keep_uploads_for.min(abandon_after) / 4)
            .clamp(Duration::from_millis(10), MAX_SWEEP_INTERVAL);
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                context.uploads.sweep();
                context.operations.sweep(abandon_after);
            }
        }))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}
