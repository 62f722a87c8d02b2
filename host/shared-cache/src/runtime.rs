//! The threads on which requests to servers wait.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use spec_cas::CasError;
use spec_model::Cancel;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// How long threads that write to the store may take to end.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
/// Threads that wait for servers.
const WORKERS: usize = 2;
/// Threads that read and write the store for transfers.
const MAX_BLOCKING: usize = 32;

/// The threads on which requests to servers wait. They end when the last clone is dropped, at most a second later.
#[derive(Clone, Debug)]
pub struct CacheRuntime(Arc<OwnedRuntime>);

#[derive(Debug)]
struct OwnedRuntime(Option<Runtime>);

impl CacheRuntime {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(WORKERS).max_blocking_threads(MAX_BLOCKING);
        let runtime = builder.thread_name("shared-cache").enable_all().build()?;
        Ok(Self(Arc::new(OwnedRuntime(Some(runtime)))))
    }

    /// Runs work to its end, unless it is cancelled.
    pub(crate) fn run<T, E: From<CasError>>(
        &self,
        cancel: &Cancel,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        // It is there until the last handle goes.
        let Some(runtime) = &self.0.0 else { return Err(CasError::Cancelled.into()) };
        let (stop, stopped) = oneshot::channel::<()>();
        let _hook = cancel.on_cancel(move || _ = stop.send(()));
        runtime.block_on(async {
            tokio::select! {
                done = work => done,
                Ok(()) = stopped => Err(CasError::Cancelled.into()),
            }
        })
    }
}

impl Drop for OwnedRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
        }
    }
}
