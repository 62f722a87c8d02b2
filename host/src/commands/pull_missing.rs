//! What commands that need artifacts pull first.

use std::process::ExitCode;
use std::sync::Arc;

use spec_model::Blame;
use spec_session::{Session, SharedCaches};

use super::source::NoFailureHelp;
use crate::app::App;
use crate::error::{CommandError, CommandResult};
use crate::exit_code::INTERRUPTED;
use crate::run::run as run_jobs;

/// Pulls what these elements lack, if a server is configured. What cannot be pulled is for the caller to miss.
///
/// # Errors
/// When the user interrupts it, or the store fails.
pub(super) fn pull_missing(
    app: &App,
    session: &Arc<Session>,
    elements: &[usize],
    caches: &Arc<SharedCaches>,
) -> CommandResult {
    let known: Vec<usize> =
        elements.iter().copied().filter(|element| session.key_pairs[*element].is_some()).collect();
    if caches.pulled_artifacts().is_none() {
        return Ok(());
    }
    let request = spec_session::pull_missing(session, caches, &known)?;
    if request.is_empty() {
        return Ok(());
    }
    let ended = run_jobs(app, request, Arc::new(NoFailureHelp))?;
    match ended == ExitCode::from(INTERRUPTED) {
        true => Err(CommandError::new(Blame::Cancelled, "cancelled", "the pull was interrupted")),
        false => Ok(()),
    }
}
