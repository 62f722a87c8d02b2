//! What is said after the last job and before the session's end.

use spec_scheduler::{Event, Message, Observer};

use crate::term::Fan;

/// What is to be said when the jobs are over.
pub(crate) type LastWords = Box<dyn Fn() -> Vec<Message> + Send + Sync>;

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
        if let Event::Ended(_) = event {
            (self.last_words)()
                .into_iter()
                .for_each(|message| self.observers.event(&Event::Message(message)));
        }
        self.observers.event(event);
    }
}
