//! Operations: requests to execute that are in progress or were answered lately, by name, so that a client whose stream
//! broke can attach to one again.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use spec_execution::{ActionError, PendingRequest};
use spec_model::Digest;
use spec_proto::well_known::Timestamp;

use crate::assets::timestamp_now;
use crate::digest_backend::DigestBackend;
use crate::inline_contents::InlineRequest;
use crate::metrics::Metrics;
use crate::operation_state::{ExecutionStage, OperationState};
use crate::request_error::RequestError;

/// How long a completed operation is kept for clients that attach again.
const KEEP_COMPLETED_FOR: Duration = Duration::from_secs(60);
/// Most completed operations that are kept.
const MAX_COMPLETED: usize = 1024;

/// All operations of a server.
#[derive(Clone)]
pub(crate) struct Operations {
    by_name: Arc<Mutex<HashMap<String, Arc<Operation>>>>,
    closed: Arc<AtomicBool>,
    metrics: Arc<Metrics>,
}

/// One request to execute.
pub(crate) struct Operation {
    pub(crate) name: String,
    /// The store of the action.
    pub(crate) backend: Arc<DigestBackend>,
    pub(crate) action: Digest,
    pub(crate) inline: InlineRequest,
    /// When the request was received.
    pub(crate) requested_at: Timestamp,
    pub(crate) state: OperationState,
    usage: Mutex<OperationUsage>,
}

/// What keeps the execution of an operation going.
struct OperationUsage {
    pending: Option<PendingRequest>,
    clients: usize,
    idle_since: Instant,
}

/// A client that is attached to an operation. The execution is not abandoned meanwhile.
pub(crate) struct AttachedClient(pub(crate) Arc<Operation>);

impl Operations {
    /// No operations yet. `metrics` counts how they end.
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self { by_name: Arc::default(), closed: Arc::default(), metrics }
    }

    /// Creates an operation of an instance, with a client attached.
    ///
    /// # Errors
    /// When the server is stopping.
    pub(crate) fn create(
        &self,
        instance: &str,
        backend: Arc<DigestBackend>,
        action: Digest,
        inline: InlineRequest,
    ) -> Result<AttachedClient, RequestError> {
        let random = RandomState::new();
        let id = format!("{:016x}{:016x}", random.hash_one(action), random.hash_one(Instant::now()));
        let name = if instance.is_empty() { id } else { format!("{instance}/operations/{id}") };
        let usage = OperationUsage { pending: None, clients: 0, idle_since: Instant::now() };
        let state = OperationState::new(action, Arc::clone(&self.metrics));
        let operation = Arc::new(Operation {
            name,
            backend,
            action,
            inline,
            requested_at: timestamp_now(),
            state,
            usage: Mutex::new(usage),
        });
        let mut by_name = self.lock();
        // Checked under the lock, so that `close` cancels every operation that was added.
        if self.closed.load(Ordering::Relaxed) {
            return Err(RequestError::Busy("the server is stopping".to_owned()));
        }
        by_name.insert(operation.name.clone(), Arc::clone(&operation));
        Ok(AttachedClient::to(operation))
    }

    /// Cancels all operations that are in progress, and refuses new ones.
    pub(crate) fn close(&self) {
        let by_name = {
            let mut by_name = self.lock();
            self.closed.store(true, Ordering::Relaxed);
            std::mem::take(&mut *by_name)
        };
        by_name.values().for_each(|operation| operation.cancel());
    }

    /// An operation by its name.
    pub(crate) fn find(&self, name: &str) -> Result<Arc<Operation>, RequestError> {
        let shown = || name.chars().take(80).collect::<String>();
        let found = self.lock().get(name).cloned();
        found.ok_or_else(|| RequestError::NotFound(format!("there is no operation '{}'", shown())))
    }

    /// All operations, by name.
    pub(crate) fn list(&self) -> Vec<Arc<Operation>> {
        let mut all: Vec<_> = self.lock().values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    pub(crate) fn remove(&self, name: &str) {
        self.lock().remove(name);
    }

    /// Cancels operations that no client was attached to for `abandon_after`, and removes old completed ones.
    pub(crate) fn sweep(&self, abandon_after: Duration) {
        let all = self.list();
        for operation in &all {
            if operation.idle_for().is_some_and(|idle| idle > abandon_after)
                && !operation.state.is_completed()
            {
                operation.cancel();
            }
        }
        let mut done: Vec<_> = all
            .into_iter()
            .filter(|operation| operation.state.is_completed())
            .filter_map(|operation| Some((operation.idle_for()?, operation)))
            .collect();
        done.sort_by_key(|(idle, _)| *idle);
        let mut by_name = self.lock();
        for (at, (idle, operation)) in done.iter().enumerate() {
            if at >= MAX_COMPLETED || *idle > KEEP_COMPLETED_FOR {
                by_name.remove(&operation.name);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Operation>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operation {
    /// Sets the pending request of the operation. If the operation was cancelled meanwhile, it is dropped, which cancels the
    /// execution.
    pub(crate) fn set_pending(&self, pending: PendingRequest) {
        let mut usage = self.lock();
        // Checked under the lock, so that `cancel` either finds it or is noticed here.
        let unused = if self.state.is_completed() { Some(pending) } else { usage.pending.replace(pending) };
        drop(usage);
        drop(unused);
    }

    /// Cancels the execution. Attached clients receive the answer.
    pub(crate) fn cancel(&self) {
        let mut usage = self.lock();
        self.state.advance(ExecutionStage::Completed(Err(ActionError::Cancelled)));
        let pending = usage.pending.take();
        drop(usage);
        drop(pending);
    }

    /// For how long no client has been attached; `None` while one is.
    pub(crate) fn idle_for(&self) -> Option<Duration> {
        let usage = self.lock();
        (usage.clients == 0).then(|| usage.idle_since.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, OperationUsage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AttachedClient {
    pub(crate) fn to(operation: Arc<Operation>) -> Self {
        operation.lock().clients += 1;
        Self(operation)
    }
}

impl Drop for AttachedClient {
    fn drop(&mut self) {
        let mut usage = self.0.lock();
        usage.clients -= 1;
        usage.idle_since = Instant::now();
    }
}

#[cfg(test)]
mod tests;
