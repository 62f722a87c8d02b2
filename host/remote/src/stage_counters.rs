//! Counts the actions in each stage on a server, and estimates from that how many it runs at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// An action that was queued for longer found no idle worker; a shorter time is that of the server's own work.
const LONG_QUEUED: Duration = Duration::from_millis(100);

/// How far an operation has come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OperationStage {
    /// The server has not said that it waits or runs.
    Unknown,
    /// It has been waiting for a worker since then.
    Queued(Instant),
    /// A worker has it.
    Executing,
    /// It is done, or nobody follows it any more.
    Ended,
}

impl OperationStage {
    pub(crate) fn is_queued(self) -> bool {
        matches!(self, Self::Queued(_))
    }
}

/// Numbers of actions in each stage.
#[derive(Debug, Default)]
pub(crate) struct StageCounters {
    /// Actions that wait for a worker.
    pub(crate) queued: AtomicU64,
    executing: AtomicU64,
    /// How many actions the server runs at a time; 0 while that is not known.
    workers: AtomicU64,
}

impl StageCounters {
    /// How many actions the server runs at a time, as it seems: so many were running when another one that had been waiting
    /// began, or more since. `None` while no action had to wait.
    pub(crate) fn workers(&self) -> Option<u64> {
        Some(self.workers.load(Ordering::Relaxed)).filter(|workers| *workers > 0)
    }

    /// An action has come from one stage to another.
    pub(crate) fn change(&self, before: OperationStage, after: OperationStage) {
        match before {
            OperationStage::Queued(_) => _ = self.queued.fetch_sub(1, Ordering::Relaxed),
            OperationStage::Executing => _ = self.executing.fetch_sub(1, Ordering::Relaxed),
            OperationStage::Unknown | OperationStage::Ended => {}
        }
        match (after, before) {
            (OperationStage::Queued(_), _) => _ = self.queued.fetch_add(1, Ordering::Relaxed),
            (OperationStage::Executing, OperationStage::Queued(since)) => self.begin(since.elapsed()),
            (OperationStage::Executing, OperationStage::Executing) => {
                _ = self.executing.fetch_add(1, Ordering::Relaxed);
            }
            (OperationStage::Executing, _) => self.begin(Duration::ZERO),
            (OperationStage::Unknown | OperationStage::Ended, _) => {}
        }
    }

    /// An action has begun to run, after it was queued for this time.
    fn begin(&self, queued: Duration) {
        let running = self.executing.fetch_add(1, Ordering::Relaxed) + 1;
        if queued >= LONG_QUEUED {
            self.workers.store(running, Ordering::Relaxed);
        } else if self.workers().is_some() {
            self.workers.fetch_max(running, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(counters: &StageCounters) {
        counters.executing.fetch_sub(1, Ordering::Relaxed);
    }

    #[test]
    fn as_many_run_as_ran_when_one_that_had_waited_began() {
        let counters = StageCounters::default();
        (0..3).for_each(|_| counters.begin(Duration::from_millis(1)));
        assert_eq!(counters.workers(), None, "none had to wait");
        end(&counters);
        counters.begin(LONG_QUEUED);
        assert_eq!(counters.workers(), Some(3));
        counters.begin(Duration::ZERO);
        assert_eq!(counters.workers(), Some(4), "there is a worker more");
        (0..3).for_each(|_| end(&counters));
        counters.begin(Duration::ZERO);
        assert_eq!(counters.workers(), Some(4), "idle workers are workers");
        end(&counters);
        counters.begin(LONG_QUEUED);
        assert_eq!(counters.workers(), Some(2), "others use the rest");
    }
}
