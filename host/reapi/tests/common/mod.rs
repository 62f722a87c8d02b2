//! A server with a client, in one process, over a socket in the file system.

#![allow(dead_code, clippy::unwrap_used, missing_docs, reason = "each test uses what it needs")]

pub(crate) mod calls;
pub(crate) mod given;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient;
use bazel_remote_apis::google::longrunning::operations_client::OperationsClient;
use spec_cas::Cas;
use spec_execution::{
    ActionError, ExecutedAction, Executions, Executor, ExecutorTask, PoolOptions, ResultCache,
};
use spec_model::{ActionResult, Cancel, Digest, DigestFunction};
use spec_proto::{Message, asset, reapi};
use spec_reapi::{Address, Listener, Options, ServeError, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::transport::{Channel, Endpoint};

pub(crate) struct Fixture {
    pub(crate) cas: Cas,
    /// The store of BLAKE3.
    pub(crate) blake3: Cas,
    pub(crate) channel: Channel,
    pub(crate) server: Server,
    /// Cancelling it ends actions that do `pass`.
    pub(crate) gate: Cancel,
    stop: tokio::sync::oneshot::Sender<()>,
    served: tokio::task::JoinHandle<Result<(), ServeError>>,
    folder: Arc<tempfile::TempDir>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start(folder.path().join("cas").as_path(), folder, options).await
    }

    /// Another server over the same store.
    pub(crate) async fn over(cas: &Cas, options: Options) -> Self {
        Self::start(cas.root(), tempfile::tempdir().unwrap(), options).await
    }

    async fn start(root: &Path, folder: tempfile::TempDir, options: Options) -> Self {
        let [cas, blake3] = DigestFunction::ALL.map(|function| Cas::open_with(root, function).unwrap());
        let pool = PoolOptions { workers: 2, max_queued: 4 };
        let gate = Cancel::new();
        let pretender = |cas: &Cas| Arc::new(Pretender(cas.clone(), gate.clone()));
        let executions = Executions::start(cas.clone(), ResultCache::new(&cas), pretender(&cas), pool);
        let executions = executions.unwrap();
        let beside = executions.for_store(blake3.clone(), ResultCache::new(&blake3), pretender(&blake3));
        let server = Server::new(cas.clone(), options)
            .with_executions(Arc::new(executions))
            .with_store(blake3.clone(), Some(Arc::new(beside)));
        Self::serve(server, [cas, blake3], gate, folder).await
    }

    /// A server that runs no actions.
    pub(crate) async fn without_executions(cas: &Cas) -> Self {
        let blake3 = Cas::open_with(cas.root(), DigestFunction::Blake3).unwrap();
        let server = Server::new(cas.clone(), Options::default());
        Self::serve(server, [cas.clone(), blake3], Cancel::new(), tempfile::tempdir().unwrap()).await
    }

    async fn serve(server: Server, [cas, blake3]: [Cas; 2], gate: Cancel, folder: tempfile::TempDir) -> Self {
        let path = folder.path().join("socket");
        let listener = Listener::open(&Address::Unix(path)).await.unwrap();
        let (stop, stopping) = tokio::sync::oneshot::channel();
        let serving = server.clone();
        let served = tokio::spawn(async move { serving.serve(listener, async { _ = stopping.await }).await });
        let channel = connect(folder.path()).await.unwrap();
        Self { cas, blake3, channel, server, gate, stop, served, folder: Arc::new(folder) }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Channel, tonic::transport::Error> {
        connect(self.folder.path()).await
    }

    /// Stops the server, and waits for its end.
    pub(crate) async fn stop(self) {
        let Self { stop, served, channel, .. } = self;
        stop.send(()).unwrap();
        drop(channel);
        served.await.unwrap().unwrap();
    }

    /// Stops the server; the task completes at its end.
    pub(crate) fn stopping(self) -> tokio::task::JoinHandle<Result<(), ServeError>> {
        self.stop.send(()).unwrap();
        let folder = self.folder;
        tokio::spawn(async move {
            let _folder = folder;
            self.served.await.unwrap()
        })
    }

    /// The page of metrics.
    pub(crate) async fn numbers(&self) -> String {
        let listener = Listener::open(&Address::Tcp("127.0.0.1:0".to_owned())).await.unwrap();
        let address = listener.address().to_string();
        let server = self.server.clone();
        let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
        let served =
            tokio::spawn(async move { server.serve_metrics(listener, async { _ = stopping.await }).await });
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        drop(stop);
        served.await.unwrap().unwrap();
        text
    }

    /// Waits until all of these lines are on the page of metrics.
    pub(crate) async fn comes_to(&self, lines: &[&str]) {
        let end = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            let text = self.numbers().await;
            if lines.iter().all(|line| text.lines().any(|found| found == *line)) {
                return;
            }
            assert!(tokio::time::Instant::now() < end, "not all of {lines:?} are in\n{text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The folder of its socket.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn fetch(&self) -> asset::fetch_client::FetchClient<Channel> {
        asset::fetch_client::FetchClient::new(self.channel.clone())
    }

    pub(crate) fn push(&self) -> asset::push_client::PushClient<Channel> {
        asset::push_client::PushClient::new(self.channel.clone())
    }

    pub(crate) fn storage(
        &self,
    ) -> reapi::content_addressable_storage_client::ContentAddressableStorageClient<Channel> {
        reapi::content_addressable_storage_client::ContentAddressableStorageClient::new(self.channel.clone())
    }

    pub(crate) fn bytes(&self) -> ByteStreamClient<Channel> {
        ByteStreamClient::new(self.channel.clone())
    }

    pub(crate) fn results(&self) -> reapi::action_cache_client::ActionCacheClient<Channel> {
        reapi::action_cache_client::ActionCacheClient::new(self.channel.clone())
    }

    pub(crate) fn execution(&self) -> reapi::execution_client::ExecutionClient<Channel> {
        reapi::execution_client::ExecutionClient::new(self.channel.clone())
    }

    pub(crate) fn operations(&self) -> OperationsClient<Channel> {
        OperationsClient::new(self.channel.clone())
    }

    pub(crate) fn capabilities(&self) -> reapi::capabilities_client::CapabilitiesClient<Channel> {
        reapi::capabilities_client::CapabilitiesClient::new(self.channel.clone())
    }

    /// Each digest function with its number in REAPI, its prefix in resource names, and its store.
    pub(crate) fn functions(&self) -> [(i32, &'static str, &Cas); 2] {
        [(1, "", &self.cas), (9, "blake3/", &self.blake3)]
    }

    /// Stores an action that does what its first argument says, see [`Pretender`].
    pub(crate) fn action(&self, does: &str) -> Digest {
        action(&self.cas, does)
    }
}

/// A connection to the server whose socket is in a folder.
pub(crate) async fn connect(folder: &Path) -> Result<Channel, tonic::transport::Error> {
    let endpoint = Endpoint::try_from(format!("unix://{}", folder.join("socket").display())).unwrap();
    endpoint.timeout(Duration::from_secs(30)).connect().await
}

/// Stores an action that does what its first argument says, see [`Pretender`].
pub(crate) fn action(cas: &Cas, does: &str) -> Digest {
    let command = reapi::Command { arguments: vec![does.to_owned()], ..Default::default() };
    let command = cas.put_bytes(&command.encode_to_vec()).unwrap();
    let action = reapi::Action {
        command_digest: Some(wire(&command)),
        input_root_digest: Some(wire(&cas.digest(b""))),
        ..Default::default()
    };
    cas.put_bytes(&action.encode_to_vec()).unwrap()
}

/// An executor that does what an action's command says.
pub(crate) fn pretender(cas: &Cas) -> Arc<dyn Executor> {
    Arc::new(Pretender(cas.clone(), Cancel::new()))
}

/// Does what an action's command says: `true`, `false`, `wait` until cancelled, `pass` when the gate opens,
/// `missing`, `late`, `broken`, `cancelled`.
struct Pretender(Cas, Cancel);

impl Executor for Pretender {
    fn execute(&self, order: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        let command = reapi::Command::decode(&*self.0.get(&order.action.command)?).unwrap();
        let result = ActionResult { exit_code: 0, ..Default::default() };
        match command.arguments[0].as_str() {
            "false" => Ok(ExecutedAction {
                cached: false,
                result: ActionResult { exit_code: 1, ..result },
                report: Some("it failed".to_owned()),
            }),
            "missing" => Err(ActionError::Missing { digests: vec![Digest::of(b"not there")] }),
            "broken" => {
                let [reason, message, detail] =
                    ["broken", "it broke", "/a/file/of/the/host"].map(str::to_owned);
                Err(ActionError::Internal { reason, message, detail, hint: "" })
            }
            "cancelled" => Err(ActionError::Cancelled),
            "late" => {
                let executed = Box::new(ExecutedAction {
                    result,
                    cached: false,
                    report: Some("it was late".to_owned()),
                });
                Err(ActionError::TimedOut { after: Duration::from_secs(1), executed })
            }
            "wait" => {
                let (send, receive) = std::sync::mpsc::channel();
                let _guard = cancel.on_cancel(move || _ = send.send(()));
                _ = receive.recv_timeout(Duration::from_secs(30));
                Err(ActionError::Cancelled)
            }
            "pass" => {
                let (send, receive) = std::sync::mpsc::channel();
                let _guard = self.1.on_cancel(move || _ = send.send(()));
                _ = receive.recv_timeout(Duration::from_secs(30));
                Ok(ExecutedAction { result, cached: false, report: None })
            }
            _ => Ok(ExecutedAction { result, cached: false, report: None }),
        }
    }
}

pub(crate) fn wire(digest: &Digest) -> reapi::Digest {
    reapi::Digest { hash: digest.hex(), size_bytes: digest.size().cast_signed() }
}

/// Bytes that do not compress and differ by seed.
pub(crate) fn noise(seed: u64, count: usize) -> Vec<u8> {
    // The state is never 0, and differs by seed.
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..count).map(|_| next()).collect()
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    std::fs::read_dir(folder).unwrap().flat_map(|entry| below(entry.unwrap().path())).collect()
}
