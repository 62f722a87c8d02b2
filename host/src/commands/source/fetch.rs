//! `source fetch`

use std::process::ExitCode;
use std::sync::Arc;

use spec_session::SharedCaches;

use super::NoFailureHelp;
use crate::app::App;
use crate::cli::SourceFetchArgs;
use crate::error::CommandResult;
use crate::run::run as run_jobs;
use crate::session::{JunctionTargets, SessionTargets};

/// Downloads and stages sources into the cache.
pub(super) fn run(app: &App, args: &SourceFetchArgs) -> CommandResult<ExitCode> {
    let selection = &args.selection;
    let session = app.open_session_for(SessionTargets {
        except: &selection.except,
        junctions: JunctionTargets::Allowed,
        ..SessionTargets::of(&selection.elements)
    })?;
    let elements = session.select(selection.deps.scope());
    let caches = SharedCaches::of_session(&session, None, Some(&args.remotes.sources()))?;
    let request = spec_session::fetch(&session, &caches, &elements)?;
    run_jobs(app, request, Arc::new(NoFailureHelp))
}
