//! `source track`

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use spec_model::Value;
use spec_project::ref_edits::{NewRef, set_refs};
use spec_scheduler::{Context, Failure, Job, JobEnd, Message, MessageLevel, Task, Work};

use super::NoHelp;
use crate::app::App;
use crate::cli::SourceSelection;
use crate::drive::{Errand, drive};
use crate::error::CommandResult;
use crate::failure;
use crate::plan::single_jobs;
use crate::session::{Session, SharedSession};
use crate::user_file;
use crate::work::watch;

/// Looks for new versions and writes them into the files that hold the references.
pub(super) fn run(app: &App, selection: &SourceSelection) -> CommandResult<ExitCode> {
    let session = Arc::new(Session::open(app, &selection.elements)?);
    let mut elements = session.select(selection.deps, &selection.except)?;
    elements.retain(|element| !session.project.elements[*element].sources.is_empty());
    let tracker = Arc::new(Tracker { session: session.clone(), found: Mutex::default() });
    let (graph, work) = (single_jobs(&elements, Task::Track), tracker.clone());
    let code = drive(
        app,
        Errand {
            graph,
            work,
            roster: session.roster("track", None),
            helper: Arc::new(NoHelp),
            last_words: Box::new(Vec::new),
        },
    )?;
    // What was found is written even when something else failed.
    let found = std::mem::take(&mut *tracker.lock());
    for file in set_refs(&session.project, &found)? {
        user_file::rewrite(&file.path, &file.text)?;
    }
    Ok(code)
}

/// Collects new references.
struct Tracker {
    session: SharedSession,
    found: Mutex<Vec<NewRef>>,
}

impl Tracker {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<NewRef>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work for Tracker {
    fn run(&self, job: Job, context: &Context) -> Result<JobEnd, Box<Failure>> {
        let sources = self.session.sources_again(job.element);
        let mut sources = sources.map_err(|error| failure::of_command(&error))?;
        let tracked = sources.track(&watch(context, "tracking")).map_err(failure::of)?;
        let changed: Vec<_> = tracked.into_iter().filter(|(_, tracked)| tracked.is_changed()).collect();
        if changed.is_empty() {
            return Ok(JobEnd::Unneeded);
        }
        for (source, tracked) in changed {
            let text = match tracked.new {
                Value::Str(text) => text,
                other => other.canonical(),
            };
            context.message(Message {
                element: None,
                level: MessageLevel::Info,
                reason: "new-ref".to_owned(),
                text: format!("source {}: {text}", source + 1),
                detail: None,
                figures: Vec::new(),
            });
            self.lock().push(NewRef { element: job.element, source, text });
        }
        Ok(JobEnd::Done)
    }
}
