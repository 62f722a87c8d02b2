//! The servers of artifacts, or of sources, best first.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use spec_artifact::ArtifactError;
use spec_cas::{Cas, CasError};
use spec_model::{Blame, Cancel, Digest, UserError};
use spec_remote::{BlobProvider, BlobReceiver, Remote, RemoteError};
use tokio::task::JoinSet;

use crate::monitor::CacheMonitor;
use crate::runtime::CacheRuntime;
use crate::server::{CacheServer, CacheServerOptions, Purpose};

/// What can go wrong on this machine.
#[derive(Debug, thiserror::Error)]
pub enum SharedCacheError {
    /// The store failed, or the work was cancelled. The reason is the store's own.
    #[error(transparent)]
    Cas(#[from] CasError),
    /// A record of an artifact cannot be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The system gives no thread. Reason `io-error`.
    #[error("cannot start the threads for shared caches: {0}")]
    Start(io::Error),
}

impl UserError for SharedCacheError {
    fn reason(&self) -> &str {
        match self {
            Self::Cas(error) => error.reason(),
            Self::Artifact(error) => error.reason(),
            Self::Start(_) => "io-error",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Cas(error) => error.blame(),
            Self::Artifact(error) => error.blame(),
            Self::Start(_) => Blame::Machine,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Cas(error) => error.hint(),
            Self::Artifact(error) => error.hint(),
            Self::Start(_) => None,
        }
    }
}

/// The servers of one kind, best first.
#[derive(Clone, Debug)]
pub struct ServerList {
    all: Arc<[CacheServer]>,
    pub(crate) runtime: CacheRuntime,
}

impl ServerList {
    pub(crate) fn new(servers: Vec<CacheServerOptions>, runtime: CacheRuntime) -> Self {
        Self { all: servers.into_iter().map(CacheServer::new).collect(), runtime }
    }

    /// Whether something can be pulled: there is a server that knows keys and one that holds blobs.
    #[must_use]
    pub fn can_pull(&self) -> bool {
        self.all.iter().any(|server| server.options().index)
            && self.all.iter().any(|server| server.options().storage)
    }

    /// Whether something can be pushed: we may change a server that knows keys and one that holds blobs.
    #[must_use]
    pub fn can_push(&self) -> bool {
        self.push_indexes().next().is_some() && self.push_storages().next().is_some()
    }

    /// The connections that were made.
    #[must_use]
    pub fn connections(&self) -> Vec<Remote> {
        self.all.iter().filter_map(CacheServer::connection).cloned().collect()
    }

    /// Checks all at the same time whether they can be used for what they are for, each within `limit`, in the order given.
    #[must_use]
    pub fn check(&self, limit: Duration) -> Vec<Result<(), RemoteError>> {
        let work = async {
            let mut checks = JoinSet::new();
            for at in 0..self.all.len() {
                let all = Arc::clone(&self.all);
                checks.spawn(async move { (at, all[at].check(limit).await) });
            }
            let mut ended = checks.join_all().await;
            ended.sort_unstable_by_key(|(at, _)| *at);
            Ok::<_, CasError>(ended.into_iter().map(|(_, outcome)| outcome).collect())
        };
        self.runtime.run(&Cancel::new(), work).unwrap_or_default()
    }

    /// Those that know keys.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = &CacheServer> {
        self.all.iter().filter(|server| server.options().index)
    }

    /// Those that hold blobs.
    pub(crate) fn storages(&self) -> impl Iterator<Item = &CacheServer> {
        self.all.iter().filter(|server| server.options().storage)
    }

    /// Those that know keys and that we may change.
    pub(crate) fn push_indexes(&self) -> impl Iterator<Item = &CacheServer> {
        self.indexes().filter(|server| server.options().push)
    }

    /// Those that hold blobs and that we may change.
    pub(crate) fn push_storages(&self) -> impl Iterator<Item = &CacheServer> {
        self.storages().filter(|server| server.options().push)
    }
}

impl CacheServer {
    /// Downloads blobs that the store does not have; `None` when the server lacks one of them or fails.
    pub(crate) async fn download(
        &self,
        cas: &Cas,
        blobs: &[Digest],
        monitor: &dyn CacheMonitor,
        purpose: Purpose,
    ) -> Result<Option<()>, CasError> {
        let missing = cas.missing(blobs)?;
        if missing.is_empty() {
            return Ok(Some(()));
        }
        let receiver: Arc<dyn BlobReceiver> = Arc::new(cas.clone());
        let question = async { known(self.storage().await?.download(receiver, &missing).await.map(drop)) };
        Ok(self.ask(monitor, purpose, question).await?.flatten())
    }

    /// Downloads blobs; returns those that the server does not have. `None` when it fails; some may have been received then.
    pub(crate) async fn download_present(
        &self,
        cas: &Cas,
        blobs: &[Digest],
        monitor: &dyn CacheMonitor,
        purpose: Purpose,
    ) -> Result<Option<Vec<Digest>>, CasError> {
        let receiver: Arc<dyn BlobReceiver> = Arc::new(cas.clone());
        let question = async { self.storage().await?.download_present(receiver, blobs).await };
        self.ask(monitor, purpose, question).await
    }

    /// Downloads what the store does not have of a tree; `None` when the server lacks some of it or fails.
    pub(crate) async fn download_tree(
        &self,
        cas: &Cas,
        root: &Digest,
        monitor: &dyn CacheMonitor,
        purpose: Purpose,
    ) -> Result<Option<()>, CasError> {
        let question = async { known(self.storage().await?.pull(cas, root).await.map(drop)) };
        Ok(self.ask(monitor, purpose, question).await?.flatten())
    }

    /// Uploads those of `blobs` that the server does not have, as far as it was not found out before; how many those were. `None`
    /// when the server fails.
    pub(crate) async fn upload(
        &self,
        cas: &Cas,
        blobs: &[Digest],
        monitor: &dyn CacheMonitor,
        purpose: Purpose,
    ) -> Result<Option<u64>, CasError> {
        let provider: Arc<dyn BlobProvider> = Arc::new(cas.clone());
        let question = async { Ok(self.storage().await?.push(provider, blobs).await?.blobs) };
        self.ask(monitor, purpose, question).await
    }
}

impl ServerList {
    /// Has an index that we may change take what `question` tells it, of which the storages were just sent `blobs`. Where that
    /// says that it lacks some of them all the same, the storages that we may change are sent all of them without being asked:
    /// what one says of blobs that it has is not believed then.
    pub(crate) async fn tell_index<T>(
        &self,
        cas: &Cas,
        blobs: &[Digest],
        question: impl AsyncFn() -> Result<T, RemoteError>,
    ) -> Result<T, RemoteError> {
        match question().await {
            Err(RemoteError::Lacks { .. }) => {
                for server in self.push_storages() {
                    let provider: Arc<dyn BlobProvider> = Arc::new(cas.clone());
                    server.storage().await?.upload(provider, blobs).await?;
                }
                question().await
            }
            told => told,
        }
    }
}

/// What a server does not have is no failure of it.
fn known<T>(answer: Result<T, RemoteError>) -> Result<Option<T>, RemoteError> {
    match answer {
        Err(RemoteError::Missing { .. }) => Ok(None),
        other => other.map(Some),
    }
}
