//! `project.refs` and `junction.refs`: the refs of sources in files of their own.

use std::sync::Arc;

use spec_model::{Mapping, Node, NodeError, NodeKind, UserError as _};

use crate::LoadError;
use crate::compose::assert_composed;
use crate::options::Options;
use crate::project_files::ProjectFiles;

/// The file with the refs of elements.
pub const PROJECT_REFS: &str = "project.refs";
/// The file with the refs of junctions.
pub(crate) const JUNCTION_REFS: &str = "junction.refs";

/// The refs of a project and its subprojects, by project, element and index of the source.
#[derive(Debug)]
pub(crate) struct ProjectRefs {
    /// The name of the file.
    pub(crate) file: &'static str,
    projects: Mapping,
}

/// The files that may have the refs of an element's sources.
#[derive(Clone, Debug, Default)]
pub(crate) struct RefFiles {
    /// That of its project.
    pub(crate) own: Option<Arc<ProjectRefs>>,
    /// That of the top-level project, for an element of a subproject. It counts before all others.
    pub(crate) toplevel: Option<Arc<ProjectRefs>>,
}

impl ProjectRefs {
    /// Reads a file of refs of a project; a missing file holds no refs.
    pub(crate) fn load(
        files: &ProjectFiles,
        file: &'static str,
        options: &Options,
    ) -> Result<Self, LoadError> {
        let mut root = match files.parse(file) {
            Err(error) if error.reason() == "missing-file" => Mapping::new(),
            other => other?,
        };
        options.resolve_conditionals(&mut root, &[])?;
        assert_composed(&root)?;
        root.validate_keys(&["projects"])?;
        Ok(Self { file, projects: root.opt_mapping("projects")?.cloned().unwrap_or_default() })
    }

    /// The entries for a source: `ref`, and others that its kind writes.
    pub(crate) fn entries_of(
        &self,
        project: &str,
        element: &str,
        source: usize,
    ) -> Result<Option<&Mapping>, NodeError> {
        let Some(project) = self.projects.opt_mapping(project)? else {
            return Ok(None);
        };
        project.sequence_or_empty(element)?.get(source).map(Node::as_mapping).transpose()
    }
}

/// The entry of a source in the text of a `project.refs`; it and its parents are made where they are missing.
pub(crate) fn source_entry<'r>(
    root: &'r mut Mapping,
    project: &str,
    element: &str,
    source: usize,
) -> Result<&'r mut Mapping, NodeError> {
    let projects = child(root, "projects", || Mapping::new().into());
    let project = child(as_mapping(projects)?, project, || Mapping::new().into());
    let sources = child(as_mapping(project)?, element, || Node::sequence(Vec::new()));
    let problem = sources.expected("a list");
    let NodeKind::Sequence(sources) = &mut sources.kind else {
        return Err(problem);
    };
    let sources = Arc::make_mut(sources);
    while sources.len() <= source {
        sources.push(Mapping::new().into());
    }
    as_mapping(&mut sources[source])
}

fn child<'m>(mapping: &'m mut Mapping, name: &str, missing: impl FnOnce() -> Node) -> &'m mut Node {
    mapping.entries.get_or_insert_with(name, missing)
}

fn as_mapping(node: &mut Node) -> Result<&mut Mapping, NodeError> {
    let problem = node.expected("a dictionary");
    match &mut node.kind {
        NodeKind::Mapping(mapping) => Ok(Arc::make_mut(mapping)),
        _ => Err(problem),
    }
}
