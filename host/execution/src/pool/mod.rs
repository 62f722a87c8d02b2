//! The pool: answers requests from the action cache, by joining, or by executing.

mod digest_backend;
mod lazy;
mod listener;
mod overcommit;
mod queue;

pub use lazy::LazyExecutions;
pub use overcommit::OvercommitWorker;
pub use queue::{
    ExecutionId, ExecutionQueue, JoinedExecution, QueueFull, RequestPolicy, StartedExecution, WaiterId,
};

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use spec_cas::{Cas, Hold};
use spec_model::{Action, ActionResult, AnswerSource, Cancel, Digest};

use crate::outcome::{ActionAnswer, ActionError, AnsweredAction};
use crate::pool::digest_backend::DigestBackend;
use crate::pool::listener::RequestListener;
use crate::request::{ActionRequest, Executor, ExecutorTask, Progress};
use crate::request_signal::RequestSignal;
use crate::result_cache::ResultCache;
use crate::rights::GrantedAction;

/// Sizes of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// Actions that run at the same time; at least 1.
    pub workers: usize,
    /// Most actions that wait for a worker; further ones are refused.
    pub max_queued: usize,
}

/// Answers requests for actions of one store. Dropping the last of a pool cancels what runs and ends the threads.
pub struct Executions {
    pub(super) pool: Arc<WorkerPool>,
    backend: Arc<DigestBackend>,
}

/// The threads, which work for any number of stores.
pub(super) struct WorkerPool {
    pub(super) shared: Arc<PoolShared>,
    workers: Vec<JoinHandle<()>>,
}

/// A request that is being answered. Dropping it gives up: with the last who waits, the action is killed.
#[must_use = "dropping it gives the request up"]
pub struct PendingRequest {
    /// Absent when there is nothing to wait for.
    place: Option<(Arc<PoolShared>, ExecutionId, WaiterId)>,
}

pub(super) struct PoolShared {
    state: Mutex<PoolState>,
    wake: Condvar,
    /// Threads of the [`OvercommitWorker`]s.
    pub(super) overcommit: Mutex<Vec<JoinHandle<()>>>,
}

struct PoolState {
    /// Keys are a backend's number and what results are kept under in it.
    queue: ExecutionQueue<(usize, Digest), QueuedAction, Arc<RequestListener>>,
    backends: usize,
    /// Threads that take executions, overcommit workers among them.
    workers: usize,
    closing: bool,
}

#[derive(Clone)]
struct QueuedAction {
    backend: Arc<DigestBackend>,
    granted: GrantedAction,
    action: Action,
    queued: SystemTime,
    cancel: Cancel,
    requested: RequestSignal,
    trees: Arc<[Digest]>,
    /// What it needs is not evicted, however long it waits.
    _hold: Arc<Hold>,
}

impl Executions {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(
        cas: Cas,
        cache: ResultCache,
        executor: Arc<dyn Executor>,
        options: PoolOptions,
    ) -> Result<Self, ActionError> {
        let (queue, count) = (ExecutionQueue::new(options.max_queued), options.workers.max(1));
        let state = Mutex::new(PoolState { queue, backends: 1, workers: count, closing: false });
        let (wake, overcommit) = (Condvar::new(), Mutex::default());
        let mut pool =
            WorkerPool { shared: Arc::new(PoolShared { state, wake, overcommit }), workers: Vec::new() };
        for number in 0..count {
            let shared = Arc::clone(&pool.shared);
            let work = move || shared.work(&AtomicBool::new(false));
            pool.workers.push(PoolShared::start(&format!("action-{number}"), work)?);
        }
        let backend = DigestBackend { number: 0, cas, cache, executor };
        Ok(Self { pool: Arc::new(pool), backend: Arc::new(backend) })
    }

    /// Answers requests for actions of another store, by the same threads and with the same bounds: of both together
    /// no more actions run or wait than of one.
    #[must_use]
    pub fn for_store(&self, cas: Cas, cache: ResultCache, executor: Arc<dyn Executor>) -> Self {
        let mut state = self.pool.shared.lock();
        let backend = DigestBackend { number: state.backends, cas, cache, executor };
        state.backends += 1;
        Self { pool: Arc::clone(&self.pool), backend: Arc::new(backend) }
    }

    /// Takes a request. `listener` is told of every stage, in order and each at most once, from any thread, perhaps
    /// before this returns; it must neither block nor call back. Once the ticket is dropped it is soon told nothing
    /// more, not even an answer.
    ///
    /// # Errors
    /// [`ActionError::Missing`] when the action is not here, [`ActionError::Invalid`] when it is none,
    /// [`ActionError::MissingRights`] when it asks for more than the request's rights, and [`ActionError::Exhausted`] when too many
    /// wait already; nothing is told then.
    pub fn submit(
        &self,
        request: &ActionRequest,
        listener: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Result<PendingRequest, ActionError> {
        let DigestBackend { cache, .. } = &*self.backend;
        let (granted, loaded) = cache.grant_and_load(&request.action, &request.rights)?;
        let listener = Arc::new(RequestListener::new(request.action, request.recording.clone(), listener));
        if !request.skip_cache_lookup
            && let Some(result) = cache.get(&granted)?
        {
            let done = AnsweredAction { result, answered: AnswerSource::CacheHit, report: None };
            listener.tell(Progress::Completed(Ok(done.into())));
            return Ok(PendingRequest { place: None });
        }
        let (granted, action) = match loaded {
            Some(action) => (granted, action),
            None => {
                // It may not have been there to be looked at.
                let action = self.backend.action(&request.action)?;
                (cache.grant_action(&request.action, &action, &request.rights)?, action)
            }
        };
        request.recording.asked(&request.action);
        self.pool.shared.enqueue(&self.backend, request, (granted, action), listener)
    }

    /// Whether actions find sockets of the Remote Execution API.
    #[must_use]
    pub fn opens_sockets(&self) -> bool {
        self.backend.executor.opens_sockets()
    }

    /// Whether actions run on other machines.
    #[must_use]
    pub fn runs_elsewhere(&self) -> bool {
        self.backend.executor.runs_elsewhere()
    }

    /// As [`Executor::find_subactions`].
    #[must_use]
    pub fn find_subactions(&self, actions: &[Digest], cancel: &Cancel) -> HashMap<Digest, ActionResult> {
        self.backend.executor.find_subactions(actions, cancel)
    }

    /// The results that it answers from.
    #[must_use]
    pub fn results(&self) -> &ResultCache {
        &self.backend.cache
    }

    /// Answers a request and waits for it; gives it up on `cancel`.
    ///
    /// # Errors
    /// See [`ActionError`].
    pub fn execute(&self, request: &ActionRequest, cancel: &Cancel) -> ActionAnswer {
        let (send, answers) = std::sync::mpsc::channel();
        let given_up = send.clone();
        let _guard = cancel.on_cancel(move || _ = given_up.send(Err(ActionError::Cancelled)));
        let _ticket = self.submit(request, move |progress| {
            if let Progress::Completed(answer) = progress {
                _ = send.send(answer);
            }
        })?;
        answers.recv().unwrap_or(Err(ActionError::Cancelled))
    }

    /// Actions that can run at a time, of all stores of the pool, as far as is known.
    #[must_use]
    pub fn slots(&self) -> usize {
        let workers = self.pool.workers.len();
        self.backend.executor.slots().map_or(workers, |slots| slots.clamp(1, workers))
    }

    /// The time from a request to where actions run to its answer, without the execution; `None` where it is not known.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.backend.executor.latency()
    }

    /// Tells the executor that actions will come soon, with inputs mostly from these trees.
    pub fn expect_actions(&self, inputs: &[Digest]) {
        self.backend.executor.expect_actions(inputs);
    }

    /// Numbers of actions that wait for a worker, and that run, of all stores of the pool.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        self.pool.shared.lock().queue.load()
    }
}

impl PoolShared {
    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes who waits or who works, and stops what has to make room then.
    fn change<T>(&self, change: impl FnOnce(&mut PoolState) -> T) -> T {
        let (changed, stopped) = {
            let mut state = self.lock();
            let (changed, workers) = (change(&mut state), state.workers);
            (changed, state.queue.preempt(workers))
        };
        stopped.iter().for_each(|job| job.cancel.cancel());
        changed
    }

    fn enqueue(
        self: &Arc<Self>,
        backend: &Arc<DigestBackend>,
        request: &ActionRequest,
        (granted, action): (GrantedAction, Action),
        listener: Arc<RequestListener>,
    ) -> Result<PendingRequest, ActionError> {
        let ActionRequest { priority, primed, skip_cache_lookup, .. } = *request;
        let policy = RequestPolicy { priority, primed, skip_cache_lookup, unshared: action.do_not_cache };
        let (key, queued, cancel) = ((backend.number, granted.key()), SystemTime::now(), Cancel::new());
        let _hold = Arc::new(backend.cas.hold()?);
        let (backend, requested) = (Arc::clone(backend), RequestSignal::default());
        let trees = Arc::clone(&request.trees);
        let job = || QueuedAction { backend, granted, action, queued, cancel, requested, trees, _hold };
        let full = |QueueFull| ActionError::Exhausted {
            what: "too many actions are waiting for a worker".to_owned(),
        };
        let (joined, requested) = self.change(|state| {
            if state.closing {
                return Err(ActionError::Cancelled);
            }
            let joined =
                state.queue.join_or_enqueue(key, policy, Arc::clone(&listener), job).map_err(full)?;
            let requested = state.queue.job(joined.execution).filter(|_| !primed);
            Ok((joined, requested.map(|job| job.requested.clone())))
        })?;
        if let Some(requested) = requested {
            requested.send();
        }
        self.wake.notify_one();
        listener.tell(if joined.running { Progress::Executing } else { Progress::Queued });
        Ok(PendingRequest { place: Some((Arc::clone(self), joined.execution, joined.waiter)) })
    }

    pub(super) fn start(
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<JoinHandle<()>, ActionError> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        thread.map_err(|error| {
            ActionError::failed("action-no-thread", "cannot start a worker thread".to_owned(), error)
        })
    }

    /// Counts an overcommit worker.
    pub(super) fn add_worker(&self) {
        self.lock().workers += 1;
    }

    /// Counts an overcommit worker no more, and wakes all threads, so that its own ends.
    pub(super) fn remove_worker(&self) {
        self.change(|state| state.workers -= 1);
        self.wake.notify_all();
    }

    /// What a thread of the pool does all its life, which may be over before the pool's.
    pub(super) fn work(&self, over: &AtomicBool) {
        while let Some(started) = self.next(over) {
            let StartedExecution { execution, ref job, .. } = started;
            let cached = if job.action.do_not_cache { None } else { self.late_hit(execution, job) };
            let answer = match cached {
                Some(done) => Ok(done),
                None => self.run(&started),
            };
            let waiters = self.complete(execution, &answer);
            for (number, waiter) in waiters.iter().enumerate() {
                waiter.answer(&answer, number > 0);
            }
        }
    }

    /// The requests to answer; none if the execution was preempted and is queued again.
    fn complete(&self, execution: ExecutionId, answer: &ActionAnswer) -> Vec<Arc<RequestListener>> {
        let cancelled = matches!(answer, Err(ActionError::Cancelled));
        let waiters = self.change(|state| {
            let requeued = cancelled && state.queue.requeue(execution, |job| job.cancel = Cancel::new());
            if requeued { Vec::new() } else { state.queue.complete(execution) }
        });
        if waiters.is_empty() {
            // This thread may be an overcommit worker that ends now.
            self.wake.notify_one();
        }
        waiters
    }

    fn next(&self, over: &AtomicBool) -> Option<StartedExecution<QueuedAction>> {
        let mut state = self.lock();
        loop {
            if state.closing || over.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(next) = state.queue.take() {
                return Some(next);
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A result that came between the request's look at the cache and now.
    fn late_hit(&self, execution: ExecutionId, job: &QueuedAction) -> Option<Arc<AnsweredAction>> {
        let result = job.backend.cache.get(&job.granted).ok().flatten()?;
        let must_run = self.lock().queue.must_run(execution);
        (!must_run).then(|| AnsweredAction { result, answered: AnswerSource::CacheHit, report: None }.into())
    }

    fn run(&self, started: &StartedExecution<QueuedAction>) -> ActionAnswer {
        let StartedExecution { execution, ref job, primed, priority } = *started;
        let (waiters, skip_cache_lookup) = {
            let state = self.lock();
            let waiters: Vec<_> = state.queue.waiters(execution).cloned().collect();
            (waiters, state.queue.must_run(execution))
        };
        waiters.iter().for_each(|waiter| waiter.tell(Progress::Executing));
        let QueuedAction { granted, ref action, queued, ref requested, .. } = *job;
        let (action, requested, trees) = (action.clone(), requested.clone(), Arc::clone(&job.trees));
        let task =
            ExecutorTask { granted, action, queued, primed, priority, requested, skip_cache_lookup, trees };
        job.backend.execute(&task, &job.cancel)
    }
}

impl Drop for PendingRequest {
    fn drop(&mut self) {
        let Some((shared, execution, waiter)) = self.place.take() else { return };
        if let Some(abandoned) = shared.change(|state| state.queue.withdraw(execution, waiter)) {
            abandoned.cancel.cancel();
        }
    }
}

impl Drop for WorkerPool {
    fn drop(&mut self) {
        let executions = {
            let mut state = self.shared.lock();
            state.closing = true;
            state.queue.clear()
        };
        self.shared.wake.notify_all();
        for (job, waiters) in executions {
            job.cancel.cancel();
            for waiter in waiters {
                waiter.tell(Progress::Completed(Err(ActionError::Cancelled)));
            }
        }
        let overcommit =
            std::mem::take(&mut *self.shared.overcommit.lock().unwrap_or_else(PoisonError::into_inner));
        let own = std::thread::current().id();
        // A worker may be the last who held this; it cannot wait for itself, and ends next.
        for worker in self.workers.drain(..).chain(overcommit).filter(|worker| worker.thread().id() != own) {
            // A worker that panicked is gone as well.
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for PoolShared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PoolShared({:?})", self.lock().queue.load())
    }
}

impl fmt::Debug for Executions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Executions({:?})", self.load())
    }
}

impl fmt::Debug for PendingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingRequest({:?})", self.place.as_ref().map(|(_, execution, _)| execution))
    }
}
