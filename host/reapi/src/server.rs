//! The server: all services on a socket.

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

use crate::access::Gate;
use crate::action_cache::ActionCache;
use crate::asset_fetch::Fetch;
use crate::asset_push::Push;
use crate::byte_stream::Bytes;
use crate::capabilities::Capabilities;
use crate::context::Context;
use crate::error::ServeError;
use crate::execution::Execution;
use crate::health::Health;
use crate::listen::{Listener, Socket};
use crate::long_running::LongRunning;
use crate::metrics_page;
use crate::observe::Observe;
use crate::options::{Options, Scope, Tls};
use crate::realm::Realm;
use crate::reflection;
use crate::storage::Storage;
use crate::unix::Mended;

/// What one stream may send before it is read. Large writes need a few messages under way.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
const FRAME: u32 = 256 << 10;
/// The longest pause between two looks at what was abandoned.
const SWEEP: Duration = Duration::from_secs(1);
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A server of the Remote Execution API over one store. A clone is another handle on the same server.
#[derive(Clone)]
pub struct Server {
    context: Context,
    health: Health,
}

impl Server {
    /// A server over a store. It answers on the sockets that [`serve`](Self::serve) is given.
    #[must_use]
    pub fn new(cas: Cas, options: Options) -> Self {
        Self { context: Context::new(cas, options), health: Health::new() }
    }

    /// Has actions run too. Without it, clients that ask for that are refused.
    #[must_use]
    pub fn with_executions(mut self, executions: Arc<Executions>) -> Self {
        self.context.realms.employ(executions);
        self
    }

    /// Serves a store of another digest function too, for clients that name this function. Its actions are run if
    /// there are `executions`, which must be of this store.
    #[must_use]
    pub fn with_store(mut self, cas: Cas, executions: Option<Arc<Executions>>) -> Self {
        self.context.realms.add(Realm::new(cas, executions));
        self
    }

    /// Keeps a record of every action that is answered, hits in the action cache and results that clients bring
    /// included.
    #[must_use]
    pub fn with_recording(mut self, recording: Recording) -> Self {
        self.context.recording = recording;
        self
    }

    /// Gives up all that runs for clients, and refuses to run more.
    pub(crate) fn close(&self) {
        self.context.operations.close();
    }

    /// Answers on a socket until `stop` is done; then lets running requests end.
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
            Socket::Tcp(socket) => {
                let incoming = TcpIncoming::from(socket).with_nodelay(Some(true));
                self.answer(incoming, self.context.options.tls.as_ref(), stop).await
            }
            Socket::Unix(socket) => {
                self.answer(UnixListenerStream::new(socket).map(|stream| stream.map(Mended::new)), None, stop)
                    .await
            }
            Socket::Taken => Ok(()),
        };
        served.map_err(|source| ServeError::Transport { address, source: source.into() })
    }

    /// Shows numbers of what it does, in Prometheus' text form, at `/metrics` of a socket until `stop` is done. Nobody
    /// is asked who he is there.
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

    async fn answer<S>(
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
        let message = options.limits.message;
        let public = options.scope == Scope::Public;
        self.health.serving().await;
        let stop = async {
            stop.await;
            self.health.stopping().await;
        };
        let storage = ContentAddressableStorageServer::new(Storage { context: context() });
        let results = ActionCacheServer::new(ActionCache { context: context() });
        let execution = ExecutionServer::new(Execution { context: context() });
        let bytes = ByteStreamServer::new(Bytes { context: context() });
        let push = PushServer::new(Push { context: context() });
        transport(options, tls)?
            .layer(Observe(Arc::clone(&self.context.metrics)))
            .layer(InterceptorLayer::new(Gate::new(options.tokens.clone(), options.writable)))
            .add_optional_service(public.then(|| self.health.service()))
            .add_optional_service(public.then(reflection::v1))
            .add_optional_service(public.then(reflection::v1alpha))
            .add_service(CapabilitiesServer::new(Capabilities { context: context() }))
            .add_service(storage.max_decoding_message_size(message))
            .add_service(bytes.max_decoding_message_size(message))
            .add_service(results.max_decoding_message_size(message))
            .add_service(execution)
            .add_service(OperationsServer::new(LongRunning { context: context() }))
            .add_optional_service(public.then(|| FetchServer::new(Fetch { context: context() })))
            .add_optional_service(public.then(|| push.max_decoding_message_size(message)))
            .serve_with_incoming_shutdown(connections, stop)
            .await
    }
}

fn transport(options: &Options, tls: Option<&Tls>) -> Result<Transport, tonic::transport::Error> {
    let transport = Transport::builder()
        .max_concurrent_streams(options.limits.streams)
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

/// Forgets interrupted uploads and abandoned operations in time, as long as it is there.
struct Sweeper(tokio::task::JoinHandle<()>);

impl Sweeper {
    fn start(context: Context) -> Self {
        let limits = &context.options.limits;
        let abandoned_for = limits.abandoned_for;
        let pause = (limits.kept_for.min(abandoned_for) / 4).clamp(Duration::from_millis(10), SWEEP);
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                context.uploads.sweep();
                context.operations.sweep(abandoned_for);
            }
        }))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}
