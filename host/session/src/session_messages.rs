//! Messages of a session that are about none of its jobs.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spec_scheduler::{Event, Message, Observer};

/// Messages that wait for the first job; further ones are dropped.
const MOST_WAITING: usize = 100;

/// Takes messages that are about none of a session's jobs, such as that a server is away, and sends them to the observer of
/// the jobs that run. A clone is another handle on the same.
#[derive(Clone, Default)]
pub struct SessionMessages(Arc<Mutex<MessagesState>>);

#[derive(Default)]
struct MessagesState {
    observer: Option<Arc<dyn Observer>>,
    waiting: Vec<Message>,
}

impl SessionMessages {
    /// Sends a message to the observer, or keeps it until there is one. May be called on any thread.
    pub fn send(&self, message: Message) {
        let observer = {
            let mut state = self.lock();
            match &state.observer {
                Some(observer) => Arc::clone(observer),
                None if state.waiting.len() >= MOST_WAITING => return,
                None => return state.waiting.push(message),
            }
        };
        observer.event(&Event::Message(message));
    }

    /// Has messages sent to an observer from now on.
    pub(crate) fn send_to(&self, observer: Arc<dyn Observer>) {
        let waiting = {
            let mut state = self.lock();
            state.observer = Some(Arc::clone(&observer));
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(|message| observer.event(&Event::Message(message)));
    }

    /// Sends no more messages.
    pub(crate) fn end(&self) {
        self.lock().observer = None;
    }

    fn lock(&self) -> MutexGuard<'_, MessagesState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SessionMessages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionMessages({} waiting)", self.lock().waiting.len())
    }
}
