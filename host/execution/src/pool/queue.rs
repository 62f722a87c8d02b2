//! Joins equal requests and orders executions: a pure state machine, without threads.
//!
//! An *execution* is queued or runs, and has the requests that wait for it, its waiters. Requests for one action join one
//! execution unless their policies forbid it. A *primed* execution is one that nobody has requested yet: it starts when no
//! requested execution is queued, and is preempted when a requested one finds no idle worker.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// Executions of jobs `J` named by keys `K`, with waiters `W`.
#[derive(Debug)]
pub struct ExecutionQueue<K, J, W> {
    executions: HashMap<ExecutionId, Execution<K, J, W>>,
    /// The execution that a request for this key joins.
    shared: HashMap<K, ExecutionId>,
    /// Executions that wait for a worker: the most urgent first, then the oldest.
    ready: BTreeSet<(Urgency, ExecutionId)>,
    /// Executions that have a worker and may keep it, in the same order.
    running: BTreeSet<(Urgency, ExecutionId)>,
    next: u64,
    bound: usize,
}

/// An execution of an [`ExecutionQueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionId(u64);

/// A waiter of an [`ExecutionQueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterId(u64);

/// Orders executions: first those that somebody requested, then the primed ones; among each, lower numbers first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Urgency {
    primed: bool,
    priority: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExecutionStage {
    Ready,
    Running,
    /// It was preempted and has not ended yet.
    Stopping,
}

#[derive(Debug)]
struct Execution<K, J, W> {
    key: K,
    job: J,
    /// That of its most urgent waiter.
    urgency: Urgency,
    stage: ExecutionStage,
    /// How often it was preempted.
    preemptions: u8,
    waiters: Vec<Waiter<W>>,
}

#[derive(Debug)]
struct Waiter<W> {
    id: WaiterId,
    policy: RequestPolicy,
    who: W,
}

/// How a request is to be queued and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestPolicy {
    /// Lower numbers go first.
    pub priority: i32,
    /// It was sent by priming: nobody has requested the action yet.
    pub primed: bool,
    /// A cached result is no answer to it.
    pub skip_cache_lookup: bool,
    /// It joins no other execution, and nobody joins its own.
    pub unshared: bool,
}

/// The execution that a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinedExecution {
    /// The execution.
    pub execution: ExecutionId,
    /// The request among its waiters.
    pub waiter: WaiterId,
    /// Whether a worker has it already.
    pub running: bool,
}

/// An execution that a worker got.
#[derive(Debug, PartialEq, Eq)]
pub struct StartedExecution<J> {
    /// The execution.
    pub execution: ExecutionId,
    /// Its job.
    pub job: J,
    /// Whether nobody has requested it yet.
    pub primed: bool,
    /// Lower numbers go first.
    pub priority: i32,
}

/// A primed execution is queued again after so many preemptions; the next one cancels it.
const MAX_PREEMPTIONS: u8 = 2;

/// As many executions are queued as the queue takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFull;

impl<K: Clone + Eq + Hash, J: Clone, W> ExecutionQueue<K, J, W> {
    /// A queue of at most `bound` executions that wait for a worker.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        let (ready, running) = (BTreeSet::new(), BTreeSet::new());
        Self { executions: HashMap::new(), shared: HashMap::new(), ready, running, next: 0, bound }
    }

    /// Adds a waiter to the execution of its key, or to a new one with the job `job`.
    ///
    /// # Errors
    /// When it is to be a new one, and as many are queued as the queue takes.
    ///
    /// # Panics
    /// Never: shared executions are in the table.
    pub fn join_or_enqueue(
        &mut self,
        key: K,
        policy: RequestPolicy,
        waiter: W,
        job: impl FnOnce() -> J,
    ) -> Result<JoinedExecution, QueueFull> {
        let joined = self.shared.get(&key).copied().filter(|_| !policy.unshared);
        let execution = match joined {
            Some(execution) => execution,
            None => self.enqueue(key, policy, job)?,
        };
        let id = WaiterId(self.number());
        let entry =
            self.executions.get_mut(&execution).expect("shared executions and new ones are in the table");
        entry.waiters.push(Waiter { id, policy, who: waiter });
        let running = entry.stage == ExecutionStage::Running;
        self.update_urgency(execution);
        Ok(JoinedExecution { execution, waiter: id, running })
    }

    /// Takes the next execution for a worker.
    ///
    /// # Panics
    /// Never: ready executions are in the table.
    pub fn take(&mut self) -> Option<StartedExecution<J>> {
        let (urgency, execution) = self.ready.pop_first()?;
        self.running.insert((urgency, execution));
        let entry = self.executions.get_mut(&execution).expect("ready executions are in the table");
        entry.stage = ExecutionStage::Running;
        let Urgency { primed, priority } = urgency;
        Some(StartedExecution { execution, job: entry.job.clone(), primed, priority })
    }

    /// Preempts primed executions, so that of `workers` workers none has a primed execution while a requested one is
    /// queued: one for each requested execution that finds no idle worker, the least urgent and youngest first. The caller
    /// cancels the returned jobs, and calls [`requeue`](Self::requeue) when one has ended.
    ///
    /// # Panics
    /// Never: running executions are in the table.
    pub fn preempt(&mut self, workers: usize) -> Vec<J> {
        let idle = workers.saturating_sub(self.running.len());
        let asked = self.ready.iter().take_while(|(urgency, _)| !urgency.primed).skip(idle);
        let primed = self.running.iter().rev().take_while(|(urgency, _)| urgency.primed);
        let last: Vec<_> = primed.zip(asked).map(|(primed, _)| *primed).collect();
        let mut stopped = Vec::new();
        for (urgency, execution) in last {
            self.running.remove(&(urgency, execution));
            let entry = self.executions.get_mut(&execution).expect("running executions are in the table");
            entry.stage = ExecutionStage::Stopping;
            entry.preemptions += 1;
            stopped.push(entry.job.clone());
        }
        stopped
    }

    /// Queues a preempted execution again, with its job renewed; `false` if it was not preempted, or too often. The bound
    /// of the queue does not count: the execution was accepted before.
    pub fn requeue(&mut self, execution: ExecutionId, renew: impl FnOnce(&mut J)) -> bool {
        let Some(entry) = self.executions.get_mut(&execution) else { return false };
        if entry.stage != ExecutionStage::Stopping
            || (entry.urgency.primed && entry.preemptions > MAX_PREEMPTIONS)
        {
            return false;
        }
        entry.stage = ExecutionStage::Ready;
        renew(&mut entry.job);
        self.ready.insert((entry.urgency, execution))
    }

    /// The job of an execution.
    pub(crate) fn job(&self, execution: ExecutionId) -> Option<&J> {
        self.executions.get(&execution).map(|entry| &entry.job)
    }

    /// Those who wait for an execution.
    pub fn waiters(&self, execution: ExecutionId) -> impl Iterator<Item = &W> {
        self.executions
            .get(&execution)
            .into_iter()
            .flat_map(|entry| entry.waiters.iter().map(|waiter| &waiter.who))
    }

    /// Whether a waiter does not take a cached result.
    #[must_use]
    pub fn must_run(&self, execution: ExecutionId) -> bool {
        self.executions
            .get(&execution)
            .is_some_and(|entry| entry.waiters.iter().any(|waiter| waiter.policy.skip_cache_lookup))
    }

    /// Ends an execution and returns its waiters, in the order they came; none if all withdrew.
    pub fn complete(&mut self, execution: ExecutionId) -> Vec<W> {
        let Some(entry) = self.remove(execution) else { return Vec::new() };
        entry.waiters.into_iter().map(|waiter| waiter.who).collect()
    }

    /// Removes a waiter from an execution, and the execution with its last waiter: returns the job then, which the caller
    /// cancels if it runs.
    pub fn withdraw(&mut self, execution: ExecutionId, waiter: WaiterId) -> Option<J> {
        let entry = self.executions.get_mut(&execution)?;
        entry.waiters.retain(|other| other.id != waiter);
        if entry.waiters.is_empty() {
            return self.remove(execution).map(|entry| entry.job);
        }
        self.update_urgency(execution);
        None
    }

    /// Takes everything off the queue.
    pub fn clear(&mut self) -> Vec<(J, Vec<W>)> {
        self.shared.clear();
        self.ready.clear();
        self.running.clear();
        let executions = self.executions.drain().map(|(_, entry)| entry);
        executions
            .map(|entry| (entry.job, entry.waiters.into_iter().map(|waiter| waiter.who).collect()))
            .collect()
    }

    /// Numbers of executions that wait for a worker, and that run.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (self.ready.len(), self.executions.len() - self.ready.len())
    }

    fn enqueue(
        &mut self,
        key: K,
        policy: RequestPolicy,
        job: impl FnOnce() -> J,
    ) -> Result<ExecutionId, QueueFull> {
        if self.ready.len() >= self.bound {
            return Err(QueueFull);
        }
        let execution = ExecutionId(self.number());
        if !policy.unshared {
            self.shared.insert(key.clone(), execution);
        }
        let (urgency, stage) = (policy.urgency(), ExecutionStage::Ready);
        self.ready.insert((urgency, execution));
        let entry = Execution { key, job: job(), urgency, stage, preemptions: 0, waiters: Vec::new() };
        self.executions.insert(execution, entry);
        Ok(execution)
    }

    fn remove(&mut self, execution: ExecutionId) -> Option<Execution<K, J, W>> {
        let entry = self.executions.remove(&execution)?;
        if let Some(set) = self.set(entry.stage) {
            set.remove(&(entry.urgency, execution));
        }
        if self.shared.get(&entry.key) == Some(&execution) {
            self.shared.remove(&entry.key);
        }
        Some(entry)
    }

    /// Moves an execution to where its most urgent waiter wants it, after a waiter came or left.
    fn update_urgency(&mut self, execution: ExecutionId) {
        let Some(entry) = self.executions.get_mut(&execution) else { return };
        let Some(urgency) = entry.waiters.iter().map(|waiter| waiter.policy.urgency()).min() else { return };
        let (stage, before) = (entry.stage, std::mem::replace(&mut entry.urgency, urgency));
        if let Some(set) = self.set(stage) {
            set.remove(&(before, execution));
            set.insert((urgency, execution));
        }
    }

    /// Where executions of a stage are kept in order.
    fn set(&mut self, stage: ExecutionStage) -> Option<&mut BTreeSet<(Urgency, ExecutionId)>> {
        match stage {
            ExecutionStage::Ready => Some(&mut self.ready),
            ExecutionStage::Running => Some(&mut self.running),
            ExecutionStage::Stopping => None,
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl RequestPolicy {
    fn urgency(self) -> Urgency {
        Urgency { primed: self.primed, priority: self.priority }
    }
}

#[cfg(test)]
mod tests;
