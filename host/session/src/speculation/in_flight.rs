//! The executions of primed actions that are in flight.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use spec_execution::{
    ActionAnswer, ActionError, ActionRequest, Executions, PendingRequest, Progress, Rights,
};
use spec_model::{AnswerSource, Digest};
use spec_speculation::ActionId;
use spec_speculation::priming::{ExecutionEnd, ExecutionOutcome, WorkerLoad};

use super::event_channel::{EventSender, SpeculationEvent};
use super::recorded_events::cost;
use super::request_observer::output_files;

/// The executions of primed actions that are in flight.
pub(super) struct InFlightExecutions {
    executions: Arc<Executions>,
    events: EventSender,
    by_submission: HashMap<u64, InFlightExecution>,
    next_submission: u64,
}

struct InFlightExecution {
    action: ActionId,
    digest: Digest,
    /// When a worker began to execute it.
    started: Arc<OnceLock<Instant>>,
    // Dropping it cancels the execution, unless a request of a build joined it.
    _ticket: PendingRequest,
}

/// The end of an execution that was not started.
pub(super) const NOT_EXECUTED: ExecutionEnd =
    ExecutionEnd { outcome: ExecutionOutcome::NotExecuted, took_ms: 0, cpu_ms: 0, bytes: 0 };
const CONTENT_ELSEWHERE: ExecutionEnd =
    ExecutionEnd { outcome: ExecutionOutcome::ContentElsewhere, ..NOT_EXECUTED };
const FAILED: ExecutionEnd = ExecutionEnd { outcome: ExecutionOutcome::Failed, ..NOT_EXECUTED };

impl InFlightExecutions {
    /// None yet. They are submitted to `executions`, and their ends are sent to `events`.
    pub(super) fn new(executions: Arc<Executions>, events: EventSender) -> Self {
        Self { executions, events, by_submission: HashMap::new(), next_submission: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_submission.is_empty()
    }

    /// Submits an action with the rights of the build that is going to ask for it. Returns its end if it could not be
    /// submitted.
    pub(super) fn submit(
        &mut self,
        action: ActionId,
        digest: Digest,
        priority: i32,
        rights: Arc<Rights>,
    ) -> Option<ExecutionEnd> {
        let (submission, events) = (self.next_submission, self.events.clone());
        self.next_submission += 1;
        let started = Arc::new(OnceLock::new());
        let start = Arc::clone(&started);
        let request = ActionRequest { priority, primed: true, ..ActionRequest::new(digest, rights) };
        let submitted = self.executions.submit(&request, move |progress| match progress {
            Progress::Queued => {}
            Progress::Executing => _ = start.set(Instant::now()),
            Progress::Completed(answer) => {
                let end = execution_end(&answer);
                let executed = answer.iter().filter(|done| done.answered == AnswerSource::Executed);
                let cost = executed.map(|done| cost(&done.result.metadata)).next().flatten();
                events.send(SpeculationEvent::ExecutionEnded { submission, end, cost });
            }
        });
        match submitted {
            Ok(ticket) => {
                let execution = InFlightExecution { action, digest, started, _ticket: ticket };
                self.by_submission.insert(submission, execution);
                None
            }
            Err(_) => Some(NOT_EXECUTED),
        }
    }

    /// Cancels an execution; `None` when it is not in flight. Its CPU time is not measured then, so its running time
    /// is used instead.
    pub(super) fn cancel(&mut self, action: ActionId, digest: Digest) -> Option<ExecutionEnd> {
        let is_wanted =
            |execution: &InFlightExecution| execution.action == action && execution.digest == digest;
        let submission = *self.by_submission.iter().find(|(_, execution)| is_wanted(execution))?.0;
        let execution = self.by_submission.remove(&submission)?;
        let running_ms = u32::try_from(execution.running_ms()).unwrap_or(u32::MAX);
        Some(ExecutionEnd { took_ms: running_ms, cpu_ms: running_ms, ..NOT_EXECUTED })
    }

    /// The load of the workers.
    pub(super) fn load(&self) -> WorkerLoad {
        let (waiting, running) = self.executions.load();
        WorkerLoad {
            slots: self.executions.slots() as u32,
            busy: (waiting + running) as u32,
            primed_running_ms: self.by_submission.values().map(InFlightExecution::running_ms).sum(),
            elsewhere: self.executions.runs_elsewhere(),
        }
    }

    /// How long the executions that run have been running, in milliseconds.
    pub(super) fn running(&self) -> impl Iterator<Item = (ActionId, u32)> {
        let started = self.by_submission.values().filter(|execution| execution.started.get().is_some());
        started.map(|execution| (execution.action, u32::try_from(execution.running_ms()).unwrap_or(u32::MAX)))
    }

    /// Removes an execution that ended; `None` when it was cancelled before.
    pub(super) fn remove(&mut self, submission: u64) -> Option<(ActionId, Digest)> {
        self.by_submission.remove(&submission).map(|execution| (execution.action, execution.digest))
    }
}

impl InFlightExecution {
    /// How long it has been running, in milliseconds.
    fn running_ms(&self) -> u64 {
        let elapsed = self.started.get().map(Instant::elapsed).unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The end of an execution with this answer. Only an execution for this request has a cost.
fn execution_end(answer: &ActionAnswer) -> ExecutionEnd {
    let done = match answer {
        Ok(done) => done,
        Err(ActionError::Cancelled | ActionError::Exhausted { .. }) => return NOT_EXECUTED,
        Err(ActionError::Missing { .. }) => return CONTENT_ELSEWHERE,
        Err(_) => return FAILED,
    };
    let bytes = done.result.files.iter().map(|file| file.digest.size()).sum();
    let (took_ms, cpu_ms) =
        if done.answered == AnswerSource::Executed { done.result.metadata.cost_ms() } else { (0, 0) };
    let outcome = output_files(&done.result).map_or(ExecutionOutcome::Failed, ExecutionOutcome::Succeeded);
    ExecutionEnd { outcome, took_ms, cpu_ms, bytes }
}
