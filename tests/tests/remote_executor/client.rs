//! Clients of a server with workers.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use spec_cas::Cas;
use spec_execution::{
    ActionAnswer, ActionRequest, AnsweredAction, Executions, Executor, PoolOptions, ResultCache, Rights,
};
use spec_model::tree::{Directory, FileNode, NodeProperties};
use spec_model::{Cancel, Digest};
use spec_proto::{Message, reapi};
use spec_remote::{RemoteOptions, RemoteStatistics};
use spec_remote_execution::{
    Cluster, ClusterEvent, ClusterObserver, ClusterOptions, HybridExecutor, RemoteExecutor, RemoteOutputs,
    RequiredExecutor, RootForm,
};
use tempfile::TempDir;

use crate::cluster::{TestCluster, Worker, directory};

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
        Self::at(&cluster.address())
    }

    pub(crate) fn hybrid(cluster: &TestCluster) -> Self {
        Self::hybrid_at(&cluster.address())
    }

    /// A client of another server.
    pub(crate) fn at(address: &str) -> Self {
        Self::new(address, false, |_| {}, Duration::ZERO)
    }

    /// A client of another server that executes itself what that does not.
    pub(crate) fn hybrid_at(address: &str) -> Self {
        Self::new(address, true, |_| {}, Duration::ZERO)
    }

    /// The same, which takes a server that says nothing for this time for one that is silent.
    pub(crate) fn impatient_at(address: &str, heartbeat: Duration) -> Self {
        let patience = |options: &mut ClusterOptions| {
            (options.execution.heartbeat, options.storage.heartbeat) = (heartbeat, heartbeat);
        };
        Self::new(address, true, patience, Duration::ZERO)
    }

    /// The same, whose requests do not wait longer for a worker.
    pub(crate) fn waiting_at_most(cluster: &TestCluster, longest_wait: Duration) -> Self {
        let wait = |options: &mut ClusterOptions| options.longest_wait = Some(longest_wait);
        Self::new(&cluster.address(), true, wait, Duration::ZERO)
    }

    /// A client of another server whose actions wait for it so long.
    pub(crate) fn waiting_for(address: &str, away_limit: Duration) -> Self {
        Self::new(address, false, |_| {}, away_limit)
    }

    /// A client of workers that change into the input root, and know no `chrootRootDigest`.
    pub(crate) fn merging(cluster: &TestCluster, hybrid: bool) -> Self {
        Self::new(&cluster.address(), hybrid, |options| options.roots = RootForm::Merged, Duration::ZERO)
    }

    fn new(address: &str, hybrid: bool, change: impl Fn(&mut ClusterOptions), away_limit: Duration) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Cas::open(folder.path()).expect("a store");
        let mut options = RemoteOptions::new(address.parse().expect("an address"));
        options.retry_delay = Duration::from_millis(10);
        let (execution, storage, roots) = (options.clone(), options, RootForm::Named);
        let mut options = ClusterOptions {
            execution,
            storage,
            action_cache: None,
            longest_wait: None,
            roots,
            opens_sockets: false,
        };
        change(&mut options);
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
            true => HybridExecutor::new(executor, Arc::<Worker>::clone(&local), observer, false),
            false => RequiredExecutor::new(executor, away_limit, observer),
        };
        let options = PoolOptions { workers: 1000, max_queued: 10_000 };
        let executions = Executions::start(cas.clone(), ResultCache::new(&cas), executor, options);
        let executions = executions.expect("threads");
        Self { _folder: folder, store, cas, cluster, executions, local, events }
    }

    /// Waits until something is told of the cluster.
    pub(crate) fn wait_until_told(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        while self.events().is_empty() {
            assert!(Instant::now() < end, "nothing is told of the cluster");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stores an action that makes the file `out`.
    pub(crate) fn action(&self, told: &str, inputs: &[(&str, &[u8])]) -> Digest {
        self.action_with(told, inputs, "out")
    }

    /// Stores an action that makes the directory `folder`.
    pub(crate) fn directory_action(&self, told: &str, inputs: &[(&str, &[u8])]) -> Digest {
        self.action_with(told, inputs, "folder")
    }

    /// Stores an action that makes the file `out` in the tree `base`, which a property of its platform names.
    pub(crate) fn action_in(&self, told: &str, inputs: &[(&str, &[u8])], base: &Digest) -> Digest {
        let property = |name: &str, value: String| reapi::platform::Property { name: name.to_owned(), value };
        let properties =
            vec![property("OSFamily", "linux".to_owned()), property("chrootRootDigest", base.to_string())];
        let root = directory(&self.store, inputs);
        self.action_on(told, root, "out", Some(reapi::Platform { properties }))
    }

    /// Stores an action that makes the file `out` of these files.
    pub(crate) fn action_of(&self, told: &str, files: &[Digest]) -> Digest {
        let node = |(number, digest): (usize, &Digest)| FileNode {
            name: format!("input{number:03}"),
            digest: *digest,
            executable: false,
            properties: NodeProperties::default(),
        };
        let files = files.iter().enumerate().map(node).collect();
        let root = self.store.store_directory(&Directory { files, ..Directory::default() });
        self.action_on(told, root.expect("it is stored"), "out", None)
    }

    fn action_with(&self, told: &str, inputs: &[(&str, &[u8])], output: &str) -> Digest {
        self.action_on(told, directory(&self.store, inputs), output, None)
    }

    fn action_on(&self, told: &str, root: Digest, output: &str, platform: Option<reapi::Platform>) -> Digest {
        let (arguments, output_paths) = (vec![told.to_owned()], vec![output.to_owned()]);
        #[expect(deprecated, reason = "clients of REAPI before 2.2 send it")]
        let command =
            reapi::Command { arguments, output_paths, platform: platform.clone(), ..Default::default() };
        let command = self.store.put_bytes(&command.encode_to_vec()).expect("it is stored");
        let action = reapi::Action {
            command_digest: Some(wire(&command)),
            input_root_digest: Some(wire(&root)),
            platform,
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

fn wire(digest: &Digest) -> reapi::Digest {
    reapi::Digest { hash: digest.hex(), size_bytes: digest.size().cast_signed() }
}
