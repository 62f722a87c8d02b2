//! Work that waits for the disk, on a bounded number of threads.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinHandle};

use crate::options::Limits;
use crate::refusal::Refusal;

/// Fewer items than this are not worth a second thread.
const WORTH_SHARING: usize = 64;

/// The server's right to use threads that may wait.
#[derive(Clone, Debug)]
pub(crate) struct Blocking {
    permits: Arc<Semaphore>,
    patience: Duration,
    processors: usize,
}

impl Blocking {
    pub(crate) fn new(limits: &Limits) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            permits: Arc::new(Semaphore::new(limits.threads.max(1))),
            patience: limits.patience,
            processors,
        }
    }

    /// Runs one job to its end, even when nobody waits for it any more.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        self.start(job).await?.await.map_err(broken)
    }

    /// Starts a job as soon as there is a thread for it.
    pub(crate) async fn start<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<JoinHandle<R>, Refusal> {
        let permit = self.permit().await?;
        Ok(tokio::task::spawn_blocking(move || {
            let _permit = permit;
            job()
        }))
    }

    /// Runs `job` on every item; answers come in the order of the items. Many items are shared by several threads.
    pub(crate) async fn map<T, R, F>(&self, mut items: Vec<T>, job: F) -> Result<Vec<R>, Refusal>
    where
        T: Send + 'static,
        R: Send + 'static,
        F: Fn(T) -> R + Clone + Send + 'static,
    {
        let parts = items.len().div_ceil(WORTH_SHARING).clamp(1, self.processors);
        let share = items.len().div_ceil(parts).max(1);
        let mut running = Vec::with_capacity(parts);
        while !items.is_empty() {
            let rest = items.split_off(share.min(items.len()));
            let (part, job) = (std::mem::replace(&mut items, rest), job.clone());
            running.push(self.start(move || part.into_iter().map(job).collect::<Vec<R>>()).await?);
        }
        let mut answers = Vec::new();
        for part in running {
            answers.extend(part.await.map_err(broken)?);
        }
        Ok(answers)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let wait = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(self.patience, wait).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(Refusal::Busy("the server is stopping".to_owned())),
            Err(_) => Err(Refusal::Busy("the store is overloaded; try again later".to_owned())),
        }
    }
}

/// A job that panicked, or was dropped at the very end.
pub(crate) fn broken(error: JoinError) -> Refusal {
    tracing::error!("a request broke: {error}");
    Refusal::Internal("the request broke; see the server's log".to_owned())
}
