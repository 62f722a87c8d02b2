//! Artifacts on servers.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use spec_artifact::{Artifact, ArtifactName, Artifacts, ReceivedRecord};
use spec_cas::{Cas, CasError, Need};
use spec_model::Digest;
use spec_remote::RemoteError;
use tokio::task::JoinSet;

use crate::artifact_blobs::{self, optional_trees, own_records};
use crate::monitor::CacheMonitor;
use crate::runtime::CacheRuntime;
use crate::server::{CacheServer, CacheServerOptions, Purpose};
use crate::servers::{ServerList, SharedCacheError};
use crate::uri;

/// Questions to one index at a time, on one connection.
const QUESTIONS: usize = 256;
/// Bytes of the largest record that is received.
pub(crate) const MAX_RECORD: u64 = 16 << 20;

pub(crate) type Result<T, E = SharedCacheError> = std::result::Result<T, E>;

/// How much is pulled of an artifact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PullOptions {
    /// Whether the trees of its build are pulled too: the build folder, the sources, the whole root.
    pub buildtrees: bool,
}

/// What came of a pull.
#[derive(Debug)]
pub enum Pulled {
    /// The artifact is in the store.
    Artifact(Box<Artifact>),
    /// No server has it.
    NotThere,
    /// No server that answered has it, and some did not answer.
    Unknown,
}

/// What came of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// A server has it now.
    Pushed,
    /// Every server had it.
    ThereAlready,
    /// No server took it.
    Failed,
}

/// The artifacts on the servers of a project.
#[derive(Debug)]
pub struct SharedArtifacts {
    pub(crate) servers: ServerList,
    artifacts: Artifacts,
    pub(crate) cas: Cas,
    key_length: usize,
    /// What the indexes have answered, by the server's place among them.
    answers: Mutex<HashMap<(usize, ArtifactName), Option<Digest>>>,
}

impl SharedArtifacts {
    /// Artifacts on these servers, best first. Keys are shown with `key_length` digits.
    #[must_use]
    pub fn new(
        servers: Vec<CacheServerOptions>,
        runtime: CacheRuntime,
        cas: &Cas,
        key_length: usize,
    ) -> Self {
        let (artifacts, answers) = (Artifacts::new(cas.clone()), Mutex::default());
        Self { servers: ServerList::new(servers, runtime), artifacts, cas: cas.clone(), key_length, answers }
    }

    /// The servers.
    #[must_use]
    pub fn servers(&self) -> &ServerList {
        &self.servers
    }

    /// Which of these artifacts an index knows, in the order given. All are asked for at the same time; the answers are
    /// remembered for [`pull`](Self::pull).
    ///
    /// # Errors
    /// When the store fails, or the work is cancelled.
    pub fn find(&self, names: &[ArtifactName], monitor: &dyn CacheMonitor) -> Result<Vec<bool>> {
        self.servers.runtime.run(monitor.cancel(), self.ask_indexes(names, monitor))?;
        Ok(names.iter().map(|name| self.answer(name).is_some()).collect())
    }

    /// Asks the indexes for many artifacts, each until one knows it. The answers are remembered.
    pub(crate) async fn ask_indexes(&self, names: &[ArtifactName], monitor: &dyn CacheMonitor) -> Result<()> {
        let mut open: VecDeque<ArtifactName> = names.iter().cloned().collect();
        for (at, server) in self.servers.indexes().enumerate() {
            open = self.ask_all(at, server, open, monitor).await?;
        }
        Ok(())
    }

    /// What the best index that knows the artifact has answered.
    pub(crate) fn answer(&self, name: &ArtifactName) -> Option<Digest> {
        let (answers, indexes) = (self.lock(), self.servers.indexes().count());
        (0..indexes).find_map(|at| answers.get(&(at, name.clone())).copied().flatten())
    }

    /// Asks one index for many artifacts; those that it does not know are left.
    async fn ask_all(
        &self,
        at: usize,
        server: &CacheServer,
        names: VecDeque<ArtifactName>,
        monitor: &dyn CacheMonitor,
    ) -> std::result::Result<VecDeque<ArtifactName>, CasError> {
        let (mut running, mut left, mut open) = (JoinSet::new(), VecDeque::new(), VecDeque::new());
        for name in names {
            let known = self.lock().get(&(at, name.clone())).copied();
            match known {
                None => open.push_back(name),
                Some(None) => left.push_back(name),
                Some(Some(_)) => {}
            }
        }
        loop {
            while running.len() < QUESTIONS
                && server.is_usable(Purpose::PullArtifacts)
                && let Some(name) = open.pop_front()
            {
                let remote = server.index().await.cloned();
                running.spawn(async move {
                    let answer = async { remote?.fetch_blob(&[uri::artifact(&name)]).await };
                    (answer.await, name)
                });
            }
            let Some(ended) = running.join_next().await else { break };
            let (answer, name) = ended.map_err(|_| CasError::Cancelled)?;
            match server.judge(monitor, Purpose::PullArtifacts, answer)? {
                Some(answer) => {
                    self.lock().insert((at, name.clone()), answer);
                    left.extend(answer.is_none().then_some(name));
                }
                None => left.push_back(name),
            }
        }
        left.extend(open);
        Ok(left)
    }

    /// Pulls the artifact of that name, under its strong or its weak key: its record, its files, its metadata, logs, and our
    /// own records. It is then in the store under both keys.
    ///
    /// # Errors
    /// When the store fails, or the work is cancelled.
    pub fn pull(
        &self,
        name: &ArtifactName,
        options: PullOptions,
        monitor: &dyn CacheMonitor,
    ) -> Result<Pulled> {
        self.servers.runtime.run(monitor.cancel(), self.pull_from_all(name, options, monitor))
    }

    async fn pull_from_all(
        &self,
        name: &ArtifactName,
        options: PullOptions,
        monitor: &dyn CacheMonitor,
    ) -> Result<Pulled> {
        let (mut tried, mut unanswered) = (HashSet::new(), false);
        let key = name.key().brief(self.key_length);
        for (at, server) in self.servers.indexes().enumerate() {
            monitor.activity(&format!("asking {}", server.address()));
            match self.look_up(at, server, name, monitor).await? {
                None => unanswered = true,
                Some(None) => {
                    let text = format!("Remote ({}) does not have artifact {key} cached", server.address());
                    monitor.info("artifact-not-on-server", text);
                }
                Some(Some(record)) if tried.insert(record) => {
                    if let Some(artifact) = self.receive(name, record, options, monitor).await? {
                        return Ok(Pulled::Artifact(Box::new(artifact)));
                    }
                }
                Some(Some(_)) => {}
            }
        }
        unanswered |= self.servers.storages().any(|server| !server.is_usable(Purpose::PullArtifacts));
        Ok(if unanswered { Pulled::Unknown } else { Pulled::NotThere })
    }

    /// What an index says that the name stands for; `None` when it does not answer.
    async fn look_up(
        &self,
        at: usize,
        server: &CacheServer,
        name: &ArtifactName,
        monitor: &dyn CacheMonitor,
    ) -> Result<Option<Option<Digest>>> {
        let known = self.lock().get(&(at, name.clone())).copied();
        if known.is_some() {
            return Ok(known);
        }
        let question = async { server.index().await?.fetch_blob(&[uri::artifact(name)]).await };
        let answer = server.ask(monitor, Purpose::PullArtifacts, question).await?;
        if let Some(answer) = answer {
            self.lock().insert((at, name.clone()), answer);
        }
        Ok(answer)
    }

    /// Receives an artifact from the first storage that has all of it.
    async fn receive(
        &self,
        name: &ArtifactName,
        record: Digest,
        options: PullOptions,
        monitor: &dyn CacheMonitor,
    ) -> Result<Option<Artifact>> {
        let key = name.key().brief(self.key_length);
        if record.size() > MAX_RECORD {
            let text = format!("the record of artifact {key} has {} bytes; it is not pulled", record.size());
            monitor.warning("wrong-artifact", text);
            return Ok(None);
        }
        for server in self.servers.storages() {
            let address = server.address();
            monitor.activity(&format!("pulling from {address}"));
            if let Some(artifact) = self.receive_from(server, name, record, monitor).await? {
                if options.buildtrees {
                    for tree in optional_trees(&artifact) {
                        server.download_tree(&self.cas, &tree, monitor, Purpose::PullArtifacts).await?;
                    }
                }
                monitor.info("artifact-pulled", format!("Pulled artifact {key} <- {address}"));
                return Ok(Some(artifact));
            }
            if server.is_usable(Purpose::PullArtifacts) {
                let text = format!("Remote ({address}) does not have all of artifact {key} cached");
                monitor.info("artifact-not-on-server", text);
            }
        }
        Ok(None)
    }

    async fn receive_from(
        &self,
        server: &CacheServer,
        name: &ArtifactName,
        digest: Digest,
        monitor: &dyn CacheMonitor,
    ) -> Result<Option<Artifact>> {
        let cas = &self.cas;
        if server.download(cas, &[digest], monitor, Purpose::PullArtifacts).await?.is_none() {
            return Ok(None);
        }
        let record = match ReceivedRecord::check(name, cas.get(&digest)?) {
            Ok(record) => record,
            Err(wrong) => {
                let text = format!("what {} sent is of no use: {wrong}", server.address());
                monitor.warning("wrong-artifact", text);
                return Ok(None);
            }
        };
        let artifact = record.artifact();
        let files = async {
            match &artifact.trees.files {
                Some(files) => server.download_tree(cas, files, monitor, Purpose::PullArtifacts).await,
                None => Ok(Some(())),
            }
        };
        let (files, blobs) = tokio::join!(files, self.receive_blobs(server, artifact, monitor));
        if files?.is_none() || blobs?.is_none() {
            return Ok(None);
        }
        self.artifacts.store_received(&record)?;
        Ok(Some(artifact.clone()))
    }

    /// Receives what an artifact needs beside its files, and our own records of it: it counts without these, and servers of
    /// others may not have kept them.
    async fn receive_blobs(
        &self,
        server: &CacheServer,
        artifact: &Artifact,
        monitor: &dyn CacheMonitor,
    ) -> Result<Option<()>> {
        let (required, records) = (artifact.required_blobs(), own_records(artifact));
        let all = [required.clone(), records.clone()].concat();
        if server.download(&self.cas, &all, monitor, Purpose::PullArtifacts).await?.is_some() {
            return Ok(Some(()));
        }
        if server.download(&self.cas, &required, monitor, Purpose::PullArtifacts).await?.is_none() {
            return Ok(None);
        }
        for record in records {
            server.download(&self.cas, &[record], monitor, Purpose::PullArtifacts).await?;
        }
        Ok(Some(()))
    }

    /// Pushes the artifact of that name under both of its keys: blobs to every storage, then the record to every index.
    /// `of_records` says what our own records of it need. Trees of its build are pushed if they are in the store. Unless
    /// `thorough`, storages are not asked when every index knows the artifact.
    ///
    /// # Errors
    /// When the artifact or a part of its files is not in the store, or the work is cancelled.
    pub fn push(
        &self,
        name: &ArtifactName,
        artifact: &Artifact,
        of_records: &dyn Fn() -> Vec<Need>,
        thorough: bool,
        monitor: &dyn CacheMonitor,
    ) -> Result<Pushed> {
        let missing = || CasError::Missing { digest: Digest::of(b""), what: format!("the record of {name}") };
        let record = self.artifacts.record_bytes(name)?.ok_or_else(missing)?;
        let record = self.cas.put_bytes(&record)?;
        let keys = [artifact.keys.strong, artifact.keys.weak];
        let mut uris: Vec<String> = keys.iter().map(|key| uri::artifact(&name.with_key(*key))).collect();
        uris.dedup();
        let key = name.key().brief(self.key_length);
        self.servers.runtime.run(monitor.cancel(), async {
            if !thorough && self.all_know(&uris, record, monitor).await? {
                return Ok(Pushed::ThereAlready);
            }
            let sent = artifact_blobs::of_artifact(&self.cas, artifact, record, &of_records())?;
            let mut stored = false;
            for server in self.servers.push_storages() {
                let address = server.address();
                monitor.activity(&format!("pushing to {address}"));
                match server.upload(&self.cas, &sent.blobs, monitor, Purpose::PushArtifacts).await? {
                    None => continue,
                    Some(0) => {
                        let text =
                            format!("Remote ({address}) already has all data of artifact {key} cached");
                        monitor.info("artifact-data-there", text);
                    }
                    Some(_) => {
                        let text = format!("Pushed data from artifact {key} -> {address}");
                        monitor.info("artifact-data-pushed", text);
                    }
                }
                stored = true;
            }
            if !stored {
                return Ok(Pushed::Failed);
            }
            let mut outcome = Pushed::Failed;
            for server in self.servers.push_indexes() {
                let address = server.address();
                let tell = async || {
                    let remote = server.index().await?;
                    if remote.stands_for_blob(&uris, &record).await? {
                        return Ok(false);
                    }
                    remote.push_blob(&uris, &record, &sent.references).await?;
                    Ok::<_, RemoteError>(true)
                };
                let told = self.servers.tell_index(&self.cas, &sent.blobs, tell);
                match server.ask(monitor, Purpose::PushArtifacts, told).await? {
                    None => continue,
                    Some(true) => {
                        monitor.info("artifact-pushed", format!("Pushed artifact {key} -> {address}"));
                        outcome = Pushed::Pushed;
                    }
                    Some(false) => {
                        let text = format!("Remote ({address}) already has artifact {key} cached");
                        monitor.info("artifact-there", text);
                        if outcome == Pushed::Failed {
                            outcome = Pushed::ThereAlready;
                        }
                    }
                }
            }
            Ok(outcome)
        })
    }

    /// Whether every index that we may change knows the artifact as it is.
    async fn all_know(&self, uris: &[String], record: Digest, monitor: &dyn CacheMonitor) -> Result<bool> {
        for server in self.servers.push_indexes() {
            let question = async { server.index().await?.stands_for_blob(uris, &record).await };
            if server.ask(monitor, Purpose::PushArtifacts, question).await? != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(usize, ArtifactName), Option<Digest>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
