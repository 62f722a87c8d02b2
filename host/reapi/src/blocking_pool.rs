//! Jobs that may block, on a bounded number of threads.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinHandle};

use crate::options::Limits;
use crate::request_error::RequestError;

/// Items of one job; more are divided among several threads.
const ITEMS_PER_THREAD: usize = 64;

/// Runs jobs that may block on threads of the runtime, a limited number at a time.
#[derive(Clone, Debug)]
pub(crate) struct BlockingPool {
    permits: Arc<Semaphore>,
    max_wait: Duration,
    processors: usize,
}

impl BlockingPool {
    pub(crate) fn new(limits: &Limits) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            permits: Arc::new(Semaphore::new(limits.blocking_threads.max(1))),
            max_wait: limits.max_wait,
            processors,
        }
    }

    /// Runs one job and waits for it. The job runs to its end even when this future is dropped.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, RequestError> {
        self.start(job).await?.await.map_err(join_error)
    }

    /// Starts a job when a thread is free.
    pub(crate) async fn start<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<JoinHandle<R>, RequestError> {
        let permit = self.permit().await?;
        Ok(tokio::task::spawn_blocking(move || {
            let _permit = permit;
            job()
        }))
    }

    /// Runs `job` on every item, and returns the results in the order of the items. Many items are divided among several
    /// threads.
    pub(crate) async fn map<T, R, F>(&self, mut items: Vec<T>, job: F) -> Result<Vec<R>, RequestError>
    where
        T: Send + 'static,
        R: Send + 'static,
        F: Fn(T) -> R + Clone + Send + 'static,
    {
        let parts = items.len().div_ceil(ITEMS_PER_THREAD).clamp(1, self.processors);
        let share = items.len().div_ceil(parts).max(1);
        let mut running = Vec::with_capacity(parts);
        while !items.is_empty() {
            let rest = items.split_off(share.min(items.len()));
            let (part, job) = (std::mem::replace(&mut items, rest), job.clone());
            running.push(self.start(move || part.into_iter().map(job).collect::<Vec<R>>()).await?);
        }
        let mut answers = Vec::new();
        for part in running {
            answers.extend(part.await.map_err(join_error)?);
        }
        Ok(answers)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, RequestError> {
        let wait = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(self.max_wait, wait).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(RequestError::Busy("the server is stopping".to_owned())),
            Err(_) => Err(RequestError::Busy("all threads of the store are busy".to_owned())),
        }
    }
}

/// The error of a job that panicked, or that the runtime dropped when it shut down.
pub(crate) fn join_error(error: JoinError) -> RequestError {
    tracing::error!("a job of a request panicked: {error}");
    RequestError::Internal("the server failed".to_owned(), "")
}
