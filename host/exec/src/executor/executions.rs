//! The pool: answers requests from the action cache, by joining, or by executing.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::SystemTime;

use spec_cas::Cas;
use spec_model::{Action, Answered, Cancel, Digest};

use super::listener::Listener;
use super::queue::{FlightId, Full, Left, Manner, Queue, WaiterId};
use super::{ActionError, Answer, Done, Executor, Order, Progress, Request, ResultCache, load};

/// Sizes of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// Actions that run at the same time; at least 1.
    pub workers: usize,
    /// Most actions that wait for a worker; further ones are refused.
    pub max_queued: usize,
}

/// Answers requests for actions. Dropping it cancels what runs and ends the threads.
pub struct Executions {
    pub(super) shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

/// A request that is being answered. Dropping it gives up: with the last who waits, the action is killed.
#[must_use = "dropping it gives the request up"]
pub struct Ticket {
    /// Absent when there is nothing to wait for.
    place: Option<(Arc<Shared>, FlightId, WaiterId)>,
}

pub(super) struct Shared {
    cas: Cas,
    cache: ResultCache,
    executor: Arc<dyn Executor>,
    state: Mutex<State>,
    wake: Condvar,
    /// Threads of [`Spare`](super::Spare) workers.
    pub(super) spares: Mutex<Vec<JoinHandle<()>>>,
}

struct State {
    queue: Queue<Digest, Job, Arc<Listener>>,
    closing: bool,
}

#[derive(Clone)]
struct Job {
    order: Arc<Order>,
    cancel: Cancel,
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
        let state = Mutex::new(State { queue: Queue::new(options.max_queued), closing: false });
        let (wake, spares) = (Condvar::new(), Mutex::default());
        let shared = Arc::new(Shared { cas, cache, executor, state, wake, spares });
        let mut executions = Self { shared, workers: Vec::new() };
        for number in 0..options.workers.max(1) {
            let shared = Arc::clone(&executions.shared);
            let work = move || shared.work(&AtomicBool::new(false));
            executions.workers.push(Shared::start(&format!("action-{number}"), work)?);
        }
        Ok(executions)
    }

    /// Takes a request. `listener` is told of every stage, in order and each at most once, from any thread, perhaps
    /// before this returns; it must neither block nor call back. Once the ticket is dropped it is soon told nothing
    /// more, not even an answer.
    ///
    /// # Errors
    /// [`ActionError::Missing`] when the action is not here, [`ActionError::Invalid`] when it is none, and
    /// [`ActionError::Exhausted`] when too many wait already; nothing is told then.
    pub fn submit(
        &self,
        request: &Request,
        listener: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Result<Ticket, ActionError> {
        let listener = Arc::new(Listener::new(request.action, request.recording.clone(), listener));
        if !request.skip_cache_lookup
            && let Some(result) = self.shared.cache.get(&request.action)?
        {
            let done = Done { result, answered: Answered::CacheHit };
            listener.tell(Progress::Completed(Ok(done.into())));
            return Ok(Ticket { place: None });
        }
        let action = load::action(&self.shared.cas, &request.action)?;
        self.shared.enqueue(request, action, listener)
    }

    /// Answers a request and waits for it; gives it up on `cancel`.
    ///
    /// # Errors
    /// See [`ActionError`].
    pub fn execute(&self, request: &Request, cancel: &Cancel) -> Answer {
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

    /// Numbers of actions that wait for a worker, and that run.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        self.shared.lock().queue.load()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(
        self: &Arc<Self>,
        request: &Request,
        action: Action,
        listener: Arc<Listener>,
    ) -> Result<Ticket, ActionError> {
        let (priority, alone) = (request.priority, action.do_not_cache);
        let manner = Manner { priority, fresh: request.skip_cache_lookup, alone };
        let order = Order { digest: request.action, action, queued: SystemTime::now() };
        let job = || Job { order: order.into(), cancel: Cancel::new() };
        let boarded = {
            let mut state = self.lock();
            if state.closing {
                return Err(ActionError::Cancelled);
            }
            state.queue.board(request.action, manner, Arc::clone(&listener), job)
        };
        let boarded = boarded.map_err(|Full| ActionError::Exhausted {
            what: "too many actions are waiting for a worker".to_owned(),
        })?;
        self.wake.notify_one();
        listener.tell(if boarded.running { Progress::Executing } else { Progress::Queued });
        Ok(Ticket { place: Some((Arc::clone(self), boarded.flight, boarded.waiter)) })
    }

    pub(super) fn start(
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<JoinHandle<()>, ActionError> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        thread.map_err(|error| ActionError::Internal {
            reason: "action-no-thread".to_owned(),
            message: format!("cannot start a worker thread: {error}"),
        })
    }

    /// Has all workers look whether their time is over.
    pub(super) fn wake_all(&self) {
        drop(self.lock());
        self.wake.notify_all();
    }

    /// What a thread of the pool does all its life, which may be over before the pool's.
    pub(super) fn work(&self, over: &AtomicBool) {
        while let Some((flight, job)) = self.next(over) {
            let order = &job.order;
            let cached = if order.action.do_not_cache { None } else { self.late_hit(flight, order) };
            let answer = match cached {
                Some(done) => Ok(done),
                None => self.run(flight, &job),
            };
            let waiters = self.lock().queue.land(flight);
            for (number, waiter) in waiters.iter().enumerate() {
                waiter.answer(&answer, number > 0);
            }
        }
    }

    fn next(&self, over: &AtomicBool) -> Option<(FlightId, Job)> {
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
    fn late_hit(&self, flight: FlightId, order: &Order) -> Option<Arc<Done>> {
        let result = self.cache.get(&order.digest).ok().flatten()?;
        let must_run = self.lock().queue.must_run(flight);
        (!must_run).then(|| Done { result, answered: Answered::CacheHit }.into())
    }

    fn run(&self, flight: FlightId, job: &Job) -> Answer {
        let waiters: Vec<_> = self.lock().queue.waiters(flight).cloned().collect();
        waiters.iter().for_each(|waiter| waiter.tell(Progress::Executing));
        // A panic must cost one action, not a worker and all who wait.
        let execute = AssertUnwindSafe(|| self.executor.execute(&job.order, &job.cancel));
        let executed = catch_unwind(execute).unwrap_or_else(|_| {
            let message = "the executor panicked; its message is in the log".to_owned();
            Err(ActionError::Internal { reason: "action-panic".to_owned(), message })
        })?;
        if executed.result.exit_code == 0 && !job.order.action.do_not_cache {
            self.cache.put(&job.order.digest, &executed.result)?;
        }
        Ok(Done { result: executed.result, answered: Answered::Executed }.into())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some((shared, flight, waiter)) = self.place.take() else { return };
        let left = shared.lock().queue.leave(flight, waiter);
        if let Left::Abandoned { job, .. } = left {
            job.cancel.cancel();
        }
    }
}

impl Drop for Executions {
    fn drop(&mut self) {
        let flights = {
            let mut state = self.shared.lock();
            state.closing = true;
            state.queue.clear()
        };
        self.shared.wake.notify_all();
        for (job, waiters) in flights {
            job.cancel.cancel();
            for waiter in waiters {
                waiter.tell(Progress::Completed(Err(ActionError::Cancelled)));
            }
        }
        let spares = std::mem::take(&mut *self.shared.spares.lock().unwrap_or_else(PoisonError::into_inner));
        let own = std::thread::current().id();
        // A worker may be the last who held this; it cannot wait for itself, and ends next.
        for worker in self.workers.drain(..).chain(spares).filter(|worker| worker.thread().id() != own) {
            // A worker that panicked is gone as well.
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared({:?})", self.lock().queue.load())
    }
}

impl fmt::Debug for Executions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Executions({:?})", self.load())
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({:?})", self.place.as_ref().map(|(_, flight, _)| flight))
    }
}
