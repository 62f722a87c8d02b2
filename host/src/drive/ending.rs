//! What is said after the last job and before the session's end.

use spec_scheduler::{Event, Message, Observer};

use crate::term::Fan;

/// What is to be said when the jobs are over, if anything.
pub(crate) type LastWords = Box<dyn Fn() -> Option<Message> + Send + Sync>;

/// Observers that hear the last words.
pub(super) struct Ending {
    observers: Fan,
    last_words: LastWords,
}

impl Ending {
    pub(super) fn new(observers: Fan, last_words: LastWords) -> Self {
        Self { observers, last_words }
    }
}

impl Observer for Ending {
    fn event(&self, event: &Event) {
        if let Event::Ended(_) = event
            && let Some(message) = (self.last_words)()
        {
            self.observers.event(&Event::Message(message));
        }
        self.observers.event(event);
    }
}
