//! Requests to execute that are under way, or were answered lately, by name: a client whose stream broke can attach
//! to one again.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use spec_exec::executor::{ActionError, Answer, Progress, Ticket};
use spec_model::Digest;
use tokio::sync::watch;

use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::results::Inline;

/// How long an operation goes on while nobody listens.
const GRACE: Duration = Duration::from_secs(10);
/// How long an answer is kept for who attaches again.
const KEPT: Duration = Duration::from_secs(60);
/// Most operations kept after their answer.
const MOST_KEPT: usize = 1024;

/// How far an operation is: REAPI's `ExecutionStage`.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    CacheCheck,
    Queued,
    Executing,
    Completed(Answer),
}

impl From<Progress> for Stage {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Queued => Self::Queued,
            Progress::Executing => Self::Executing,
            Progress::Completed(answer) => Self::Completed(answer),
        }
    }
}

/// All operations.
#[derive(Clone, Default)]
pub(crate) struct Operations {
    names: Arc<Mutex<HashMap<String, Arc<Operation>>>>,
}

/// One request to execute.
pub(crate) struct Operation {
    pub(crate) name: String,
    /// Where the action is.
    pub(crate) realm: Arc<Realm>,
    pub(crate) action: Digest,
    pub(crate) inline: Inline,
    pub(crate) stage: watch::Sender<Stage>,
    hold: Mutex<Hold>,
}

/// What keeps an operation alive.
struct Hold {
    ticket: Option<Ticket>,
    listeners: usize,
    idle_since: Instant,
}

/// A listener's hold on an operation.
pub(crate) struct Attached(pub(crate) Arc<Operation>);

impl Operations {
    /// A new operation of an instance, listened to.
    pub(crate) fn create(
        &self,
        instance: &str,
        realm: Arc<Realm>,
        action: Digest,
        inline: Inline,
    ) -> Attached {
        let random = RandomState::new();
        let id = format!("{:016x}{:016x}", random.hash_one(action), random.hash_one(Instant::now()));
        let name = if instance.is_empty() { id } else { format!("{instance}/operations/{id}") };
        let hold = Hold { ticket: None, listeners: 0, idle_since: Instant::now() };
        let stage = watch::Sender::new(Stage::CacheCheck);
        let operation = Arc::new(Operation { name, realm, action, inline, stage, hold: Mutex::new(hold) });
        self.lock().insert(operation.name.clone(), Arc::clone(&operation));
        Attached::to(operation)
    }

    /// An operation by its name.
    pub(crate) fn find(&self, name: &str) -> Result<Arc<Operation>, Refusal> {
        let shown = || name.chars().take(80).collect::<String>();
        let found = self.lock().get(name).cloned();
        found.ok_or_else(|| Refusal::NotFound(format!("there is no operation '{}'", shown())))
    }

    /// All operations, by name.
    pub(crate) fn list(&self) -> Vec<Arc<Operation>> {
        let mut all: Vec<_> = self.lock().values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    pub(crate) fn forget(&self, name: &str) {
        self.lock().remove(name);
    }

    /// Gives up what nobody listens to, and forgets what was answered long enough ago.
    pub(crate) fn sweep(&self) {
        let all = self.list();
        for operation in &all {
            if operation.idle().is_some_and(|idle| idle > GRACE) && !operation.is_completed() {
                operation.cancel();
            }
        }
        let mut done: Vec<_> = all
            .into_iter()
            .filter(|operation| operation.is_completed())
            .filter_map(|operation| Some((operation.idle()?, operation)))
            .collect();
        done.sort_by_key(|(idle, _)| *idle);
        let mut names = self.lock();
        for (at, (idle, operation)) in done.iter().enumerate() {
            if at >= MOST_KEPT || *idle > KEPT {
                names.remove(&operation.name);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Operation>>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operation {
    /// Keeps what keeps the execution going. What was cancelled meanwhile is not kept.
    pub(crate) fn hold(&self, ticket: Ticket) {
        if !self.is_completed() {
            self.lock().ticket = Some(ticket);
        }
    }

    /// Gives the execution up. Whoever listens is told.
    pub(crate) fn cancel(&self) {
        let ticket = self.lock().ticket.take();
        drop(ticket);
        self.stage.send_if_modified(|stage| {
            let is_open = !matches!(stage, Stage::Completed(_));
            if is_open {
                *stage = Stage::Completed(Err(ActionError::Cancelled));
            }
            is_open
        });
    }

    fn is_completed(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Completed(_))
    }

    /// For how long nobody has listened; `None` while somebody does.
    fn idle(&self) -> Option<Duration> {
        let hold = self.lock();
        (hold.listeners == 0).then(|| hold.idle_since.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, Hold> {
        self.hold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attached {
    pub(crate) fn to(operation: Arc<Operation>) -> Self {
        operation.lock().listeners += 1;
        Self(operation)
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let mut hold = self.0.lock();
        hold.listeners -= 1;
        hold.idle_since = Instant::now();
    }
}
