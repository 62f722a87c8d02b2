//! Who waits for what, and what is next: a pure state machine.
//!
//! A *execution* is one execution, queued or running, and all who wait for it. Requests for one action share a execution
//! unless they must not. A *primed* execution is one that nobody has asked for yet: it goes when nothing else waits, and
//! gives its worker up to a execution that somebody waits for.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// Executions of jobs `J` named by keys `K`, with waiters `W`.
#[derive(Debug)]
pub(crate) struct ExecutionQueue<K, J, W> {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ExecutionId(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WaiterId(u64);

/// Orders executions: all that somebody asked for, then the primed ones; lower numbers first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Urgency {
    primed: bool,
    priority: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExecutionStage {
    Ready,
    Running,
    /// It was told to give its worker up.
    Stopping,
}

#[derive(Debug)]
struct Execution<K, J, W> {
    key: K,
    job: J,
    /// Of the most urgent who waits.
    rank: Urgency,
    stage: ExecutionStage,
    /// How often it gave its worker up.
    stops: u8,
    waiters: Vec<Waiter<W>>,
}

#[derive(Debug)]
struct Waiter<W> {
    id: WaiterId,
    policy: RequestPolicy,
    who: W,
}

/// How a request wants to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestPolicy {
    /// Lower numbers go first.
    pub(crate) priority: i32,
    /// Nobody waits for it in earnest.
    pub(crate) primed: bool,
    /// Not content with a result that exists.
    pub(crate) skip_cache_lookup: bool,
    /// Shares no execution.
    pub(crate) unshared: bool,
}

/// Where a request has ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JoinedExecution {
    pub(crate) execution: ExecutionId,
    pub(crate) waiter: WaiterId,
    /// Whether a worker has it already.
    pub(crate) running: bool,
}

/// A execution that a worker got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StartedExecution<J> {
    pub(crate) execution: ExecutionId,
    pub(crate) job: J,
    /// Whether nobody has asked for it yet.
    pub(crate) primed: bool,
}

/// A primed execution that gave its worker up so often waits for another; with the next time it is over.
const MOST_STOPS: u8 = 2;

/// There are as many executions waiting as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

impl<K: Clone + Eq + Hash, J: Clone, W> ExecutionQueue<K, J, W> {
    /// A queue of at most `bound` executions that wait for a worker.
    pub(crate) fn new(bound: usize) -> Self {
        let (ready, running) = (BTreeSet::new(), BTreeSet::new());
        Self { executions: HashMap::new(), shared: HashMap::new(), ready, running, next: 0, bound }
    }

    /// Adds a waiter to the execution of its key, or to a new one with the job `job`.
    pub(crate) fn join_or_enqueue(
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
        self.rank(execution);
        Ok(JoinedExecution { execution, waiter: id, running })
    }

    /// Takes the next execution for a worker.
    pub(crate) fn take(&mut self) -> Option<StartedExecution<J>> {
        let (rank, execution) = self.ready.pop_first()?;
        self.running.insert((rank, execution));
        let entry = self.executions.get_mut(&execution).expect("ready executions are in the table");
        entry.stage = ExecutionStage::Running;
        Some(StartedExecution { execution, job: entry.job.clone(), primed: rank.primed })
    }

    /// Chooses the primed executions that have to give their workers up, so that of `workers` workers none has a primed
    /// execution while something that somebody asked for waits: the least urgent and youngest, one for each that finds no
    /// idle worker. Their jobs have to be stopped, and then [`again`](Self::again) has to be asked.
    pub(crate) fn preempt(&mut self, workers: usize) -> Vec<J> {
        let idle = workers.saturating_sub(self.running.len());
        let asked = self.ready.iter().take_while(|(rank, _)| !rank.primed).skip(idle);
        let primed = self.running.iter().rev().take_while(|(rank, _)| rank.primed);
        let last: Vec<_> = primed.zip(asked).map(|(primed, _)| *primed).collect();
        let mut stopped = Vec::new();
        for (rank, execution) in last {
            self.running.remove(&(rank, execution));
            let entry = self.executions.get_mut(&execution).expect("running executions are in the table");
            entry.stage = ExecutionStage::Stopping;
            entry.stops += 1;
            stopped.push(entry.job.clone());
        }
        stopped
    }

    /// Puts a execution that has given its worker up back among those that wait, with a job to start anew; `false` if it
    /// was not told to, or has done so too often already. The bound does not count: it was let in before.
    pub(crate) fn requeue(&mut self, execution: ExecutionId, renew: impl FnOnce(&mut J)) -> bool {
        let Some(entry) = self.executions.get_mut(&execution) else { return false };
        if entry.stage != ExecutionStage::Stopping || (entry.rank.primed && entry.stops > MOST_STOPS) {
            return false;
        }
        entry.stage = ExecutionStage::Ready;
        renew(&mut entry.job);
        self.ready.insert((entry.rank, execution))
    }

    /// Those who wait for a execution.
    pub(crate) fn waiters(&self, execution: ExecutionId) -> impl Iterator<Item = &W> {
        self.executions
            .get(&execution)
            .into_iter()
            .flat_map(|entry| entry.waiters.iter().map(|waiter| &waiter.who))
    }

    /// Whether somebody wants it run whatever there is.
    pub(crate) fn must_run(&self, execution: ExecutionId) -> bool {
        self.executions
            .get(&execution)
            .is_some_and(|entry| entry.waiters.iter().any(|waiter| waiter.policy.skip_cache_lookup))
    }

    /// Ends a execution and hands out who waited for it, in the order they came; nobody if it was abandoned.
    pub(crate) fn complete(&mut self, execution: ExecutionId) -> Vec<W> {
        let Some(entry) = self.remove(execution) else { return Vec::new() };
        entry.waiters.into_iter().map(|waiter| waiter.who).collect()
    }

    /// Takes a waiter off a execution, and the execution off the queue with the last of them: answers with its job then, which
    /// has to be stopped if it runs.
    pub(crate) fn withdraw(&mut self, execution: ExecutionId, waiter: WaiterId) -> Option<J> {
        let entry = self.executions.get_mut(&execution)?;
        entry.waiters.retain(|other| other.id != waiter);
        if entry.waiters.is_empty() {
            return self.remove(execution).map(|entry| entry.job);
        }
        self.rank(execution);
        None
    }

    /// Takes everything off the queue.
    pub(crate) fn clear(&mut self) -> Vec<(J, Vec<W>)> {
        self.shared.clear();
        self.ready.clear();
        self.running.clear();
        let executions = self.executions.drain().map(|(_, entry)| entry);
        executions
            .map(|entry| (entry.job, entry.waiters.into_iter().map(|waiter| waiter.who).collect()))
            .collect()
    }

    /// Numbers of executions that wait for a worker, and that run.
    pub(crate) fn load(&self) -> (usize, usize) {
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
        let (rank, stage) = (policy.rank(), ExecutionStage::Ready);
        self.ready.insert((rank, execution));
        let entry = Execution { key, job: job(), rank, stage, stops: 0, waiters: Vec::new() };
        self.executions.insert(execution, entry);
        Ok(execution)
    }

    fn remove(&mut self, execution: ExecutionId) -> Option<Execution<K, J, W>> {
        let entry = self.executions.remove(&execution)?;
        if let Some(set) = self.set(entry.stage) {
            set.remove(&(entry.rank, execution));
        }
        if self.shared.get(&entry.key) == Some(&execution) {
            self.shared.remove(&entry.key);
        }
        Some(entry)
    }

    /// Puts a execution where the most urgent who waits for it wants it, after somebody came or left.
    fn rank(&mut self, execution: ExecutionId) {
        let Some(entry) = self.executions.get_mut(&execution) else { return };
        let Some(rank) = entry.waiters.iter().map(|waiter| waiter.policy.rank()).min() else { return };
        let (stage, before) = (entry.stage, std::mem::replace(&mut entry.rank, rank));
        if let Some(set) = self.set(stage) {
            set.remove(&(before, execution));
            set.insert((rank, execution));
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
    fn rank(self) -> Urgency {
        Urgency { primed: self.primed, priority: self.priority }
    }
}

#[cfg(test)]
mod tests;
