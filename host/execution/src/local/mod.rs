//! Executing on this machine.

mod action_root;
mod command;
mod graft;
mod limits;
mod merged_root;
mod options;
mod outputs;
mod prepared_action;
mod report;
mod requirements;
mod root_view;
mod scratch;
mod start_failure;
mod subtrees;

pub use limits::ActionLimits;
pub use merged_root::merged_root;
pub use options::LocalOptions;

use std::sync::Weak;
use std::time::{Duration, Instant, SystemTime};

use spec_cas::{Cas, SpecialFile};
use spec_model::{ActionResult, ActionUsage, Cancel, Platform, TimeSpan};
use spec_sandbox::{CommandOutcome, Termination};

use crate::local::action_root::ActionRoot;
use crate::local::limits::{StopReason, WriteMonitor};
use crate::local::outputs::OutputCollector;
use crate::local::prepared_action::PreparedAction;
use crate::local::report::report;
use crate::local::scratch::{ScratchAllocator, ScratchMedium};
use crate::local::start_failure::StartFailure;
use crate::local::subtrees::SubtreeFinder;
use crate::outcome::{ActionError, ExecutedAction};
use crate::recorder::InMemoryRecorder;
use crate::remote_apis::{OpenSocket, RemoteApis, SocketOptions};
use crate::request::{Executor, ExecutorTask};

/// Runs actions in sandboxes of this machine.
#[derive(Debug)]
pub struct LocalExecutor {
    cas: Cas,
    scratch: ScratchAllocator,
    subtrees: SubtreeFinder,
    options: LocalOptions,
    remote_apis: Option<Weak<dyn RemoteApis>>,
}

/// What a command came to, and when.
struct ExecutionAttempt {
    action_root: ActionRoot,
    fetched: TimeSpan,
    executed: TimeSpan,
    outcome: Result<CommandOutcome, StartFailure>,
    /// Why it was killed, if it was for what it took.
    stopped: Option<StopReason>,
    /// What it had answered itself.
    asked: InMemoryRecorder,
}

impl LocalExecutor {
    /// An executor over a store.
    #[must_use]
    pub fn new(cas: Cas, options: LocalOptions) -> Self {
        let scratch = ScratchAllocator::new(cas.clone(), options.in_memory);
        let subtrees = SubtreeFinder::new(cas.clone());
        Self { cas, scratch, subtrees, options, remote_apis: None }
    }

    /// Has actions find a socket of `remote_apis` where their property `remoteApisSocketPath` says. Without one, such
    /// actions are refused.
    #[must_use]
    pub fn with_remote_apis(mut self, remote_apis: Weak<dyn RemoteApis>) -> Self {
        self.remote_apis = Some(remote_apis);
        self
    }

    fn socket(
        &self,
        prepared: &PreparedAction,
        asked: &InMemoryRecorder,
    ) -> Result<Option<Box<dyn OpenSocket>>, ActionError> {
        if prepared.requirements.socket.is_none() {
            return Ok(None);
        }
        let Some(remote_apis) = self.remote_apis.as_ref().and_then(Weak::upgrade) else {
            let has = "no sockets for actions".to_owned();
            let value = prepared.requirements.socket.clone().unwrap_or_default();
            return Err(ActionError::NoWorker {
                name: Platform::REMOTE_APIS_SOCKET_PATH.to_owned(),
                value,
                has,
            });
        };
        let (recording, rights) = (asked.recording(), prepared.rights());
        let wanted = SocketOptions { recording, update_results: false, for_action: true, rights };
        Ok(Some(remote_apis.open(wanted)?))
    }

    /// Runs the command in memory; on disk if it takes too much of it.
    fn attempt(&self, prepared: &PreparedAction, cancel: &Cancel) -> Result<ExecutionAttempt, ActionError> {
        let first = self.attempt_in(ScratchMedium::Memory, prepared, cancel);
        let short = || self.scratch.is_short(ScratchMedium::Memory);
        let worth_another = match &first {
            Ok(ExecutionAttempt { action_root, .. }) if action_root.medium == ScratchMedium::Disk => false,
            Ok(ExecutionAttempt { stopped: Some(StopReason::Memory), .. }) => true,
            Ok(ExecutionAttempt { stopped: Some(StopReason::TooLarge(_)), .. }) => false,
            Ok(attempt) => !is_success(&attempt.outcome) && short(),
            // Staging may have filled the memory. What is not in the store is not there for a second attempt either.
            Err(ActionError::Exhausted { .. } | ActionError::Internal { .. }) => short(),
            Err(_) => false,
        };
        if worth_another && !cancel.is_cancelled() {
            drop(first);
            return self.unless_full(self.attempt_in(ScratchMedium::Disk, prepared, cancel)?, cancel);
        }
        self.unless_full(first?, cancel)
    }

    /// A command that failed beside a full disk may have failed for want of room, and is not to blame.
    fn unless_full(
        &self,
        attempt: ExecutionAttempt,
        cancel: &Cancel,
    ) -> Result<ExecutionAttempt, ActionError> {
        let failed = !is_success(&attempt.outcome) && !cancel.is_cancelled();
        if failed && attempt.action_root.medium == ScratchMedium::Disk && self.scratch.is_disk_full() {
            let what = "the command failed, and the disk of the store is full".to_owned();
            return Err(ActionError::Exhausted { what });
        }
        Ok(attempt)
    }

    fn attempt_in(
        &self,
        medium: ScratchMedium,
        prepared: &PreparedAction,
        cancel: &Cancel,
    ) -> Result<ExecutionAttempt, ActionError> {
        let (began, start) = (Instant::now(), Some(SystemTime::now()));
        let (chroot, input_root) = (prepared.requirements.chroot.as_ref(), &prepared.action.input_root);
        let cas = self.cas.clone().with_cancel(&cancel.until(began + self.transfer(prepared)));
        let mut action_root = ActionRoot::new(&cas, &self.scratch, chroot, input_root, medium)?;
        let staged_at = Some(SystemTime::now());
        let mut root = action_root.describe(prepared.directories())?;
        // Only now: a tree that was action_root is whole, and no deeper than paths may be long.
        root.subtrees = self.subtrees.of(input_root)?;
        let asked = InMemoryRecorder::default();
        let socket = self.socket(prepared, &asked)?;
        if let (Some(socket), Some(inside)) = (&socket, &prepared.requirements.socket) {
            root.bind(socket.path(), inside, true);
        }
        let mut watch = WriteMonitor::new(&self.scratch, &action_root, self.options.limits);
        let mut stopped = None;
        let outcome = command::run(&root, prepared, &action_root, cancel, || {
            stopped = watch.look();
            stopped.is_some()
        });
        let at = socket.as_ref().map(|socket| socket.path());
        let outcome = outcome.map_err(|error| StartFailure::of(&error, prepared, &root, at));
        drop(socket);
        let executed = TimeSpan { start: staged_at, end: Some(SystemTime::now()) };
        Ok(ExecutionAttempt {
            action_root,
            fetched: TimeSpan { start, end: staged_at },
            executed,
            outcome,
            stopped,
            asked,
        })
    }

    fn transfer(&self, prepared: &PreparedAction) -> Duration {
        prepared.timeout.max(self.options.transfer)
    }

    /// What there is of a result, and what of the outputs no tree can hold.
    fn result(
        &self,
        prepared: &PreparedAction,
        attempt: &ExecutionAttempt,
        outcome: &CommandOutcome,
        cancel: &Cancel,
    ) -> Result<(ActionResult, Vec<SpecialFile>), ActionError> {
        let ExecutionAttempt { action_root, .. } = attempt;
        let cas = self.cas.clone().with_cancel(&cancel.until(Instant::now() + self.transfer(prepared)));
        let LocalOptions { inline_output, limits, .. } = self.options;
        let collector = OutputCollector::new(&cas, action_root.view(&cas)?, limits);
        let mut result = ActionResult {
            exit_code: match outcome.termination {
                Termination::Exited(code) => code,
                Termination::Signaled(signal) => 128 + signal,
                Termination::TimedOut | Termination::Cancelled => 128 + 9,
            },
            stdout: collector.stream(&action_root.beside("stdout"), inline_output)?,
            stderr: collector.stream(&action_root.beside("stderr"), inline_output)?,
            subactions: attempt.asked.take().iter().map(|subaction| subaction.action).collect(),
            ..ActionResult::default()
        };
        let special = collector.collect(&prepared.outputs, &mut result)?;
        Ok((result, special))
    }

    fn execute_prepared(
        &self,
        prepared: &PreparedAction,
        task: &ExecutorTask,
        cancel: &Cancel,
    ) -> Result<ExecutedAction, ActionError> {
        let started = Some(SystemTime::now());
        let attempt = self.attempt(prepared, cancel)?;
        let upload = Some(SystemTime::now());
        let (mut result, special) = match &attempt.outcome {
            Ok(outcome) if outcome.termination == Termination::Cancelled => {
                return Err(killed(&attempt, cancel));
            }
            Ok(outcome) => self.result(prepared, &attempt, outcome, cancel)?,
            Err(StartFailure::Failed(result)) => (ActionResult::clone(result), Vec::new()),
            Err(StartFailure::Refused(error)) => return Err(error.clone()),
        };
        let end = Some(SystemTime::now());
        let metadata = &mut result.metadata;
        metadata.worker.clone_from(&self.options.worker);
        metadata.queued = Some(task.queued);
        metadata.worked = TimeSpan { start: started, end };
        metadata.fetched = attempt.fetched;
        metadata.executed = attempt.executed;
        metadata.uploaded = TimeSpan { start: upload, end };
        metadata.usage = attempt.outcome.as_ref().ok().map(|outcome| ActionUsage {
            user: outcome.usage.user,
            system: outcome.usage.system,
            max_rss: outcome.usage.max_rss,
        });
        let outcome = attempt.outcome.as_ref().ok();
        let report = outcome.and_then(|outcome| report(outcome, prepared, special));
        let executed = ExecutedAction { result, cached: false, report };
        match outcome {
            Some(CommandOutcome { termination: Termination::TimedOut, .. }) => {
                Err(ActionError::TimedOut { after: prepared.timeout, executed: Box::new(executed) })
            }
            _ => Ok(executed),
        }
    }
}

impl Executor for LocalExecutor {
    fn execute(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        let prepared = PreparedAction::of(&self.cas, &self.options, task)?;
        self.execute_prepared(&prepared, task, cancel).map_err(|error| match error {
            // Nobody gave it up: to bring its inputs, or to store its outputs, took too long.
            ActionError::Cancelled if !cancel.is_cancelled() => {
                let result = ActionResult { exit_code: 128 + 9, ..ActionResult::default() };
                let executed = Box::new(ExecutedAction { result, cached: false, report: None });
                ActionError::TimedOut { after: self.transfer(&prepared), executed }
            }
            other => other,
        })
    }

    fn opens_sockets(&self) -> bool {
        self.remote_apis.is_some()
    }
}

fn is_success(outcome: &Result<CommandOutcome, StartFailure>) -> bool {
    matches!(outcome, Ok(CommandOutcome { termination: Termination::Exited(0), .. }))
}

/// A killed command without a request to cancel took too much.
fn killed(attempt: &ExecutionAttempt, cancel: &Cancel) -> ActionError {
    match &attempt.stopped {
        _ if cancel.is_cancelled() => ActionError::Cancelled,
        Some(StopReason::TooLarge(error)) => error.clone(),
        _ => ActionError::Exhausted { what: "the action wrote more than there is room for".to_owned() },
    }
}
