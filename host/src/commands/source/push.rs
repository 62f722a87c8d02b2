//! `source push`

use std::process::ExitCode;
use std::sync::Arc;

use spec_session::SharedCaches;

use super::NoFailureHelp;
use crate::app::App;
use crate::cli::SourcePushArgs;
use crate::error::CommandResult;
use crate::run::run as run_jobs;
use crate::session::SessionTargets;

/// Brings sources to shared caches.
pub(super) fn run(app: &App, args: &SourcePushArgs) -> CommandResult<ExitCode> {
    let session = app.open_session_for(SessionTargets {
        except: &args.selection.except,
        ..SessionTargets::of(&args.selection.elements)
    })?;
    let elements = session.select(args.selection.deps.scope());
    let caches = SharedCaches::of_session(&session, None, Some(&args.remotes.sources()))?;
    let request = spec_session::push_sources(&session, &caches, &elements)?;
    run_jobs(app, request, Arc::new(NoFailureHelp))
}
