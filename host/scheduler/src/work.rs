//! What jobs are, for the driver: something that runs, can be told to stop, and says how it goes.

use std::sync::Arc;

use spec_model::Cancel;

use crate::Job;
use crate::event::{Event, Failure, JobEnd, Message};

/// Hears what happens, in order for each job. Called from several threads; must not block for long.
pub trait Observer: Send + Sync + 'static {
    /// Something happened.
    fn event(&self, event: &Event);
}

/// What jobs do. Called on threads that may block.
pub trait Work: Send + Sync + 'static {
    /// Does one job.
    ///
    /// # Errors
    /// The failure as the user will read it.
    fn run(&self, job: Job, context: &Context) -> Result<JobEnd, Box<Failure>>;
}

/// What a running job can use: progress, messages, and word of its cancellation.
#[derive(Clone)]
pub struct Context {
    pub(crate) job: usize,
    pub(crate) element: usize,
    pub(crate) observer: Arc<dyn Observer>,
    /// Set when the job should end soon.
    pub cancel: Cancel,
}

impl Context {
    /// Says what the job is doing now and how far it is.
    pub fn progress(&self, activity: &str, done: Option<(u64, u64)>) {
        self.send(Event::Progress { job: self.job, activity: activity.to_owned(), done });
    }

    /// Says something that people should read. The element is filled in.
    pub fn message(&self, mut message: Message) {
        message.element = Some(self.element);
        self.send(Event::Message(message));
    }

    fn send(&self, event: Event) {
        self.observer.event(&event);
    }
}
