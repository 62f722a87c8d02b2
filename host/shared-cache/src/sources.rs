//! Sources on servers.

use spec_cas::{Cas, CasError};
use spec_model::{Cancel, Digest, Key};
use spec_remote::{AssetReferences, Remote, RemoteError};
use spec_source::{FetchMonitor, SourceCache};

use crate::artifacts::Pushed;
use crate::message;
use crate::monitor::CacheMonitor;
use crate::runtime::CacheRuntime;
use crate::server::{CacheServer, CacheServerOptions, Purpose};
use crate::servers::ServerList;
use crate::uri;

/// Bytes of the largest message about sources that is received.
const MAX_MESSAGE: u64 = 64 << 10;

/// The sources on the servers of a project.
#[derive(Debug)]
pub struct SharedSources {
    servers: ServerList,
    cas: Cas,
    key_length: usize,
}

/// What is pulled or pushed, for messages.
struct Asset<'a> {
    uri: String,
    key: &'a Key,
}

impl SharedSources {
    /// Sources on these servers, best first. Keys are shown with `key_length` digits.
    #[must_use]
    pub fn new(
        servers: Vec<CacheServerOptions>,
        runtime: CacheRuntime,
        cas: &Cas,
        key_length: usize,
    ) -> Self {
        Self { servers: ServerList::new(servers, runtime), cas: cas.clone(), key_length }
    }

    /// The servers.
    #[must_use]
    pub fn servers(&self) -> &ServerList {
        &self.servers
    }

    /// Pushes the tree of all sources of an element.
    ///
    /// # Errors
    /// When a part of the tree is not in the store, or the work is cancelled.
    pub fn push_element_sources(
        &self,
        key: &Key,
        tree: &Digest,
        monitor: &dyn CacheMonitor,
    ) -> Result<Pushed, CasError> {
        let record = self.cas.put_bytes(&message::encode(tree))?;
        let mut blobs = self.cas.blobs_of_tree(tree)?;
        blobs.push(record);
        let asset = Asset { uri: uri::element_sources(key), key };
        let references = AssetReferences { blobs: Vec::new(), directories: vec![*tree] };
        self.push(&asset, &blobs, monitor, async |remote, uris| {
            if remote.stands_for_blob(uris, &record).await? {
                return Ok(false);
            }
            remote.push_blob(uris, &record, &references).await?;
            Ok(true)
        })
    }

    /// Pushes the tree of one source.
    ///
    /// # Errors
    /// As [`push_element_sources`](Self::push_element_sources).
    pub fn push_source(
        &self,
        kind: &str,
        key: &Key,
        tree: &Digest,
        monitor: &dyn CacheMonitor,
    ) -> Result<Pushed, CasError> {
        let blobs = self.cas.blobs_of_tree(tree)?;
        let asset = Asset { uri: uri::source(kind, key), key };
        self.push(&asset, &blobs, monitor, async |remote, uris| {
            // As BuildStream, which pushes only what is not there.
            if remote.stands_for_directory(uris).await? {
                return Ok(false);
            }
            remote.push_directory(uris, tree).await?;
            Ok(true)
        })
    }

    fn push(
        &self,
        asset: &Asset<'_>,
        blobs: &[Digest],
        monitor: &dyn CacheMonitor,
        index: impl AsyncFn(&Remote, &[String]) -> Result<bool, RemoteError>,
    ) -> Result<Pushed, CasError> {
        let (key, uris) = (asset.key.brief(self.key_length), [asset.uri.clone()]);
        self.servers.runtime.run(monitor.cancel(), async {
            let mut stored = false;
            for server in self.servers.push_storages() {
                monitor.activity(&format!("pushing to {}", server.address()));
                stored |= server.upload(&self.cas, blobs, monitor, Purpose::PushSources).await?.is_some();
            }
            let mut outcome = Pushed::Failed;
            for server in self.servers.push_indexes().filter(|_| stored) {
                let address = server.address();
                let tell = async || index(server.index().await?, &uris).await;
                let told = self.servers.tell_index(&self.cas, blobs, tell);
                match server.ask(monitor, Purpose::PushSources, told).await? {
                    None => continue,
                    Some(true) => {
                        monitor.info("source-pushed", format!("Pushed source {key} -> {address}"));
                        outcome = Pushed::Pushed;
                    }
                    Some(false) => {
                        let text = format!("Remote ({address}) already has source {key} cached");
                        monitor.info("source-there", text);
                        if outcome == Pushed::Failed {
                            outcome = Pushed::ThereAlready;
                        }
                    }
                }
            }
            Ok(outcome)
        })
    }

    /// The tree that an index says an asset is, from the first storage that has all of it. `by_record` when the index has a
    /// message that names the tree, and not the tree itself.
    fn pull(
        &self,
        asset: &Asset<'_>,
        by_record: bool,
        monitor: &dyn CacheMonitor,
    ) -> Result<Option<Digest>, CasError> {
        let (key, uris) = (asset.key.brief(self.key_length), [asset.uri.clone()]);
        self.servers.runtime.run(monitor.cancel(), async {
            for index in self.servers.indexes() {
                let question = async {
                    let remote = index.index().await?;
                    if by_record {
                        remote.fetch_blob(&uris).await
                    } else {
                        remote.fetch_directory(&uris).await
                    }
                };
                let Some(answer) = index.ask(monitor, Purpose::PullSources, question).await? else {
                    continue;
                };
                let Some(digest) = answer else {
                    let text = format!("Remote ({}) does not have source {key} cached", index.address());
                    monitor.info("source-not-on-server", text);
                    continue;
                };
                for server in self.servers.storages() {
                    let address = server.address();
                    monitor.activity(&format!("pulling from {address}"));
                    if let Some(tree) = self.receive(server, digest, by_record, monitor).await? {
                        monitor.info("source-pulled", format!("Pulled source {key} <- {address}"));
                        return Ok(Some(tree));
                    }
                }
            }
            Ok(None)
        })
    }

    async fn receive(
        &self,
        server: &CacheServer,
        digest: Digest,
        by_record: bool,
        monitor: &dyn CacheMonitor,
    ) -> Result<Option<Digest>, CasError> {
        let tree = match by_record {
            false => digest,
            true if digest.size() > MAX_MESSAGE => return Ok(None),
            true => {
                if server.download(&self.cas, &[digest], monitor, Purpose::PullSources).await?.is_none() {
                    return Ok(None);
                }
                let Some(tree) = message::decode(&self.cas.get(&digest)?) else {
                    let text = format!("what {} sent for sources names no tree", server.address());
                    monitor.warning("wrong-source", text);
                    return Ok(None);
                };
                tree
            }
        };
        let received = server.download_tree(&self.cas, &tree, monitor, Purpose::PullSources).await?;
        Ok(received.map(|()| tree))
    }
}

impl SourceCache for SharedSources {
    fn element_sources(&self, key: &Key, monitor: &FetchMonitor) -> Result<Option<Digest>, CasError> {
        self.pull(&Asset { uri: uri::element_sources(key), key }, true, &FetchNotices(monitor))
    }

    fn source(&self, kind: &str, key: &Key, monitor: &FetchMonitor) -> Result<Option<Digest>, CasError> {
        self.pull(&Asset { uri: uri::source(kind, key), key }, false, &FetchNotices(monitor))
    }
}

/// Tells the monitor of a fetch what a pull does.
struct FetchNotices<'a>(&'a FetchMonitor);

impl CacheMonitor for FetchNotices<'_> {
    fn activity(&self, _: &str) {}

    fn info(&self, reason: &'static str, text: String) {
        self.0.note(reason, &text);
    }

    fn warning(&self, reason: &str, text: String) {
        self.0.warn(reason, &text);
    }

    fn cancel(&self) -> &Cancel {
        &self.0.cancel
    }
}
