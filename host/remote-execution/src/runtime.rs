//! The runtime of a cluster's connections, and how threads that block wait for what it does.

use std::io;
use std::sync::mpsc;

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads that serve the connections. What may block runs on other threads.
const THREADS: usize = 2;
/// Threads for jobs that may block, which read and write blobs.
const BLOCKING_THREADS: usize = 32;

/// The runtime of a cluster's connections.
#[derive(Debug)]
pub(crate) struct ClusterRuntime(Option<Runtime>);

/// The runtime ended before the answer came.
#[derive(Debug)]
pub(crate) struct RuntimeEnded;

impl ClusterRuntime {
    pub(crate) fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(THREADS).max_blocking_threads(BLOCKING_THREADS);
        builder.thread_name("remote-execution").enable_all().build().map(|runtime| Self(Some(runtime)))
    }

    /// Runs a future to its end, and blocks meanwhile. May be called on any thread, also on those of other runtimes that are
    /// for blocking.
    pub(crate) fn wait_for<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, RuntimeEnded> {
        let Some(runtime) = &self.0 else { return Err(RuntimeEnded) };
        let (sender, answer) = mpsc::sync_channel(1);
        runtime.spawn(async move { _ = sender.send(future.await) });
        answer.recv().map_err(|_| RuntimeEnded)
    }

    /// Runs a future beside all else; it ends with the runtime at the latest.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(future);
        }
    }

    /// Has what is made now belong to this runtime.
    pub(crate) fn enter(&self) -> Option<tokio::runtime::EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::handle).map(Handle::enter)
    }
}

impl Drop for ClusterRuntime {
    fn drop(&mut self) {
        // This may be dropped in another runtime, where blocking is not allowed.
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}
