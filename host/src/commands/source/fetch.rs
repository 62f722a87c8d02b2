//! `source fetch`

use std::process::ExitCode;
use std::sync::Arc;

use spec_scheduler::Task;

use super::NoHelp;
use crate::app::App;
use crate::cli::SourceSelection;
use crate::drive::{Errand, drive};
use crate::error::{BlameUser, CommandResult};
use crate::plan::single_jobs;
use crate::session::Session;
use crate::work::Worker;

/// Brings sources into the cache.
pub(super) fn run(app: &App, selection: &SourceSelection) -> CommandResult<ExitCode> {
    let session = Arc::new(Session::open(app, &selection.elements)?);
    let mut needed = Vec::new();
    for element in session.select(selection.deps, &selection.except)? {
        let sources = session.sources(element);
        // An original that can be read where it is may be gone tomorrow; its tree in the cache is not.
        if sources.sources().next().is_some() && sources.cached()?.is_none() {
            sources.check().or_usage()?;
            needed.push(element);
        }
    }
    let graph = single_jobs(&needed, Task::Fetch);
    let roster = session.roster("fetch", None);
    let work = Arc::new(Worker::new(session, &[], false, None));
    drive(app, Errand { graph, work, roster, helper: Arc::new(NoHelp), last_words: Box::new(Vec::new) })
}
