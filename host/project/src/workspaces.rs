//! The open workspaces of a project: folders of the user from which elements are built instead of from their sources.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use spec_model::{Mapping, Node, NodeError, UserError as _};

use crate::LoadError;
use crate::yaml::{dump, parse_file};

/// The file with the workspaces of a project, BuildStream's own.
pub const WORKSPACES: &str = ".bst2/workspaces.yml";
/// The file in a workspace that leads back to the project.
pub const WORKSPACE_PROJECT: &str = ".bstproject.yaml";
/// The kind of source that stands for those of an element with a workspace.
pub(crate) const WORKSPACE_KIND: &str = "workspace";

/// The version of the format of [`WORKSPACES`].
const FORMAT: i64 = 4;
/// The version of the format of [`WORKSPACE_PROJECT`].
const PROJECT_FORMAT: i64 = 1;

/// The open workspaces of a project, by the full names of their elements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspaces(IndexMap<String, Workspace>);

/// An open workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its folder, relative to the project if it is inside.
    pub path: String,
    /// The strong key of the last build, failed or not.
    pub last_build: Option<String>,
}

/// The project and the element that a workspace belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceOwner {
    /// The folder of the project.
    pub project: PathBuf,
    /// The full name of the element.
    pub element: String,
}

impl Workspaces {
    /// Reads the workspaces of the project in `directory`; none without the file.
    ///
    /// # Errors
    /// `invalid-data` when the file is malformed or of another version, and those of parsing.
    pub fn read(directory: &Path) -> Result<Self, LoadError> {
        let root = match parse_file(&directory.join(WORKSPACES), WORKSPACES) {
            Err(error) if error.reason() == "missing-file" => return Ok(Self::default()),
            other => other?,
        };
        check_version(&root, FORMAT)?;
        let mut workspaces = IndexMap::new();
        for (element, node) in root.opt_mapping("workspaces")?.into_iter().flat_map(|all| &all.entries) {
            let workspace = node.as_mapping()?;
            let last_build = workspace.opt_str("last_build")?.filter(|key| !key.is_empty());
            let (path, last_build) = (workspace.str("path")?.to_owned(), last_build.map(str::to_owned));
            workspaces.insert(element.to_string(), Workspace { path, last_build });
        }
        Ok(Self(workspaces))
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut all = Mapping::new();
        for (element, workspace) in &self.0 {
            let mut node = Mapping::new();
            node.set("path", Node::text(workspace.path.as_str()));
            if let Some(key) = &workspace.last_build {
                node.set("last_build", Node::text(key.as_str()));
            }
            all.set(element, node);
        }
        let mut root = Mapping::new();
        root.set("format-version", Node::text(FORMAT.to_string()));
        root.set("workspaces", all);
        dump(&root)
    }

    /// The workspace of an element.
    #[must_use]
    pub fn get(&self, element: &str) -> Option<&Workspace> {
        self.0.get(element)
    }

    /// All of them, with the elements, in the order of opening.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Workspace)> {
        self.0.iter().map(|(element, workspace)| (element.as_str(), workspace))
    }

    /// Notes that an element is built from a folder; nothing was built from it yet.
    pub fn open(&mut self, element: &str, path: String) {
        self.0.insert(element.to_owned(), Workspace { path, last_build: None });
    }

    /// Forgets the workspace of an element.
    pub fn close(&mut self, element: &str) -> Option<Workspace> {
        self.0.shift_remove(element)
    }

    /// Notes the last build of an element, or that the next one begins anew. Without a workspace, nothing changes.
    pub fn set_last_build(&mut self, element: &str, key: Option<String>) {
        if let Some(workspace) = self.0.get_mut(element) {
            workspace.last_build = key;
        }
    }
}

impl Workspace {
    /// Its absolute folder; `project` is the folder of the project.
    #[must_use]
    pub fn folder(&self, project: &Path) -> PathBuf {
        project.join(&self.path)
    }
}

impl WorkspaceOwner {
    /// The project and the element of the workspace in `folder`; `None` if there is none. A link is none, either: sources may
    /// have one of that name, which leads anywhere.
    ///
    /// # Errors
    /// `invalid-data` when its file is malformed, and those of parsing.
    pub fn of(folder: &Path) -> Result<Option<Self>, LoadError> {
        let file = folder.join(WORKSPACE_PROJECT);
        if !std::fs::symlink_metadata(&file).is_ok_and(|metadata| metadata.is_file()) {
            return Ok(None);
        }
        let root = match parse_file(&file, &file.display().to_string()) {
            Err(error) if error.reason() == "missing-file" => return Ok(None),
            other => other?,
        };
        check_version(&root, PROJECT_FORMAT)?;
        let projects = root.require("projects")?;
        let Some(first) = projects.as_sequence()?.first() else {
            return Err(projects.expected("the project that opened the workspace").into());
        };
        let first = first.as_mapping()?;
        let (project, element) = (first.str("project-path")?.into(), first.str("element-name")?.to_owned());
        Ok(Some(Self { project, element }))
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut project = Mapping::new();
        project.set("project-path", Node::text(self.project.display().to_string()));
        project.set("element-name", Node::text(self.element.as_str()));
        let mut root = Mapping::new();
        root.set("projects", Node::sequence(vec![project.into()]));
        root.set("format-version", Node::text(PROJECT_FORMAT.to_string()));
        dump(&root)
    }
}

fn check_version(root: &Mapping, known: i64) -> Result<(), NodeError> {
    let version = root.opt_int("format-version")?.unwrap_or_default();
    if version == known {
        return Ok(());
    }
    let position =
        root.get("format-version").and_then(|node| node.position.as_ref()).or(root.position.as_ref());
    let message = format!("this is version {version} of the format, and only version {known} is understood");
    Err(NodeError::new("invalid-data", position, message)
        .with_hint("close the workspaces and open them again"))
}
