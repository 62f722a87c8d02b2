//! Executing actions on a cluster alone. It is waited for while it is away or full.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::time::{Duration, Instant, SystemTime};

use spec_execution::{ActionError, ExecutedAction, Executor, ExecutorTask};
use spec_model::{ActionResult, Cancel, Digest, UserError};

use crate::cluster::Cluster;
use crate::error::RemoteExecutionError;
use crate::event::{ClusterEvent, ClusterObserver, Meanwhile};
use crate::executor::RemoteExecutor;
use crate::outputs::OutputMaker;

/// How long an action waits before the cluster is asked again. A server that is away is not sent each of these requests.
const PAUSE: Duration = Duration::from_millis(500);
/// Most reasons of failures that are told.
const MOST_FAILURES: usize = 100;

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
    /// Why actions failed.
    failures: HashSet<String>,
}

/// How the cluster was before an attempt.
struct Before {
    at: SystemTime,
    away_since: Option<SystemTime>,
    absences: u64,
}

impl Before {
    fn of(cluster: &Cluster) -> Self {
        Self { at: SystemTime::now(), away_since: cluster.away_since(), absences: cluster.absences() }
    }
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
        let weak: Weak<dyn OutputMaker> = Arc::<Self>::downgrade(&executor);
        executor.remote.outputs().make_again_with(weak);
        executor
    }

    /// Whether an error of an attempt passes when the cluster is back or has room. Tells of it once.
    fn passes(&self, error: &RemoteExecutionError, before: &Before) -> bool {
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
                let Some(since) = self.away_since(before).filter(|_| error.is_absence()) else {
                    return false;
                };
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

    /// Tells why an action fails that nobody else may execute: what requested it may not show that.
    fn tell_failure(&self, error: &RemoteExecutionError) {
        if matches!(error, RemoteExecutionError::Action(_)) {
            return;
        }
        let (address, why) = (self.remote.cluster().address(), error.to_string());
        let mut told = self.lock();
        // What is said of a server names other blobs each time.
        let kind = match error {
            RemoteExecutionError::Remote(error) => error.reason().to_owned(),
            _ => why.clone(),
        };
        let is_news = told.failures.len() < MOST_FAILURES && told.failures.insert(kind);
        drop(told);
        if is_news {
            let wants_socket = matches!(error, RemoteExecutionError::Refused { wants_socket: true, .. });
            self.observer.tell(&ClusterEvent::Refused { address, why, executed_here: false, wants_socket });
        }
    }

    /// Since when the cluster is away, or was during the attempt: others may have found it back since.
    fn away_since(&self, before: &Before) -> Option<SystemTime> {
        let cluster = self.remote.cluster();
        let was_away = || before.away_since.or((cluster.absences() != before.absences).then_some(before.at));
        cluster.away_since().or_else(was_away)
    }

    fn available(&self) {
        let mut told = self.lock();
        told.busy = false;
        // A result that is kept can be had without the scheduler.
        if self.remote.cluster().away_since().is_some() {
            return;
        }
        let Some(since) = told.away_since.take() else { return };
        drop(told);
        let after = since.elapsed().unwrap_or_default();
        self.observer.tell(&ClusterEvent::Back { address: self.remote.cluster().address(), after });
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutputMaker for RequiredExecutor {
    fn make_again(&self, task: &ExecutorTask) -> Result<ExecutedAction, ActionError> {
        self.execute(task, &Cancel::new())
    }

    fn make_here(&self, _: &ExecutorTask, _: &str) -> Option<Result<ExecutedAction, ActionError>> {
        None
    }
}

impl Executor for RequiredExecutor {
    fn execute(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        let end = Instant::now() + self.limit;
        loop {
            let before = Before::of(self.remote.cluster());
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
            if Instant::now() + PAUSE > end || !self.passes(&error, &before) {
                self.tell_failure(&error);
                return Err(error.into());
            }
            wait(PAUSE, cancel);
        }
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
