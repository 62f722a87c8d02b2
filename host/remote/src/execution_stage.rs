//! Follows the stages of the actions that a server executes, and estimates from them how many it runs at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bazel_remote_apis::google::longrunning::Operation;
use spec_proto::reapi::execution_stage;
use spec_proto::{Message, reapi};

use crate::remote::Remote;

/// An action that was queued for longer found no idle worker; a shorter time is that of the server's own work.
const LONG_QUEUED: Duration = Duration::from_millis(100);

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

/// The stage of one action. It has none any more when this is dropped.
pub(crate) struct OperationStage {
    remote: Remote,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    /// The server has said nothing of it, or it has ended.
    Unknown,
    Queued(Instant),
    Executing,
}

impl OperationStage {
    /// An action of which the server has said nothing yet.
    pub(crate) fn new(remote: &Remote) -> Self {
        Self { remote: remote.clone(), stage: Stage::Unknown }
    }

    /// Takes note of what the server says of the operation.
    pub(crate) fn note(&mut self, operation: &Operation) {
        let metadata = operation.metadata.as_ref();
        let metadata = metadata.and_then(|any| reapi::ExecuteOperationMetadata::decode(&any.value[..]).ok());
        let stage = metadata.map_or(execution_stage::Value::Unknown, |metadata| metadata.stage());
        self.set(match (stage, self.stage) {
            _ if operation.done => Stage::Unknown,
            (execution_stage::Value::Queued, Stage::Queued(since)) => Stage::Queued(since),
            (execution_stage::Value::Queued, _) => Stage::Queued(Instant::now()),
            (execution_stage::Value::Executing, _) => Stage::Executing,
            _ => Stage::Unknown,
        });
    }

    fn set(&mut self, stage: Stage) {
        let counters = &self.remote.counters().stages;
        match (self.stage, stage) {
            (Stage::Executing, Stage::Executing) | (Stage::Queued(_), Stage::Queued(_)) => {}
            (before, after) => {
                match before {
                    Stage::Queued(_) => _ = counters.queued.fetch_sub(1, Ordering::Relaxed),
                    Stage::Executing => _ = counters.executing.fetch_sub(1, Ordering::Relaxed),
                    Stage::Unknown => {}
                }
                match (after, before) {
                    (Stage::Queued(_), _) => _ = counters.queued.fetch_add(1, Ordering::Relaxed),
                    (Stage::Executing, Stage::Queued(since)) => counters.begin(since.elapsed()),
                    (Stage::Executing, _) => counters.begin(Duration::ZERO),
                    (Stage::Unknown, _) => {}
                }
            }
        }
        self.stage = stage;
    }
}

impl Drop for OperationStage {
    fn drop(&mut self) {
        self.set(Stage::Unknown);
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
