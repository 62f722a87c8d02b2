//! `workspace close`

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use spec_project::WORKSPACE_PROJECT;
use spec_session::change_workspaces;

use super::ProjectWorkspaces;
use crate::app::App;
use crate::cli::WorkspaceCloseArgs;
use crate::error::{CommandError, CommandResult};
use crate::term::write_stderr;

/// Closes workspaces, and removes their folders if that is wanted.
pub(super) fn run(app: &App, args: &WorkspaceCloseArgs) -> CommandResult {
    let workspaces = ProjectWorkspaces::of(app)?;
    if args.all && workspaces.open.iter().next().is_none() {
        write_stderr("no workspace is open\n", app.err);
        return Ok(());
    }
    for element in workspaces.chosen(app, args.all, &args.elements)? {
        let Some(workspace) = workspaces.open.get(&element) else { continue };
        let folder = workspace.folder(&workspaces.directory);
        if args.remove_dir {
            remove_contents(&folder, &workspaces.directory)?;
            remove(|path| fs::remove_dir(path), &folder)?;
        } else {
            remove(|path| fs::remove_file(path), &folder.join(WORKSPACE_PROJECT))?;
        }
        change_workspaces(&workspaces.directory, |open| drop(open.close(&element)))?;
        write_stderr(&format!("closed the workspace of {element}\n"), app.err);
    }
    Ok(())
}

/// Removes everything in the folder of a workspace, unless the project itself is in it.
///
/// # Errors
/// `workspace-has-project`, or when the file system fails.
pub(super) fn remove_contents(folder: &Path, project: &Path) -> CommandResult {
    let Ok(real) = folder.canonicalize() else { return Ok(()) };
    if project.starts_with(&real) {
        let message = format!("the project is in {}, so that is not removed", folder.display());
        return Err(CommandError::usage("workspace-has-project", message));
    }
    let failed = |error: std::io::Error| CommandError::io(&format!("empty {}", folder.display()), &error);
    for entry in fs::read_dir(&real).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_folder = fs::symlink_metadata(&path).map_err(failed)?.is_dir();
        let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(failed)?;
    }
    Ok(())
}

/// Removes what may be gone already.
fn remove(how: impl Fn(&Path) -> std::io::Result<()>, path: &Path) -> CommandResult {
    match how(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        other => other.map_err(|error| CommandError::io(&format!("remove {}", path.display()), &error)),
    }
}
