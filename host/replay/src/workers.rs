//! Simulated workers: requests before primed actions, joined and preempted as in builds.

use std::collections::BTreeMap;

use spec_execution::{ExecutionId, ExecutionQueue, RequestPolicy, WaiterId};
use spec_model::Digest;

/// Who waits for an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExecutionWaiter {
    /// The request of this index of an element.
    Request(usize, usize),
    /// The submission of this number.
    Primed(u64),
}

/// A worker is busy with an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkerRun {
    pub(crate) execution: ExecutionId,
    pub(crate) action: Digest,
    pub(crate) started_us: u64,
}

/// An execution that was stopped to make room for requests.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoppedRun {
    /// How long it had been running.
    pub(crate) ran_us: u64,
    /// Those who wait for it, if it is not queued again.
    pub(crate) given_up: Vec<ExecutionWaiter>,
}

/// Workers and the queue in front of them.
#[derive(Debug)]
pub(crate) struct SimulatedWorkers {
    queue: ExecutionQueue<Digest, Digest, ExecutionWaiter>,
    count: usize,
    /// By number.
    runs: BTreeMap<u64, WorkerRun>,
    next_run: u64,
}

impl SimulatedWorkers {
    pub(crate) fn new(count: usize) -> Self {
        let queue = ExecutionQueue::new(usize::MAX);
        Self { queue, count: count.max(1), runs: BTreeMap::new(), next_run: 0 }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Actions that wait or run.
    pub(crate) fn busy(&self) -> usize {
        let (waiting, running) = self.queue.load();
        waiting + running
    }

    /// Queues an action, or joins the execution of it.
    pub(crate) fn submit(
        &mut self,
        action: Digest,
        priority: i32,
        waiter: ExecutionWaiter,
    ) -> Option<(ExecutionId, WaiterId)> {
        let primed = matches!(waiter, ExecutionWaiter::Primed(_));
        let policy = RequestPolicy { priority, primed, skip_cache_lookup: false, unshared: false };
        let joined = self.queue.join_or_enqueue(action, policy, waiter, || action).ok()?;
        Some((joined.execution, joined.waiter))
    }

    /// Stops primed actions for requests that wait.
    pub(crate) fn preempt(&mut self, now_us: u64) -> Vec<StoppedRun> {
        let stopped = self.queue.preempt(self.count);
        stopped.into_iter().filter_map(|action| self.stop(action, now_us)).collect()
    }

    fn stop(&mut self, action: Digest, now_us: u64) -> Option<StoppedRun> {
        let number = *self.runs.iter().find(|(_, run)| run.action == action)?.0;
        let run = self.runs.remove(&number)?;
        let given_up = match self.queue.requeue(run.execution, |_| {}) {
            true => Vec::new(),
            false => self.queue.complete(run.execution),
        };
        Some(StoppedRun { ran_us: now_us - run.started_us, given_up })
    }

    /// Gives waiting actions to idle workers: the numbers of the runs, with their actions.
    pub(crate) fn start(&mut self, now_us: u64) -> Vec<(u64, Digest)> {
        let mut started = Vec::new();
        while self.runs.len() < self.count
            && let Some(next) = self.queue.take()
        {
            let number = self.next_run;
            self.next_run += 1;
            let run = WorkerRun { execution: next.execution, action: next.job, started_us: now_us };
            self.runs.insert(number, run);
            started.push((number, next.job));
        }
        started
    }

    /// A run ends: the action, and who waited for it. `None` if it was stopped before.
    pub(crate) fn end(&mut self, run: u64) -> Option<(Digest, Vec<ExecutionWaiter>)> {
        let run = self.runs.remove(&run)?;
        Some((run.action, self.queue.complete(run.execution)))
    }

    /// Somebody waits no more. Returns how long the action ran in vain, if nobody else waits for it.
    pub(crate) fn withdraw(&mut self, execution: ExecutionId, waiter: WaiterId, now_us: u64) -> Option<u64> {
        self.queue.withdraw(execution, waiter)?;
        let number = self.runs.iter().find(|(_, run)| run.execution == execution).map(|(number, _)| *number);
        let run = number.and_then(|number| self.runs.remove(&number));
        Some(run.map_or(0, |run| now_us - run.started_us))
    }

    /// When an execution began to run.
    pub(crate) fn started_us(&self, execution: ExecutionId) -> Option<u64> {
        self.runs.values().find(|run| run.execution == execution).map(|run| run.started_us)
    }
}
