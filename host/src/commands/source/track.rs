//! `source track`

use std::process::ExitCode;
use std::sync::Arc;

use spec_session::Track;

use super::NoFailureHelp;
use crate::app::App;
use crate::cli::SourceTrackArgs;
use crate::error::CommandResult;
use crate::run::run as run_jobs;
use crate::session::{JunctionTargets, SessionTargets};
use crate::user_file;

/// Looks for new versions and writes them into the files with the references.
pub(super) fn run(app: &App, args: &SourceTrackArgs) -> CommandResult<ExitCode> {
    let selection = &args.selection;
    let session = app.open_session_for(SessionTargets {
        except: &selection.except,
        junctions: JunctionTargets::Tracked,
        ..SessionTargets::of(&selection.elements)
    })?;
    let elements = session.select_tracked(selection.deps.scope(), args.cross_junctions)?;
    let (track, request) = Track::prepare(&session, &elements);
    let code = run_jobs(app, request, Arc::new(NoFailureHelp))?;
    // References that were found are written even when others failed.
    for file in track.changed_files()? {
        user_file::rewrite(&file.path, &file.text)?;
    }
    Ok(code)
}
