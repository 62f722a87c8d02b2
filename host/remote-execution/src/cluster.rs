//! The servers of a cluster.

use spec_remote::{Remote, RemoteError, RemoteOptions, RemoteStatistics};

use crate::runtime::{ClusterRuntime, RuntimeEnded};

/// The servers of a cluster. They may be one.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Executes actions.
    pub execution: RemoteOptions,
    /// Stores their inputs and outputs.
    pub storage: RemoteOptions,
    /// Keeps their results; `None` for the one that executes.
    pub action_cache: Option<RemoteOptions>,
}

/// Connections to the servers of a cluster, which are made when they are first needed. Servers with equal options share one.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) execution: Remote,
    pub(crate) storage: Remote,
    pub(crate) action_cache: Remote,
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
        Ok(Self { execution, storage, action_cache, runtime })
    }

    /// What the requests to each server came to.
    #[must_use]
    pub fn statistics(&self) -> Vec<RemoteStatistics> {
        let mut all: Vec<&Remote> = Vec::new();
        for remote in [&self.execution, &self.storage, &self.action_cache] {
            if !all.iter().any(|other| other.options() == remote.options()) {
                all.push(remote);
            }
        }
        all.into_iter().map(Remote::statistics).collect()
    }

    /// The address of the server that executes.
    #[must_use]
    pub fn address(&self) -> String {
        self.execution.options().address.to_string()
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
