//! Executing actions on a cluster alone. It is waited for while it is away or full.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::time::{Duration, Instant, SystemTime};

use spec_execution::{ActionError, ExecutedAction, Executor, ExecutorTask};
use spec_model::{Cancel, Digest};

use crate::error::RemoteExecutionError;
use crate::event::{ClusterEvent, ClusterObserver, Meanwhile};
use crate::executor::RemoteExecutor;

/// How long an action waits before the cluster is asked again. A server that is away is not sent each of these requests.
const PAUSE: Duration = Duration::from_millis(500);

/// Executes actions on a cluster, and nowhere else.
pub struct RequiredExecutor {
    remote: Arc<RemoteExecutor>,
    /// How long actions wait for a cluster that is away or full.
    limit: Duration,
    observer: ClusterObserver,
    state: Mutex<Told>,
}

/// What was told of the cluster, and holds still.
#[derive(Default)]
struct Told {
    away_since: Option<SystemTime>,
    busy: bool,
}

impl fmt::Debug for RequiredExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequiredExecutor({:?})", self.remote)
    }
}

impl RequiredExecutor {
    /// An executor whose actions wait for the cluster for up to `limit` while it is away or full.
    #[must_use]
    pub fn new(remote: Arc<RemoteExecutor>, limit: Duration, observer: ClusterObserver) -> Arc<Self> {
        let executor = Arc::new(Self { remote, limit, observer, state: Mutex::default() });
        let weak: Weak<dyn Executor> = Arc::<Self>::downgrade(&executor);
        executor.remote.outputs().execute_again_with(weak);
        executor
    }

    /// Whether an error passes when the cluster is back or has room. Tells of it once.
    fn passes(&self, error: &RemoteExecutionError) -> bool {
        let address = self.remote.cluster().address();
        let meanwhile = Meanwhile::ActionsWait { limit: self.limit };
        let mut told = self.lock();
        let event = match error {
            RemoteExecutionError::Busy { why, .. } => {
                let why = why.clone();
                (!std::mem::replace(&mut told.busy, true)).then_some(ClusterEvent::Busy {
                    address,
                    why,
                    meanwhile,
                })
            }
            RemoteExecutionError::Remote(error) => {
                let Some(since) = self.remote.cluster().away_since() else { return false };
                let why = error.to_string();
                let event = ClusterEvent::Away { address, since, why, meanwhile };
                told.away_since.replace(since).is_none().then_some(event)
            }
            _ => return false,
        };
        drop(told);
        if let Some(event) = event {
            self.observer.tell(&event);
        }
        true
    }

    fn available(&self) {
        let mut told = self.lock();
        told.busy = false;
        let Some(since) = told.away_since.take() else { return };
        drop(told);
        let after = since.elapsed().unwrap_or_default();
        self.observer.tell(&ClusterEvent::Back { address: self.remote.cluster().address(), after });
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Executor for RequiredExecutor {
    fn execute(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        let end = Instant::now() + self.limit;
        loop {
            let error = match self.remote.try_execute(task, cancel) {
                Ok(executed) => {
                    self.available();
                    return Ok(executed);
                }
                // There is nobody to compare with.
                Err(RemoteExecutionError::Incomplete { executed, .. }) => return Ok(*executed),
                Err(_) if cancel.is_cancelled() => return Err(ActionError::Cancelled),
                Err(error) => error,
            };
            if Instant::now() + PAUSE > end || !self.passes(&error) {
                return Err(error.into());
            }
            wait(PAUSE, cancel);
        }
    }

    fn runs_elsewhere(&self) -> bool {
        true
    }

    fn slots(&self) -> Option<usize> {
        self.remote.cluster().workers()
    }

    fn latency(&self) -> Option<Duration> {
        self.remote.cluster().latency()
    }

    fn expect_actions(&self, inputs: &[Digest]) {
        self.remote.expect_actions(inputs);
    }
}

/// Waits, but not after the action is cancelled.
fn wait(pause: Duration, cancel: &Cancel) {
    let (tell, told) = mpsc::channel();
    let _guard = cancel.on_cancel(move || _ = tell.send(()));
    let _ = told.recv_timeout(pause);
}
