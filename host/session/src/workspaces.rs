//! The workspaces of a project: what is noted of them, and what builds need of them.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::PoisonError;

use spec_artifact::Artifact;
use spec_build::{ElementKeys, PreviousBuild};
use spec_model::Key;
use spec_project::{Scope, WORKSPACE_PROJECT, WORKSPACES, WorkspaceOwner, Workspaces};
use spec_scheduler::{Context, Message};

use crate::error::{Result, SessionError};
use crate::session::Session;

/// Changes the file of the workspaces of the project in `directory`, as it is now: another process may have changed it.
///
/// # Errors
/// What is wrong with the file, or `workspaces-not-written` when it cannot be written.
pub fn change_workspaces(directory: &Path, change: impl FnOnce(&mut Workspaces)) -> Result<()> {
    let before = Workspaces::read(directory)?;
    let mut after = before.clone();
    change(&mut after);
    if before == after {
        return Ok(());
    }
    let path = directory.join(WORKSPACES);
    write(&path, &after.text()).map_err(|error| SessionError::Workspaces { path, error })
}

/// Has the folder of a workspace lead back to its project. What the sources have in the place of that file is replaced, and not
/// followed.
///
/// # Errors
/// `workspaces-not-written` when it cannot be written.
pub fn write_owner(folder: &Path, owner: &WorkspaceOwner) -> Result<()> {
    let path = folder.join(WORKSPACE_PROJECT);
    write(&path, &owner.text()).map_err(|error| SessionError::Workspaces { path, error })
}

/// Writes a new file and moves it to its place.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode)?;
    file.persist(path)?;
    Ok(())
}

/// Whether an artifact was built from a workspace, or on one that was: nobody else could make it. Tells that it is not pushed.
pub(crate) fn is_kept_to_oneself(artifact: &Artifact, context: &Context) -> bool {
    let is_tainted = artifact.was_workspaced || artifact.build_deps.iter().any(|below| below.was_workspaced);
    if is_tainted {
        let text = "it was built from a workspace, so it is not pushed";
        context.message(Message::warning("tainted-artifact", text));
    }
    is_tainted
}

impl Session {
    /// What the last build of the element's workspace left: its build tree, if its build dependencies were the same.
    pub(crate) fn previous_build(
        &self,
        element: usize,
        keys: &[Option<ElementKeys>],
    ) -> Result<Option<PreviousBuild>> {
        let name = self.name(element);
        let Some(last) =
            self.project.workspaces.get(&name).and_then(|workspace| workspace.last_build.as_ref())
        else {
            return Ok(None);
        };
        let Ok(key) = last.parse::<Key>() else { return Ok(None) };
        let found = &self.project.elements[element];
        let Some(artifact) = self.artifacts.lookup(&found.project, &found.name, &key)? else {
            return Ok(None);
        };
        let (Some(sources), Some(buildtree)) = (artifact.trees.sources, artifact.trees.buildtree) else {
            return Ok(None);
        };
        if !self.cas.is_complete(&sources)? || !self.cas.is_complete(&buildtree)? {
            return Ok(None);
        }
        let scope = self.project.scope(&[element], Scope::Build);
        let now: Vec<_> = scope
            .into_iter()
            .map(|below| {
                let below_element = &self.project.elements[below];
                let key = keys[below].map(|keys| keys.strong);
                (below_element.project.to_string(), below_element.name.clone(), key)
            })
            .collect();
        let before: Vec<_> = artifact
            .build_deps
            .iter()
            .map(|below| (below.project.clone(), below.element.clone(), Some(below.key)))
            .collect();
        Ok((now == before).then_some(PreviousBuild { sources, buildtree }))
    }

    /// Notes that an element was built from its workspace, if it has one, so that the next build can go on from there.
    pub(crate) fn note_workspace_build(&self, element: usize, key: Key) -> Result<()> {
        if self.project.elements[element].workspace.is_none() {
            return Ok(());
        }
        let name = self.name(element);
        let _one_at_a_time = self.workspace_file.lock().unwrap_or_else(PoisonError::into_inner);
        change_workspaces(&self.project.config.directory, |workspaces| {
            workspaces.set_last_build(&name, Some(key.to_string()));
        })
    }
}
