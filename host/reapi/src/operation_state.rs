//! The state of an operation: which stage its execution has reached.

use std::sync::Arc;
use std::time::{Duration, Instant};

use spec_execution::{ActionAnswer, Progress};
use spec_model::{Digest, UserError};
use tokio::sync::watch;

use crate::metrics::{self, Metrics};

/// REAPI's `ExecutionStage`, with the answer of a completed execution.
#[derive(Clone, Debug)]
pub(crate) enum ExecutionStage {
    CacheCheck,
    Queued,
    Executing,
    Completed(ActionAnswer),
}

/// The state of one operation: its present stage, which clients watch. A clone is another handle on the same state.
#[derive(Clone)]
pub(crate) struct OperationState {
    action: Digest,
    since: Instant,
    stage: watch::Sender<ExecutionStage>,
    metrics: Arc<Metrics>,
}

impl ExecutionStage {
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Completed(_))
    }
}

impl From<Progress> for ExecutionStage {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Queued => Self::Queued,
            Progress::Executing => Self::Executing,
            Progress::Completed(answer) => Self::Completed(answer),
        }
    }
}

impl OperationState {
    pub(crate) fn new(action: Digest, metrics: Arc<Metrics>) -> Self {
        Self { action, since: Instant::now(), stage: watch::Sender::new(ExecutionStage::CacheCheck), metrics }
    }

    /// Changes to a stage. The first final stage stays, and is counted and logged: a cancelled operation stays cancelled.
    pub(crate) fn advance(&self, next: ExecutionStage) {
        let answer = match &next {
            ExecutionStage::Completed(answer) => Some(answer.clone()),
            _ => None,
        };
        let changed = self.stage.send_if_modified(|stage| {
            let is_open = !stage.is_final();
            if is_open {
                *stage = next;
            }
            is_open
        });
        if let Some(answer) = answer.filter(|_| changed) {
            self.metrics.count_action(&answer);
            log(&self.action, &answer, self.since.elapsed());
        }
    }

    pub(crate) fn stage(&self) -> ExecutionStage {
        self.stage.borrow().clone()
    }

    pub(crate) fn is_completed(&self) -> bool {
        self.stage.borrow().is_final()
    }

    /// Receives every later stage.
    pub(crate) fn watch(&self) -> watch::Receiver<ExecutionStage> {
        self.stage.subscribe()
    }
}

fn log(action: &Digest, answer: &ActionAnswer, took: Duration) {
    let (answered, took_ms) = (metrics::outcome(answer), took.as_secs_f64() * 1000.0);
    match answer {
        Ok(done) => {
            let exit_code = done.result.exit_code;
            tracing::info!(%action, answered, exit_code, took_ms, "action");
        }
        Err(error) => {
            let (reason, detail, hint) = (error.reason(), error.detail().unwrap_or_default(), error.hint());
            tracing::info!(%action, answered, reason, took_ms, detail, hint, "action: {error}");
        }
    }
}

#[cfg(test)]
mod tests;
