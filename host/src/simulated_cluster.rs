//! Simulates a cluster: many workers on this machine, whose actions take at least some time. Compiled with the feature
//! `bench` only.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime};

use spec_execution::{ActionError, ExecutedAction, Executor, ExecutorTask};
use spec_model::{Cancel, TimeSpan};
use spec_session::ExecutorFactory;

/// The setting `scheduler: simulated-cluster:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SimulatedCluster {
    /// How many actions are executed at a time.
    pub(crate) workers: usize,
    /// How long each action takes at least.
    pub(crate) least: Duration,
}

/// Executes actions with another executor, and waits until each has taken some time. Waiting uses no CPU time.
struct SlowExecutor {
    inner: Arc<dyn Executor>,
    least: Duration,
}

impl SimulatedCluster {
    /// Executors of the cluster, which execute with those of `factory`.
    pub(crate) fn executor(self, factory: ExecutorFactory) -> ExecutorFactory {
        let least = self.least;
        ExecutorFactory::new(move |cas, sockets| {
            Arc::new(SlowExecutor { inner: factory.create(cas, sockets), least })
        })
    }
}

impl Executor for SlowExecutor {
    fn execute(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        let start = Instant::now();
        let mut executed = self.inner.execute(task, cancel)?;
        wait(self.least.saturating_sub(start.elapsed()), cancel)?;
        let (metadata, end) = (&mut executed.result.metadata, Some(SystemTime::now()));
        metadata.executed.end = end;
        metadata.uploaded = TimeSpan { start: end, end };
        metadata.worked.end = end;
        Ok(executed)
    }

    fn opens_sockets(&self) -> bool {
        self.inner.opens_sockets()
    }

    fn runs_elsewhere(&self) -> bool {
        self.inner.runs_elsewhere()
    }

    fn slots(&self) -> Option<usize> {
        self.inner.slots()
    }

    fn latency(&self) -> Option<Duration> {
        self.inner.latency()
    }
}

fn wait(rest: Duration, cancel: &Cancel) -> Result<(), ActionError> {
    let (send, cancelled) = mpsc::channel();
    let _guard = cancel.on_cancel(move || _ = send.send(()));
    match cancelled.recv_timeout(rest) {
        Ok(()) => Err(ActionError::Cancelled),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
