//! Executing actions on a cluster, and on this machine where the cluster does not.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use spec_execution::{ActionError, ExecutedAction, Executor, ExecutorTask};
use spec_model::{ActionResult, Cancel, Digest, Platform};

use crate::back_off::BackOff;
use crate::error::RemoteExecutionError;
use crate::event::{ClusterEvent, ClusterObserver, Meanwhile};
use crate::executor::RemoteExecutor;
use crate::local_slots::LocalSlots;
use crate::outputs::OutputMaker;
use crate::received::output_paths;
use crate::sent_action::wants_socket;

/// Most platforms whose refusals are counted, and most reasons that are told.
const MOST_REFUSALS: usize = 100;
/// After so many refusals and no execution the cluster is taken to have no workers of a platform.
const NO_WORKERS: u32 = 3;

/// Executes actions on a cluster; on this machine, as many at a time as it has processors, while the cluster is away or full,
/// and always what the cluster does not take.
pub struct HybridExecutor {
    remote: Arc<RemoteExecutor>,
    local: Arc<dyn Executor>,
    slots: LocalSlots,
    observer: ClusterObserver,
    /// Whether actions that want a socket are left to who requests them, where the cluster does not execute them.
    leaves_sockets: bool,
    state: Mutex<ClusterState>,
}

/// Whether what is executed here waits for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotNeed {
    Own,
    /// It does not: somebody who has a place may be waiting for its outputs.
    None,
}

/// What was found out of the cluster, and told.
#[derive(Default)]
struct ClusterState {
    away_since: Option<SystemTime>,
    busy: bool,
    wrong: bool,
    /// When it is asked again, if it answers, but its answers are of no use.
    back_off: BackOff,
    refused: HashSet<String>,
    /// How often it refused actions of a platform, without executing one.
    refusals: Vec<(Platform, u32)>,
}

impl fmt::Debug for HybridExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HybridExecutor({:?})", self.remote)
    }
}

impl HybridExecutor {
    /// An executor over both. With `leaves_sockets` it leaves what the cluster does not execute of actions that want a socket to
    /// who requests them ([`ActionError::LeftToClient`]).
    #[must_use]
    pub fn new(
        remote: Arc<RemoteExecutor>,
        local: Arc<dyn Executor>,
        observer: ClusterObserver,
        leaves_sockets: bool,
    ) -> Arc<Self> {
        let slots = LocalSlots::new(std::thread::available_parallelism().map_or(1, NonZero::get));
        let executor =
            Arc::new(Self { remote, local, slots, observer, leaves_sockets, state: Mutex::default() });
        let weak: Weak<dyn OutputMaker> = Arc::<Self>::downgrade(&executor);
        executor.remote.outputs().make_again_with(weak);
        executor
    }

    fn execute_here(
        &self,
        task: &ExecutorTask,
        cancel: &Cancel,
        slot: SlotNeed,
    ) -> Result<ExecutedAction, ActionError> {
        // Who requests it does not ask for another result than that which there is; who needs lost outputs does.
        if self.leaves_sockets && wants_socket(&task.action) && !task.skip_cache_lookup {
            return Err(ActionError::LeftToClient { address: self.remote.cluster().address() });
        }
        let slot = match slot {
            SlotNeed::Own => {
                Some(self.slots.take(|| task.is_primed(), cancel).ok_or(ActionError::Cancelled)?)
            }
            SlotNeed::None => None,
        };
        let executed = self.local.execute(task, cancel)?;
        drop(slot);
        self.remote.share(task, &executed.result);
        Ok(executed)
    }

    fn execute_anywhere(
        &self,
        task: &ExecutorTask,
        cancel: &Cancel,
        slot: SlotNeed,
    ) -> Result<ExecutedAction, ActionError> {
        let began = Instant::now();
        if self.is_refused(task) || !self.lock().back_off.is_over(began) {
            return self.execute_here(task, cancel, slot);
        }
        match self.remote.try_execute(task, cancel) {
            Ok(executed) => {
                self.available(task);
                Ok(executed)
            }
            Err(RemoteExecutionError::Action(error)) => Err(error),
            Err(RemoteExecutionError::Incomplete { path, executed, .. }) => {
                self.compare((task, cancel, slot), &path, *executed)
            }
            Err(_) if cancel.is_cancelled() => Err(ActionError::Cancelled),
            Err(other) => {
                self.back_off(&other, began);
                self.note(task, &other);
                self.execute_here(task, cancel, slot)
            }
        }
    }

    /// Executes an action here because the cluster's result lacks an output. A command that makes less than it declares does so
    /// here too; otherwise the result is not that of the action.
    fn compare(
        &self,
        (task, cancel, slot): (&ExecutorTask, &Cancel, SlotNeed),
        path: &str,
        there: ExecutedAction,
    ) -> Result<ExecutedAction, ActionError> {
        let here = self.execute_here(task, cancel, slot);
        let what = match &here {
            Ok(here)
                if here.result.exit_code == 0 && !output_paths(&here.result).any(|made| made == path) =>
            {
                return Ok(there);
            }
            Ok(_) => "makes here",
            Err(ActionError::LeftToClient { .. }) => "declares",
            Err(_) => return here,
        };
        self.tell_wrong(format!("a result lacks the output '{path}', which the command {what}"));
        here
    }

    /// Tells, once, that results of the cluster are of no use.
    fn tell_wrong(&self, why: String) {
        if !std::mem::replace(&mut self.lock().wrong, true) {
            self.observer.tell(&ClusterEvent::Wrong { address: self.remote.cluster().address(), why });
        }
    }

    /// The cluster executed an action.
    fn available(&self, task: &ExecutorTask) {
        let mut state = self.lock();
        state.busy = false;
        state.back_off.succeeded();
        if !state.refusals.is_empty() {
            state.refusals.retain(|(platform, _)| Some(platform) != task.action.platform.as_ref());
        }
        // A result that is kept can be had without the scheduler.
        if self.remote.cluster().away_since().is_some() {
            return;
        }
        let Some(since) = state.away_since.take() else { return };
        drop(state);
        let after = since.elapsed().unwrap_or_default();
        self.observer.tell(&ClusterEvent::Back { address: self.remote.cluster().address(), after });
    }

    /// Notes and tells why the cluster does not execute an action.
    fn note(&self, task: &ExecutorTask, error: &RemoteExecutionError) {
        let meanwhile = Meanwhile::ThisMachineExecutes;
        let mut state = self.lock();
        let event = match error {
            RemoteExecutionError::Busy { address, why } if !state.busy => {
                state.busy = true;
                ClusterEvent::Busy { address: address.clone(), why: why.clone(), meanwhile }
            }
            RemoteExecutionError::Refused { address, why, wants_socket } => {
                state.count_refusal(task.action.platform.as_ref());
                if state.refused.len() >= MOST_REFUSALS || !state.refused.insert(why.clone()) {
                    return;
                }
                let (address, why, wants_socket) = (address.clone(), why.clone(), *wants_socket);
                ClusterEvent::Refused { address, why, executed_here: true, wants_socket }
            }
            RemoteExecutionError::Remote(error) if state.away_since.is_none() => {
                let since = self.remote.cluster().away_since().unwrap_or_else(SystemTime::now);
                state.away_since = Some(since);
                let (address, why) = (self.remote.cluster().address(), error.to_string());
                ClusterEvent::Away { address, since, why, meanwhile }
            }
            _ => return,
        };
        drop(state);
        self.observer.tell(&event);
    }

    /// A server that is away is left alone by its connection; so is one here that makes each action fail after some time.
    fn back_off(&self, error: &RemoteExecutionError, began: Instant) {
        let answers = self.remote.cluster().away_since().is_none();
        if answers && matches!(error, RemoteExecutionError::Remote(_)) {
            self.lock().back_off.failed(began, Instant::now());
        }
    }

    fn is_refused(&self, task: &ExecutorTask) -> bool {
        let Some(platform) = &task.action.platform else { return false };
        let state = self.lock();
        state.refusals.iter().any(|(other, count)| other == platform && *count >= NO_WORKERS)
    }

    fn lock(&self) -> MutexGuard<'_, ClusterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClusterState {
    fn count_refusal(&mut self, platform: Option<&Platform>) {
        let Some(platform) = platform else { return };
        let is_full = self.refusals.len() >= MOST_REFUSALS;
        match self.refusals.iter_mut().find(|(other, _)| other == platform) {
            Some((_, count)) => *count += 1,
            None if is_full => {}
            None => self.refusals.push((platform.clone(), 1)),
        }
    }
}

impl OutputMaker for HybridExecutor {
    fn make_again(&self, task: &ExecutorTask) -> Result<ExecutedAction, ActionError> {
        self.execute_anywhere(task, &Cancel::new(), SlotNeed::None)
    }

    fn make_here(&self, task: &ExecutorTask, why: &str) -> Option<Result<ExecutedAction, ActionError>> {
        self.tell_wrong(format!("an output of it cannot be had: {why}"));
        Some(self.execute_here(task, &Cancel::new(), SlotNeed::None))
    }
}

impl Executor for HybridExecutor {
    fn execute(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        self.execute_anywhere(task, cancel, SlotNeed::Own)
    }

    fn opens_sockets(&self) -> bool {
        self.remote.cluster().opens_sockets
    }

    fn runs_elsewhere(&self) -> bool {
        true
    }

    fn find_subactions(&self, actions: &[Digest], cancel: &Cancel) -> HashMap<Digest, ActionResult> {
        self.remote.find_subactions(actions, cancel)
    }

    fn slots(&self) -> Option<usize> {
        match self.lock().away_since {
            Some(_) => Some(self.slots.number()),
            None => self.remote.cluster().workers(),
        }
    }

    fn latency(&self) -> Option<Duration> {
        self.remote.cluster().latency()
    }

    fn expect_actions(&self, inputs: &[Digest]) {
        self.remote.expect_actions(inputs);
    }
}
