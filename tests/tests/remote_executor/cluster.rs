//! A server with workers that do as they are told, and its clients.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use spec_cas::Cas;
use spec_execution::{
    ActionAnswer, ActionError, ActionRequest, AnsweredAction, ExecutedAction, Executions, Executor,
    ExecutorTask, PoolOptions, ResultCache, Rights,
};
use spec_model::tree::{Directory, FileNode, NodeProperties};
use spec_model::{ActionResult, Cancel, Digest, OutputDirectory, OutputFile};
use spec_proto::{Message, reapi};
use spec_reapi::{Listener, Options, Server};
use spec_remote::{RemoteOptions, RemoteStatistics};
use spec_remote_execution::{
    Cluster, ClusterEvent, ClusterObserver, ClusterOptions, HybridExecutor, RemoteExecutor, RemoteOutputs,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

const DEADLINE: Duration = Duration::from_secs(20);

/// Does as an action's first argument says: `wait` until it is cancelled, `sleep` for a while, `refuse`; all else makes the
/// output that is asked for.
pub(crate) struct Worker {
    cas: Cas,
    executed: AtomicUsize,
    running: AtomicUsize,
    /// Workers of a cluster refuse what they are told to refuse.
    refuses: bool,
}

impl Worker {
    fn new(cas: &Cas, refuses: bool) -> Arc<Self> {
        let (executed, running) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { cas: cas.clone(), executed, running, refuses })
    }

    fn work(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        let command = self.cas.get(&task.action.command)?;
        let command = reapi::Command::decode(&command[..]).expect("it is a command");
        self.cas
            .blobs_of_tree(&task.action.input_root)
            .map(|blobs| blobs.iter().try_for_each(|blob| self.cas.get(blob).map(drop)))??;
        let told = command.arguments[0].as_str();
        if told.starts_with("refuse") && self.refuses {
            let [name, value, has] = ["OSFamily", "plan9", "linux"].map(str::to_owned);
            return Err(ActionError::NoWorker { name, value, has });
        }
        if told == "wait" {
            let (send, receive) = std::sync::mpsc::channel();
            let _guard = cancel.on_cancel(move || _ = send.send(()));
            let _ = receive.recv_timeout(DEADLINE);
            return Err(ActionError::Cancelled);
        }
        if told.starts_with("sleep") {
            std::thread::sleep(Duration::from_secs(4));
        }
        let mut result = ActionResult::default();
        if command.output_paths == ["folder"] {
            result.directories.push(self.folder()?);
        } else {
            result.files.push(self.file(told)?);
        }
        Ok(ExecutedAction { result, cached: false, report: None })
    }

    fn file(&self, told: &str) -> Result<OutputFile, ActionError> {
        Ok(OutputFile {
            path: "out".to_owned(),
            digest: self.cas.put_bytes(format!("made by {told}").as_bytes())?,
            executable: false,
            properties: NodeProperties::default(),
            contents: Vec::new(),
        })
    }

    fn folder(&self) -> Result<OutputDirectory, ActionError> {
        let root = directory(&self.cas, &[("inside", b"in a folder")]);
        let tree = Some(self.cas.store_tree_message(&root)?);
        Ok(OutputDirectory { path: "folder".to_owned(), tree, topologically_sorted: true, root: None })
    }
}

impl Executor for Worker {
    fn execute(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        self.running.fetch_add(1, Ordering::SeqCst);
        let done = self.work(task, cancel);
        self.running.fetch_sub(1, Ordering::SeqCst);
        if done.is_ok() {
            self.executed.fetch_add(1, Ordering::SeqCst);
        }
        done
    }
}

/// A server with workers.
pub(crate) struct TestCluster {
    folder: TempDir,
    cas: Cas,
    worker: Arc<Worker>,
    server: Option<RunningServer>,
}

struct RunningServer {
    runtime: Runtime,
    stop: oneshot::Sender<()>,
}

impl TestCluster {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path().join("cas")).expect("a store");
        let worker = Worker::new(&cas, true);
        let mut cluster = Self { folder, cas, worker, server: None };
        cluster.start_again();
        cluster
    }

    pub(crate) fn start_again(&mut self) {
        let options = PoolOptions { workers: 1100, max_queued: 10_000 };
        let worker: Arc<dyn Executor> = Arc::<Worker>::clone(&self.worker);
        let executions = Executions::start(self.cas.clone(), ResultCache::new(&self.cas), worker, options);
        let server = Server::new(self.cas.clone(), Options::default());
        let server = server.with_executions(Arc::new(executions.expect("threads")));
        let runtime = Runtime::new().expect("a runtime");
        let (stop, stopped) = oneshot::channel();
        let address = self.address().parse().expect("an address");
        let listener = runtime.block_on(Listener::open(&address)).expect("it listens");
        runtime.spawn(async move { server.serve(listener, async { _ = stopped.await }).await });
        self.server = Some(RunningServer { runtime, stop });
    }

    pub(crate) fn stop(&mut self) {
        if let Some(RunningServer { runtime, stop }) = self.server.take() {
            drop(stop);
            runtime.shutdown_timeout(Duration::from_millis(100));
        }
        let _ = std::fs::remove_file(self.socket());
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub(crate) fn address(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    pub(crate) fn executed(&self) -> usize {
        self.worker.executed.load(Ordering::SeqCst)
    }

    /// Removes all blobs, also those that results need.
    pub(crate) fn forget_blobs(&self) {
        let objects = self.cas.root().join("objects");
        for folder in std::fs::read_dir(objects).expect("the folder of blobs").flatten() {
            for blob in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                std::fs::remove_file(blob.path()).expect("a blob can be removed");
            }
        }
        self.cas.put_bytes(b"").expect("the empty blob is always there");
    }

    pub(crate) fn wait_until_running(&self, count: usize) {
        let end = Instant::now() + DEADLINE;
        while self.worker.running.load(Ordering::SeqCst) != count {
            assert!(Instant::now() < end, "{} run", self.worker.running.load(Ordering::SeqCst));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A client with a store of its own.
pub(crate) struct TestClient {
    _folder: TempDir,
    /// What is in the store.
    pub(crate) store: Cas,
    /// With what is elsewhere.
    pub(crate) cas: Cas,
    cluster: Arc<Cluster>,
    pub(crate) executions: Executions,
    local: Arc<Worker>,
    events: Arc<Mutex<Vec<ClusterEvent>>>,
}

impl TestClient {
    pub(crate) fn of(cluster: &TestCluster) -> Self {
        Self::new(&cluster.address(), false)
    }

    pub(crate) fn hybrid(cluster: &TestCluster) -> Self {
        Self::new(&cluster.address(), true)
    }

    /// A client of another server.
    pub(crate) fn at(address: &str) -> Self {
        Self::new(address, false)
    }

    fn new(address: &str, hybrid: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Cas::open(folder.path()).expect("a store");
        let mut options = RemoteOptions::new(address.parse().expect("an address"));
        options.retry_delay = Duration::from_millis(10);
        let options = ClusterOptions { execution: options.clone(), storage: options, action_cache: None };
        let cluster = Arc::new(Cluster::new(options).expect("a cluster"));
        let outputs = RemoteOutputs::new(Arc::clone(&cluster), &store);
        let cas = store.clone().with_blob_source(Arc::<RemoteOutputs>::clone(&outputs));
        let executor = RemoteExecutor::new(Arc::clone(&cluster), outputs, &cas);
        let (local, events) = (Worker::new(&cas, false), Arc::new(Mutex::new(Vec::new())));
        let heard = Arc::clone(&events);
        let observer = ClusterObserver::new(move |event| {
            heard.lock().expect("no panic").push(ClusterEvent::clone(event))
        });
        let executor: Arc<dyn Executor> = match hybrid {
            true => HybridExecutor::new(executor, Arc::<Worker>::clone(&local), observer),
            false => executor,
        };
        let options = PoolOptions { workers: 1000, max_queued: 10_000 };
        let executions = Executions::start(cas.clone(), ResultCache::new(&cas), executor, options);
        let executions = executions.expect("threads");
        Self { _folder: folder, store, cas, cluster, executions, local, events }
    }

    /// Stores an action that makes the file `out`.
    pub(crate) fn action(&self, told: &str, inputs: &[(&str, &[u8])]) -> Digest {
        self.action_with(told, inputs, "out")
    }

    /// Stores an action that makes the directory `folder`.
    pub(crate) fn directory_action(&self, told: &str, inputs: &[(&str, &[u8])]) -> Digest {
        self.action_with(told, inputs, "folder")
    }

    fn action_with(&self, told: &str, inputs: &[(&str, &[u8])], output: &str) -> Digest {
        let (arguments, output_paths) = (vec![told.to_owned()], vec![output.to_owned()]);
        let command = reapi::Command { arguments, output_paths, ..Default::default() };
        let command = self.store.put_bytes(&command.encode_to_vec()).expect("it is stored");
        let action = reapi::Action {
            command_digest: Some(wire(&command)),
            input_root_digest: Some(wire(&directory(&self.store, inputs))),
            ..Default::default()
        };
        self.store.put_bytes(&action.encode_to_vec()).expect("it is stored")
    }

    pub(crate) fn request(action: &Digest) -> ActionRequest {
        ActionRequest::new(*action, Arc::new(Rights::of_clients()))
    }

    pub(crate) fn execute(&self, action: &Digest) -> ActionAnswer {
        self.execute_until(action, &Cancel::new())
    }

    pub(crate) fn execute_until(&self, action: &Digest, cancel: &Cancel) -> ActionAnswer {
        self.executions.execute(&Self::request(action), cancel)
    }

    pub(crate) fn prime(&self, action: &Digest) -> ActionAnswer {
        let request = ActionRequest { primed: true, ..Self::request(action) };
        self.executions.execute(&request, &Cancel::new())
    }

    pub(crate) fn execute_again(&self, action: &Digest) -> ActionAnswer {
        let request = ActionRequest { skip_cache_lookup: true, ..Self::request(action) };
        self.executions.execute(&request, &Cancel::new())
    }

    pub(crate) fn statistics(&self) -> RemoteStatistics {
        let all = self.cluster.statistics();
        assert_eq!(all.len(), 1, "the servers are one");
        all.into_iter().next().expect("there is one")
    }

    pub(crate) fn requests(&self) -> u64 {
        self.statistics().requests
    }

    pub(crate) fn executed_here(&self) -> usize {
        self.local.executed.load(Ordering::SeqCst)
    }

    pub(crate) fn events(&self) -> Vec<ClusterEvent> {
        self.events.lock().expect("no panic").clone()
    }
}

/// The digest of the one file that an action made.
pub(crate) fn output(answer: &AnsweredAction) -> Digest {
    answer.result.files[0].digest
}

fn directory(cas: &Cas, files: &[(&str, &[u8])]) -> Digest {
    let file = |(name, bytes): &(&str, &[u8])| FileNode {
        name: (*name).to_owned(),
        digest: cas.put_bytes(bytes).expect("it is stored"),
        executable: false,
        properties: NodeProperties::default(),
    };
    let files = files.iter().map(file).collect();
    cas.store_directory(&Directory { files, ..Directory::default() }).expect("it is stored")
}

fn wire(digest: &Digest) -> reapi::Digest {
    reapi::Digest { hash: digest.hex(), size_bytes: digest.size().cast_signed() }
}
