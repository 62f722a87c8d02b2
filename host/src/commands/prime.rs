//! `prime`

use std::process::ExitCode;
use std::sync::Arc;

use spec_session::{SharedCaches, prepare_priming_run};

use super::shell::FailureShell;
use crate::app::App;
use crate::cli::PrimeArgs;
use crate::error::CommandResult;
use crate::run::run as run_jobs;

/// Executes the actions that builds are going to request, without building.
///
/// # Errors
/// Errors before the first job starts.
pub(super) fn run(app: &App, args: &PrimeArgs) -> CommandResult<ExitCode> {
    let (session, recording) = app.open_recorded_session(&args.elements, &args.recording)?;
    let settings = app.speculation_settings(&args.speculation, &session.project.config)?.for_priming_run();
    let required = session.select(args.deps.unwrap_or(app.config.dependencies).scope());
    let (artifacts, sources) = (args.artifact_remotes.artifacts(), args.source_remotes.sources());
    let caches = SharedCaches::of_session(&session, Some(&artifacts), Some(&sources))?;
    let request = prepare_priming_run(&session, &required, &settings, &caches)?;
    let ended = run_jobs(app, request, Arc::new(FailureShell::new(session)));
    recording.finish(app);
    ended
}
