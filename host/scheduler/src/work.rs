//! The interfaces between the driver, the work that jobs do, and observers.

use std::sync::Arc;

use spec_model::Cancel;

use crate::event::{Event, Failure, JobEnd, Message};
use crate::{Graph, Job};

/// Receives events, in order for each job. Called on several threads; must not block for long.
pub trait Observer: Send + Sync + 'static {
    /// Takes an event.
    fn event(&self, event: &Event);
}

/// Does the jobs. Called on threads that may block.
pub trait Work: Send + Sync + 'static {
    /// Does one job.
    ///
    /// # Errors
    /// The failure as the user will read it.
    fn run(&self, job: Job, context: &Context) -> Result<JobEnd, Box<Failure>>;

    /// Adds the jobs that do what a job could not that ended as [`JobEnd::Superseded`]. Returns the last of them: jobs that
    /// waited for the superseded one wait for it; `None` where the session does without. Called on the thread of the driver; must
    /// be quick.
    fn supersede(&self, _job: Job, _graph: &mut Graph) -> Option<usize> {
        None
    }
}

/// What a running job may use: it reports progress and messages, and learns of its cancellation.
#[derive(Clone)]
pub struct Context {
    pub(crate) job: usize,
    pub(crate) element: usize,
    pub(crate) observer: Arc<dyn Observer>,
    /// Set when the job should end soon.
    pub cancel: Cancel,
}

impl Context {
    /// Reports what the job is doing and how much is done: see [`Event::Progress`].
    pub fn progress(&self, activity: &str, done: Option<(u64, u64)>) {
        self.send(Event::Progress { job: self.job, activity: activity.to_owned(), done });
    }

    /// Reports a message for the user about the job's element.
    pub fn message(&self, mut message: Message) {
        message.element = Some(self.element);
        self.send(Event::Message(message));
    }

    fn send(&self, event: Event) {
        self.observer.event(&event);
    }
}
