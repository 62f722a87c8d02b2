//! Finds new references of sources.

use std::sync::{Arc, Mutex, PoisonError};

use spec_model::Value;
use spec_project::ref_edits::{ChangedFile, NewRef, set_refs};
use spec_scheduler::{Context, Failure, Job, JobEnd, Message, Task, Work};
use spec_source::TrackedRef;

use crate::error::{Result, SessionError};
use crate::job_failure;
use crate::job_graph::single_task_graph;
use crate::observers::source_watch;
use crate::run::RunRequest;
use crate::session::Session;

/// A search for new references of sources.
pub struct Track {
    work: Arc<TrackWork>,
}

impl Track {
    /// The jobs that look for new references of these elements' sources.
    #[must_use]
    pub fn prepare(session: &Arc<Session>, elements: &[usize]) -> (Self, RunRequest) {
        let has_sources = |element: &usize| !session.project.elements[*element].sources.is_empty();
        let elements: Vec<usize> = elements.iter().copied().filter(has_sources).collect();
        let work = Arc::new(TrackWork { session: session.clone(), new_refs: Mutex::default() });
        let graph = single_task_graph(&elements, Task::Track);
        let request = RunRequest::new(session, session.info("track", None), graph, work.clone());
        (Self { work }, request)
    }

    /// The files of the project that change with the references that the jobs found. Nothing is written.
    ///
    /// # Errors
    /// When a reference cannot be written into its file.
    pub fn changed_files(&self) -> Result<Vec<ChangedFile>> {
        let new_refs = std::mem::take(&mut *self.work.lock());
        set_refs(&self.work.session.project, &new_refs).map_err(SessionError::Edit)
    }
}

/// Collects new references.
struct TrackWork {
    session: Arc<Session>,
    new_refs: Mutex<Vec<NewRef>>,
}

impl TrackWork {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<NewRef>> {
        self.new_refs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work for TrackWork {
    fn run(&self, job: Job, context: &Context) -> Result<JobEnd, Box<Failure>> {
        let mut sources = self.session.configure_sources(job.element).map_err(job_failure::of)?;
        let tracked = sources.track(&source_watch(context, "tracking")).map_err(job_failure::of)?;
        let changed: Vec<_> = tracked.into_iter().filter(|(_, tracked)| tracked.is_changed()).collect();
        if changed.is_empty() {
            return Ok(JobEnd::Unneeded);
        }
        for (source, tracked) in changed {
            context.message(Message::info("new-ref", format!("source {}: {}", source + 1, shown(&tracked))));
            for (key, value) in tracked.settings() {
                let (key, value) = (key.to_owned(), value.clone());
                self.lock().push(NewRef { element: job.element, source, key, value });
            }
        }
        Ok(JobEnd::Done)
    }
}

/// The new reference, for people; of a long list only its length.
fn shown(tracked: &TrackedRef) -> String {
    match tracked.new.to_value() {
        Value::Str(text) => text,
        Value::Seq(entries) => format!("{} entries", entries.len()),
        other => other.canonical(),
    }
}
