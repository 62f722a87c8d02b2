//! The servers of a cluster.

use std::time::{Duration, SystemTime};

use spec_remote::{Remote, RemoteError, RemoteHealth, RemoteNeeds, RemoteOptions, RemoteStatistics};
use tokio::task::JoinSet;

use crate::runtime::{ClusterRuntime, RuntimeEnded};
use crate::sent_action::RootForm;

/// The servers of a cluster. They may be one.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Executes actions.
    pub execution: RemoteOptions,
    /// Stores their inputs and outputs.
    pub storage: RemoteOptions,
    /// Keeps their results; `None` for the one that executes.
    pub action_cache: Option<RemoteOptions>,
    /// How long a requested action may wait for a worker before the cluster counts as busy; `None` for as long as it takes.
    pub longest_wait: Option<Duration>,
    /// How its workers learn of the trees that commands are in.
    pub roots: RootForm,
    /// Whether it is given the commands of elements that want a socket of the Remote Execution API, which its workers then
    /// have to open.
    pub opens_sockets: bool,
}

/// What a server of a cluster is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterRole {
    /// It executes actions.
    Execution,
    /// It stores their inputs and outputs.
    Storage,
    /// It keeps their results.
    ActionCache,
}

/// Connections to the servers of a cluster, which are made when they are first needed. Servers with equal options share one.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) execution: Remote,
    pub(crate) storage: Remote,
    pub(crate) action_cache: Remote,
    pub(crate) longest_wait: Option<Duration>,
    pub(crate) roots: RootForm,
    pub(crate) opens_sockets: bool,
    pub(crate) runtime: ClusterRuntime,
}

impl Cluster {
    /// Prepares the connections and starts their runtime.
    ///
    /// # Errors
    /// `remote-bad-credentials`; when no threads can be started.
    pub fn new(options: ClusterOptions) -> Result<Self, RemoteError> {
        let runtime = ClusterRuntime::start().map_err(|error| RemoteError::Unreachable {
            address: options.execution.address.to_string(),
            why: format!("cannot start threads: {error}"),
        })?;
        let entered = runtime.enter();
        let execution = Remote::new(options.execution.clone())?;
        let mut made = vec![(options.execution.clone(), execution.clone())];
        let storage = connection(&mut made, options.storage)?;
        let action_cache = connection(&mut made, options.action_cache.unwrap_or(options.execution))?;
        drop(entered);
        let ClusterOptions { longest_wait, roots, opens_sockets, .. } = options;
        Ok(Self { execution, storage, action_cache, longest_wait, roots, opens_sockets, runtime })
    }

    /// What the requests to each server came to.
    #[must_use]
    pub fn statistics(&self) -> Vec<RemoteStatistics> {
        self.connections().iter().map(|(_, remote)| remote.statistics()).collect()
    }

    /// The connections, each once, with what the servers are for.
    #[must_use]
    pub fn connections(&self) -> Vec<(Vec<ClusterRole>, Remote)> {
        let mut all: Vec<(Vec<ClusterRole>, Remote)> = Vec::new();
        let (execution, storage) = (ClusterRole::Execution, ClusterRole::Storage);
        let roles = [(execution, &self.execution), (storage, &self.storage)];
        for (role, remote) in roles.into_iter().chain([(ClusterRole::ActionCache, &self.action_cache)]) {
            match all.iter_mut().find(|(_, other)| other.options() == remote.options()) {
                Some((roles, _)) => roles.push(role),
                None => all.push((vec![role], remote.clone())),
            }
        }
        all
    }

    /// Checks all servers at the same time: whether they can be used for what they are for, each within `limit`.
    #[must_use]
    pub fn check(&self, limit: Duration) -> Vec<(Vec<ClusterRole>, Result<(), RemoteError>)> {
        let connections = self.connections();
        let work = async move {
            let mut checks = JoinSet::new();
            for (roles, remote) in connections {
                let storage = roles.contains(&ClusterRole::Storage);
                let execution = roles.contains(&ClusterRole::Execution);
                let needs = RemoteNeeds { storage, execution, assets: false };
                checks.spawn(async move { (roles, remote.check(needs, limit).await) });
            }
            Ok(checks.join_all().await)
        };
        self.wait_for(work).unwrap_or_default()
    }

    /// Connects to all servers, and does not wait for that. What fails shows when the server is needed.
    pub(crate) fn connect(&self) {
        for (_, remote) in self.connections() {
            self.runtime.spawn(async move { _ = remote.capabilities().await });
        }
    }

    /// How many actions it runs at a time, estimated from the stages of the actions; `None` while that cannot be told.
    #[must_use]
    pub fn workers(&self) -> Option<usize> {
        self.execution.workers().and_then(|workers| usize::try_from(workers).ok())
    }

    /// The time after which half of the requests for blobs were answered; `None` before the first.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        Some(self.storage.statistics().latency_p50).filter(|latency| !latency.is_zero())
    }

    /// The address of the server that executes.
    #[must_use]
    pub fn address(&self) -> String {
        self.execution.options().address.to_string()
    }

    /// Since when one of the servers that no action goes without is away.
    pub(crate) fn away_since(&self) -> Option<SystemTime> {
        let healths = [&self.execution, &self.storage].map(Remote::health);
        let since = healths.into_iter().filter_map(|health| match health {
            RemoteHealth::Away { since, .. } => Some(since),
            RemoteHealth::Available => None,
        });
        since.min()
    }

    /// How often one of these servers was away so far.
    pub(crate) fn absences(&self) -> u64 {
        self.execution.absences() + self.storage.absences()
    }

    /// Runs a request to its end, and blocks meanwhile.
    pub(crate) fn wait_for<T: Send + 'static>(
        &self,
        request: impl Future<Output = Result<T, RemoteError>> + Send + 'static,
    ) -> Result<T, RemoteError> {
        self.runtime.wait_for(request).unwrap_or_else(|RuntimeEnded| {
            Err(RemoteError::Unreachable { address: self.address(), why: "the session is over".to_owned() })
        })
    }
}

/// The connection with these options.
fn connection(
    made: &mut Vec<(RemoteOptions, Remote)>,
    options: RemoteOptions,
) -> Result<Remote, RemoteError> {
    if let Some((_, remote)) = made.iter().find(|(other, _)| *other == options) {
        return Ok(remote.clone());
    }
    let remote = Remote::new(options.clone())?;
    made.push((options, remote.clone()));
    Ok(remote)
}
