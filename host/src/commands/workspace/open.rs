//! `workspace open`

use std::fs;
use std::path::{Path, PathBuf};

use spec_model::Blame;
use spec_project::{Scope, WORKSPACE_PROJECT, WorkspaceOwner};
use spec_session::remotes::CommandLineRemotes;
use spec_session::{Session, SharedCaches, change_workspaces, write_owner};
use spec_source::FetchMonitor;

use super::ProjectWorkspaces;
use super::close::remove_contents;
use crate::app::App;
use crate::cli::WorkspaceOpenArgs;
use crate::commands::destination;
use crate::error::{CommandError, CommandResult};
use crate::session::{JunctionTargets, SessionTargets};
use crate::signals;
use crate::term::write_stderr;

/// A workspace that is to be filled with sources.
#[derive(Clone, Debug)]
pub(super) struct NewWorkspace {
    /// The full name of the element.
    pub(super) element: String,
    /// The absolute folder.
    pub(super) folder: PathBuf,
    /// Whether the folder is a workspace already, so that what is in it is removed before.
    pub(super) empties: bool,
}

/// Opens workspaces. Everything is checked before the first is opened.
pub(super) fn run(app: &App, args: &WorkspaceOpenArgs) -> CommandResult {
    let session = open_source_session(app, &args.elements)?;
    let workspaces = ProjectWorkspaces::of(app)?;
    let targets = &session.project.targets;
    if args.directory.is_some() && targets.len() != 1 {
        let message = format!("--directory is for one element, and these are {}", targets.len());
        return Err(CommandError::usage("directory-with-multiple-elements", message));
    }
    let mut new = Vec::new();
    for &target in targets {
        let element = session.name(target);
        check_sources(&session, target)?;
        if let (Some(open), false) = (workspaces.open.get(&element), args.force) {
            let folder = open.folder(&workspaces.directory);
            let message = format!("'{element}' has an open workspace, in {}", folder.display());
            let error = CommandError::usage("workspace-open", message);
            return Err(error.hint("close it, or open another one with --force"));
        }
        let folder = args.directory.clone().unwrap_or_else(|| {
            app.config
                .workspace_dir
                .join(session.project.elements[target].name.path().trim_end_matches(".bst"))
        });
        let folder =
            std::path::absolute(folder).map_err(|error| CommandError::io("name the folder", &error))?;
        check_folder(&element, &folder, args.no_checkout || args.force)?;
        let owner = WorkspaceOwner::of(&folder)?;
        let is_own = owner.is_some_and(|owner| owner.project == workspaces.directory);
        new.push(NewWorkspace { element, folder, empties: is_own && args.force });
    }
    if !args.no_checkout {
        return fill(app, &session, &new, Some(&args.remotes.sources()));
    }
    for workspace in &new {
        fs::create_dir_all(&workspace.folder).map_err(|error| not_made(&workspace.folder, &error))?;
        note(app, &workspaces.directory, workspace)?;
    }
    Ok(())
}

/// Opens workspaces whose folders were checked.
pub(super) fn open(app: &App, new: &[NewWorkspace], line: Option<&CommandLineRemotes>) -> CommandResult {
    let elements: Vec<String> = new.iter().map(|workspace| workspace.element.clone()).collect();
    fill(app, &open_session(app, &elements)?, new, line)
}

/// A session about the own sources of elements.
fn open_session(app: &App, elements: &[String]) -> CommandResult<std::sync::Arc<Session>> {
    app.open_session_for(SessionTargets {
        junctions: JunctionTargets::Allowed,
        closed_workspaces: elements,
        ..SessionTargets::of(elements)
    })
}

/// As [`open_session`], about the elements whose sources those are that these elements stand for.
fn open_source_session(app: &App, elements: &[String]) -> CommandResult<std::sync::Arc<Session>> {
    let session = open_session(app, elements)?;
    let sources = session.source_elements();
    if sources == session.project.targets {
        return Ok(session);
    }
    let names: Vec<String> = sources.into_iter().map(|element| session.name(element)).collect();
    open_session(app, &names)
}

/// Writes the sources to the folders, and notes the workspaces.
fn fill(
    app: &App,
    session: &std::sync::Arc<Session>,
    new: &[NewWorkspace],
    line: Option<&CommandLineRemotes>,
) -> CommandResult {
    let cancel = signals::cancel()?;
    let caches = SharedCaches::of_session(session, None, line)?;
    let style = app.err;
    let watch = FetchMonitor::silent(cancel.clone()).with_warnings(move |reason, text| {
        write_stderr(&format!("warning[{reason}]: {text}\n"), style);
    });
    let project = &session.project.config.directory;
    let mut trees = Vec::new();
    for workspace in new {
        let Some(index) = session.project.index(&workspace.element) else { continue };
        let sources = session.sources(index);
        trees.push(match caches.pulled_sources_of(&session.project.elements[index]) {
            Some(cache) => sources.fetch_through(cache, &watch)?,
            None => sources.fetch(&watch)?,
        });
    }
    for (workspace, tree) in new.iter().zip(trees) {
        if workspace.empties {
            remove_contents(&workspace.folder, project)?;
        }
        fs::create_dir_all(&workspace.folder).map_err(|error| not_made(&workspace.folder, &error))?;
        // Into an empty folder everything is moved at once, which is faster and leaves nothing behind when it fails.
        let overwrite = fs::read_dir(&workspace.folder).is_ok_and(|mut entries| entries.next().is_some());
        destination::write_tree(&session.cas, &tree, &workspace.folder, overwrite, &cancel)?;
        note(app, project, workspace)?;
    }
    Ok(())
}

/// Has a folder lead back to the project, and the project know the folder.
fn note(app: &App, project: &Path, workspace: &NewWorkspace) -> CommandResult {
    let NewWorkspace { element, folder, .. } = workspace;
    let file = folder.join(WORKSPACE_PROJECT);
    let owner = WorkspaceOwner { project: project.to_owned(), element: element.clone() };
    // The sources may have a file of that name, or a link.
    let before = || WorkspaceOwner::of(folder).ok().flatten();
    if fs::symlink_metadata(&file).is_ok() && before().is_none_or(|found| found != owner) {
        let text = format!("{} is replaced, which was there before", file.display());
        app.warn("workspace-project-replaced", &text);
    }
    write_owner(folder, &owner)?;
    let inside = folder.strip_prefix(project).ok().filter(|path| !path.as_os_str().is_empty());
    let path = inside.unwrap_or(folder).display().to_string();
    change_workspaces(project, |open| open.open(element, path))?;
    write_stderr(&format!("opened a workspace of {element} in {}\n", folder.display()), app.err);
    Ok(())
}

fn check_sources(session: &Session, target: usize) -> CommandResult {
    let element = &session.project.elements[target];
    if !element.sources.is_empty() {
        return Ok(());
    }
    let below = session.project.scope(&[target], Scope::Build);
    let with: Vec<String> = below
        .into_iter()
        .filter(|below| !session.project.elements[*below].sources.is_empty())
        .map(|below| session.name(below))
        .collect();
    let error = CommandError::usage("no-sources", format!("the element '{}' has no sources", element.name));
    Err(if with.is_empty() { error } else { error.hint(format!("these have some: {}", with.join(" "))) })
}

/// Refuses folders that the workspace cannot have.
fn check_folder(element: &str, folder: &Path, may_be_full: bool) -> CommandResult {
    let bad = |why: &str| {
        let message = format!("the workspace of '{element}' cannot be in {}: {why}", folder.display());
        Err(CommandError::usage("bad-directory", message).hint("choose another one with --directory"))
    };
    match fs::read_dir(folder).map(Iterator::count) {
        Ok(1..) if !may_be_full => bad("it is not empty"),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => bad("it is no folder"),
        _ => Ok(()),
    }
}

fn not_made(folder: &Path, error: &std::io::Error) -> CommandError {
    let message = format!("cannot make {}: {error}", folder.display());
    CommandError::new(Blame::Machine, "workspace-directory-failure", message)
}
