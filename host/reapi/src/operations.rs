//! Requests to execute that are under way, or were answered lately, by name: a client whose stream broke can attach
//! to one again.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use spec_execution::{ActionError, PendingRequest};
use spec_model::Digest;
use spec_proto::well_known::Timestamp;

use crate::course::{Course, Stage};
use crate::metrics::Metrics;
use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::results::Inline;

/// How long an answer is kept for who attaches again.
const KEPT: Duration = Duration::from_secs(60);
/// Most operations kept after their answer.
const MOST_KEPT: usize = 1024;

/// All operations.
#[derive(Clone)]
pub(crate) struct Operations {
    names: Arc<Mutex<HashMap<String, Arc<Operation>>>>,
    closed: Arc<AtomicBool>,
    metrics: Arc<Metrics>,
}

/// One request to execute.
pub(crate) struct Operation {
    pub(crate) name: String,
    /// Where the action is.
    pub(crate) realm: Arc<Realm>,
    pub(crate) action: Digest,
    pub(crate) inline: Inline,
    /// When the request came.
    pub(crate) asked: Timestamp,
    pub(crate) course: Course,
    hold: Mutex<Hold>,
}

/// What keeps an operation alive.
struct Hold {
    ticket: Option<PendingRequest>,
    listeners: usize,
    idle_since: Instant,
}

/// A listener's hold on an operation.
pub(crate) struct Attached(pub(crate) Arc<Operation>);

impl Operations {
    /// None yet. Where they end is counted.
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self { names: Arc::default(), closed: Arc::default(), metrics }
    }

    /// A new operation of an instance, listened to.
    ///
    /// # Errors
    /// When no more are taken.
    pub(crate) fn create(
        &self,
        instance: &str,
        realm: Arc<Realm>,
        action: Digest,
        inline: Inline,
    ) -> Result<Attached, Refusal> {
        let random = RandomState::new();
        let id = format!("{:016x}{:016x}", random.hash_one(action), random.hash_one(Instant::now()));
        let name = if instance.is_empty() { id } else { format!("{instance}/operations/{id}") };
        let hold = Hold { ticket: None, listeners: 0, idle_since: Instant::now() };
        let course = Course::new(action, Arc::clone(&self.metrics));
        let operation = Arc::new(Operation {
            name,
            realm,
            action,
            inline,
            asked: crate::assets::now(),
            course,
            hold: Mutex::new(hold),
        });
        let mut names = self.lock();
        // Looked at under the lock, so that none is missed by who closes.
        if self.closed.load(Ordering::Relaxed) {
            return Err(Refusal::Busy("the server is stopping".to_owned()));
        }
        names.insert(operation.name.clone(), Arc::clone(&operation));
        Ok(Attached::to(operation))
    }

    /// Gives up all that is not answered, and takes no more.
    pub(crate) fn close(&self) {
        let names = {
            let mut names = self.lock();
            self.closed.store(true, Ordering::Relaxed);
            std::mem::take(&mut *names)
        };
        names.values().for_each(|operation| operation.cancel());
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

    /// Gives up what nobody has listened to for so long, and forgets what was answered long enough ago.
    pub(crate) fn sweep(&self, abandoned_for: Duration) {
        let all = self.list();
        for operation in &all {
            if operation.idle().is_some_and(|idle| idle > abandoned_for) && !operation.course.is_completed() {
                operation.cancel();
            }
        }
        let mut done: Vec<_> = all
            .into_iter()
            .filter(|operation| operation.course.is_completed())
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
    pub(crate) fn hold(&self, ticket: PendingRequest) {
        let mut hold = self.lock();
        // Looked at under the lock, so that who cancels finds the ticket or is found here.
        let given_up = if self.course.is_completed() { Some(ticket) } else { hold.ticket.replace(ticket) };
        drop(hold);
        drop(given_up);
    }

    /// Gives the execution up. Whoever listens is told.
    pub(crate) fn cancel(&self) {
        let mut hold = self.lock();
        self.course.advance(Stage::Completed(Err(ActionError::Cancelled)));
        let ticket = hold.ticket.take();
        drop(hold);
        drop(ticket);
    }

    /// For how long nobody has listened; `None` while somebody does.
    pub(crate) fn idle(&self) -> Option<Duration> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_closes_gives_up_what_runs_and_takes_no_more() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let realm = Arc::new(Realm::new(spec_cas::Cas::open(folder.path()).expect("a store"), None));
        let operations = Operations::new(Arc::new(Metrics::new()));
        let create = || operations.create("", Arc::clone(&realm), Digest::of(b""), Inline::default());
        let running = create().unwrap_or_else(|_| panic!("it is open"));
        operations.close();
        assert!(matches!(running.0.course.stage(), Stage::Completed(Err(ActionError::Cancelled))));
        assert!(matches!(create().map(drop), Err(Refusal::Busy(_))));
        assert!(operations.find(&running.0.name).is_err());
    }
}
