//! `source fetch`

use std::process::ExitCode;
use std::sync::Arc;

use super::NoFailureHelp;
use crate::app::App;
use crate::cli::SourceSelection;
use crate::error::CommandResult;
use crate::run::run as run_jobs;

/// Downloads and stages sources into the cache.
pub(super) fn run(app: &App, selection: &SourceSelection) -> CommandResult<ExitCode> {
    let session = app.open_session(&selection.elements)?;
    let elements = session.select(selection.deps.scope(), &selection.except)?;
    let request = spec_session::fetch(&session, &elements)?;
    run_jobs(app, request, Arc::new(NoFailureHelp))
}
