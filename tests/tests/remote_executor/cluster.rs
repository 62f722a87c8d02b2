//! A server with workers that do as they are told.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use spec_cas::Cas;
use spec_execution::{
    ActionError, ExecutedAction, Executions, Executor, ExecutorTask, PoolOptions, ResultCache,
};
use spec_model::tree::{Directory, FileNode, NodeProperties};
use spec_model::{Action, ActionResult, Cancel, Digest, OutputDirectory, OutputFile};
use spec_proto::{Message, reapi};
use spec_reapi::{Listener, Options, Server};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

const DEADLINE: Duration = Duration::from_secs(20);

/// Does as an action's first argument says: `wait` until it is cancelled, `sleep` for a while, `refuse`, `fail`, make `nothing`; all
/// else makes the output that is asked for.
pub(crate) struct Worker {
    cas: Cas,
    /// What it was told, in this order.
    pub(crate) told: Mutex<Vec<String>>,
    /// The actions that it got, in this order.
    got: Mutex<Vec<Action>>,
    pub(crate) executed: AtomicUsize,
    running: AtomicUsize,
    /// Workers of a cluster refuse what they are told to refuse.
    refuses: bool,
}

impl Worker {
    pub(crate) fn new(cas: &Cas, refuses: bool) -> Arc<Self> {
        let (executed, running) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (told, got) = (Mutex::default(), Mutex::default());
        Arc::new(Self { cas: cas.clone(), told, got, executed, running, refuses })
    }

    fn work(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        let command = self.cas.get(&task.action.command)?;
        let command = reapi::Command::decode(&command[..]).expect("it is a command");
        self.cas
            .blobs_of_tree(&task.action.input_root)
            .map(|blobs| blobs.iter().try_for_each(|blob| self.cas.get(blob).map(drop)))??;
        let told = command.arguments[0].as_str();
        self.told.lock().expect("no panic").push(told.to_owned());
        self.got.lock().expect("no panic").push(task.action.clone());
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
        if told.starts_with("fail") {
            result.exit_code = 1;
            let report = Some(format!("what the worker says of {told}"));
            return Ok(ExecutedAction { result, cached: false, report });
        }
        if told.starts_with("nothing") {
            return Ok(ExecutedAction { result, cached: false, report: None });
        }
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
    workers: usize,
    server: Option<RunningServer>,
}

struct RunningServer {
    runtime: Runtime,
    stop: oneshot::Sender<()>,
}

impl TestCluster {
    pub(crate) fn start() -> Self {
        Self::with_workers(1100)
    }

    pub(crate) fn with_workers(workers: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path().join("cas")).expect("a store");
        let worker = Worker::new(&cas, true);
        let mut cluster = Self { folder, cas, worker, workers, server: None };
        cluster.start_again();
        cluster
    }

    pub(crate) fn start_again(&mut self) {
        let options = PoolOptions { workers: self.workers, max_queued: 10_000 };
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

    /// What the workers were told, in this order.
    pub(crate) fn told(&self) -> Vec<String> {
        self.worker.told.lock().expect("no panic").clone()
    }

    /// The names in the input root of the last action that the workers got, and the properties of its platforms.
    pub(crate) fn last_got(&self) -> (Vec<String>, Vec<String>) {
        let got = self.worker.got.lock().expect("no panic");
        let action = got.last().expect("there was one");
        let root = self.cas.directory(&action.input_root).expect("it was uploaded");
        let names = root.files.iter().map(|file| file.name.clone()).collect();
        let command = self.cas.get(&action.command).expect("it was uploaded");
        let command = reapi::Command::decode(&command[..]).expect("it is a command");
        #[expect(deprecated, reason = "clients of REAPI before 2.2 send it")]
        let others = command.platform.into_iter().flat_map(|platform| platform.properties);
        let own = action.platform.iter().flat_map(|platform| &platform.properties);
        let own = own.map(|(name, _)| name.clone());
        (names, own.chain(others.map(|property| property.name)).collect())
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

/// Stores a directory with these files.
pub(crate) fn directory(cas: &Cas, files: &[(&str, &[u8])]) -> Digest {
    let file = |(name, bytes): &(&str, &[u8])| FileNode {
        name: (*name).to_owned(),
        digest: cas.put_bytes(bytes).expect("it is stored"),
        executable: false,
        properties: NodeProperties::default(),
    };
    let files = files.iter().map(file).collect();
    cas.store_directory(&Directory { files, ..Directory::default() }).expect("it is stored")
}
