//! `workspace list`

use std::path::PathBuf;

use spec_model::{Mapping, Node};

use super::ProjectWorkspaces;
use crate::app::App;
use crate::commands::print;
use crate::error::CommandResult;

/// Prints the open workspaces as YAML.
pub(super) fn run(app: &App) -> CommandResult {
    // A project that cannot be used has no workspaces, as for BuildStream.
    app.project_config()?;
    let workspaces = ProjectWorkspaces::of(app)?;
    let one = |element: &str, folder: PathBuf| {
        let mut entry = Mapping::new();
        entry.set("element", Node::text(element));
        entry.set("directory", Node::text(folder.display().to_string()));
        Node::from(entry)
    };
    let all = workspaces.open.iter();
    let all = all.map(|(element, workspace)| one(element, workspace.folder(&workspaces.directory)));
    let mut root = Mapping::new();
    root.set("workspaces", Node::sequence(all.collect()));
    print(&spec_project::yaml::dump(&root))
}
