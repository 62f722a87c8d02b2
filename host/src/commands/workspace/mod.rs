//! `workspace ...`

mod close;
mod list;
mod open;
mod reset;

use std::path::PathBuf;
use std::process::ExitCode;

use spec_project::Workspaces;

use crate::app::App;
use crate::cli::WorkspaceCommand;
use crate::error::{CommandError, CommandResult};
use crate::session::{JunctionTargets, SessionTargets};

/// Opens, closes, resets and lists workspaces.
///
/// # Errors
/// What ends the command.
pub(super) fn run(app: &App, command: &WorkspaceCommand) -> CommandResult<ExitCode> {
    match command {
        WorkspaceCommand::Open(args) => open::run(app, args),
        WorkspaceCommand::Close(args) => close::run(app, args),
        WorkspaceCommand::Reset(args) => reset::run(app, args),
        WorkspaceCommand::List => list::run(app),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The project of the command line, and its open workspaces.
struct ProjectWorkspaces {
    directory: PathBuf,
    open: Workspaces,
}

impl ProjectWorkspaces {
    fn of(app: &App) -> CommandResult<Self> {
        let directory = spec_project::find_project(app.globals.directory())?;
        Ok(Self { open: Workspaces::read(&directory)?, directory })
    }

    /// Named elements; those without a workspace that only filter another element stand for that. The project is loaded only
    /// for them, so that workspaces of a project that cannot be loaded can be closed.
    fn sources_of(&self, app: &App, named: &[String]) -> CommandResult<Vec<String>> {
        if named.iter().all(|element| self.open.get(element).is_some()) {
            return Ok(named.to_vec());
        }
        let targets = SessionTargets { junctions: JunctionTargets::Allowed, ..SessionTargets::of(named) };
        let session = app.open_session_for(targets)?;
        Ok(session.source_elements().into_iter().map(|element| session.name(element)).collect())
    }

    /// The elements that are meant: those that are named, all, or that of the workspace that the command runs in.
    ///
    /// # Errors
    /// `workspace-not-open` if one has no workspace, `no-elements` if none is meant.
    fn chosen(&self, app: &App, all: bool, named: &[String]) -> CommandResult<Vec<String>> {
        if all {
            return Ok(self.open.iter().map(|(element, _)| element.to_owned()).collect());
        }
        let own = || spec_project::default_element(app.globals.directory());
        let chosen =
            if named.is_empty() { own()?.into_iter().collect() } else { self.sources_of(app, named)? };
        if chosen.is_empty() {
            let error = CommandError::usage("no-elements", "no element is named");
            return Err(error.hint("name elements, say --all, or go to the workspace that is meant"));
        }
        if let Some(without) = chosen.iter().find(|element| self.open.get(element).is_none()) {
            let message = format!("there is no open workspace of '{without}'");
            let error = CommandError::usage("workspace-not-open", message);
            return Err(error.hint("see which are: spec-host workspace list"));
        }
        Ok(chosen)
    }
}
