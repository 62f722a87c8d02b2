//! `workspace reset`

use spec_session::change_workspaces;

use super::ProjectWorkspaces;
use super::open::{self, NewWorkspace};
use crate::app::App;
use crate::cli::WorkspaceResetArgs;
use crate::error::{CommandError, CommandResult};
use crate::term::write_stderr;

/// Writes the sources of elements to their workspaces again, or has only the next build begin anew.
pub(super) fn run(app: &App, args: &WorkspaceResetArgs) -> CommandResult {
    if args.all && !args.elements.is_empty() {
        let message = "--all means all workspaces, and elements are named, too";
        return Err(CommandError::usage("all-with-elements", message).hint("say one of the two"));
    }
    let workspaces = ProjectWorkspaces::of(app)?;
    if args.all && workspaces.open.iter().next().is_none() {
        return Err(CommandError::usage("workspace-not-open", "no workspace is open"));
    }
    let chosen = workspaces.chosen(app, args.all, &args.elements)?;
    if args.soft {
        for element in &chosen {
            change_workspaces(&workspaces.directory, |open| open.set_last_build(element, None))?;
            write_stderr(&format!("the next build of {element} begins anew\n"), app.err);
        }
        return Ok(());
    }
    let folder = |element: &String| Some(workspaces.open.get(element)?.folder(&workspaces.directory));
    let new = chosen.iter().filter_map(|element| {
        Some(NewWorkspace { element: element.clone(), folder: folder(element)?, empties: true })
    });
    open::open(app, &new.collect::<Vec<_>>(), None)
}
