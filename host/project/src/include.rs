//! Includes `(@)`: files of the project, or of a subproject, that are composed under the mapping that names them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use spec_model::{Mapping, Node, NodeError, NodeKind};

use crate::LoadError;
use crate::compose::compose_under;
use crate::has_key::has_key;
use crate::options::Options;
use crate::outer_space;
use crate::project_files::ProjectFiles;
use crate::variables::Variables;
use crate::yaml::{Limits, parse_shared};

const INCLUDE: &str = "(@)";
const MAX_DEPTH: usize = 30;

/// A project that files are included from.
#[derive(Clone)]
pub(crate) struct IncludeProject {
    /// Its index among the open projects.
    pub(crate) index: usize,
    pub(crate) files: Rc<ProjectFiles>,
    /// Its options, for the conditionals of its files; `None` where they are decided later.
    pub(crate) options: Option<Arc<Options>>,
    /// Its variables, which files get that other projects include; `None` where none of them can.
    pub(crate) variables: Option<Arc<Mapping>>,
}

/// Finds the projects behind junctions.
pub(crate) trait Subprojects {
    /// The project that `junctions` lead to from the project `from`, with its settings loaded. `node` names them.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    fn subproject(&mut self, from: usize, junctions: &str, node: &Node) -> Result<IncludeProject, LoadError>;
}

/// The included files of one project, each read once. As in BuildStream, a file of a subproject has that project's
/// variables expanded when the first to name it is another project, and then stays so.
#[derive(Clone, Default)]
pub(crate) struct IncludedFiles(Rc<RefCell<HashMap<(usize, String), IncludedFile>>>);

/// The contents of a file and its number of bytes.
#[derive(Clone)]
struct IncludedFile {
    contents: Mapping,
    bytes: usize,
}

/// The processing of one file with all that it includes.
struct IncludePass<'p> {
    /// Finds other projects; without it, their files are left out.
    subprojects: Option<&'p mut dyn Subprojects>,
    included: &'p IncludedFiles,
    /// The files that are being included, outermost first.
    open: Vec<(usize, String)>,
    /// How many files were included so far, and how many bytes they had.
    count: usize,
    bytes: usize,
    /// Whether files of other projects were left out.
    left_out: bool,
}

/// Resolves all includes at and below a mapping of a project, and its conditionals where the project has options.
///
/// # Errors
/// `missing-file` at an include that is not there, `recursive-include` at one that includes itself, and the errors of
/// parsing, composition, conditionals and loading subprojects.
pub(crate) fn process(
    mapping: &mut Mapping,
    project: &IncludeProject,
    included: &IncludedFiles,
    subprojects: &mut dyn Subprojects,
) -> Result<(), LoadError> {
    IncludePass::new(included, Some(subprojects)).file(mapping, project)
}

/// Resolves the includes of files of this project, and takes those of subprojects out. Returns whether there were any.
///
/// # Errors
/// As [`process`].
pub(crate) fn process_own(
    mapping: &mut Mapping,
    project: &IncludeProject,
    included: &IncludedFiles,
) -> Result<bool, LoadError> {
    let mut pass = IncludePass::new(included, None);
    pass.file(mapping, project)?;
    Ok(pass.left_out)
}

impl<'p> IncludePass<'p> {
    fn new(included: &'p IncludedFiles, subprojects: Option<&'p mut dyn Subprojects>) -> Self {
        Self { subprojects, included, open: Vec::new(), count: 0, bytes: 0, left_out: false }
    }

    fn file(&mut self, mapping: &mut Mapping, project: &IncludeProject) -> Result<(), LoadError> {
        if let Some(options) = &project.options {
            options.resolve_conditionals(mapping, &[])?;
        }
        self.mapping(mapping, project)
    }

    fn mapping(&mut self, mapping: &mut Mapping, project: &IncludeProject) -> Result<(), LoadError> {
        if let Some(names) = mapping.remove(INCLUDE) {
            for name in include_names(&names)?.iter().rev() {
                if let Some(included) = self.include(name, &names, project)? {
                    compose_under(included, mapping)?;
                }
            }
        }
        mapping.entries.values_mut().try_for_each(|node| self.node(node, project))
    }

    fn node(&mut self, node: &mut Node, project: &IncludeProject) -> Result<(), LoadError> {
        if !has_key(node, &[INCLUDE]) {
            return Ok(());
        }
        match &mut node.kind {
            NodeKind::Scalar(_) => Ok(()),
            NodeKind::Sequence(nodes) => {
                Arc::make_mut(nodes).iter_mut().try_for_each(|node| self.node(node, project))
            }
            NodeKind::Mapping(mapping) => {
                self.mapping(Arc::make_mut(mapping), project)?;
                node.position.clone_from(&mapping.position);
                Ok(())
            }
        }
    }

    /// The processed contents of an included file; `None` for one that is left out.
    fn include(
        &mut self,
        name: &Node,
        names: &Node,
        project: &IncludeProject,
    ) -> Result<Option<Mapping>, LoadError> {
        let text = name.as_str()?;
        let (owner, file) = match text.rsplit_once(':') {
            None => (project.clone(), text),
            Some((junctions, file)) => match &mut self.subprojects {
                None => {
                    self.left_out = true;
                    return Ok(None);
                }
                Some(subprojects) => (subprojects.subproject(project.index, junctions, name)?, file),
            },
        };
        let IncludedFile { contents: mut included, bytes } = self
            .load(&owner, file, owner.index != project.index)
            .map_err(|error| error.referred_from(name.position.as_ref()))?;
        let key = (owner.index, file.to_owned());
        if self.open.contains(&key) {
            let message = format!("'{text}' includes itself");
            return Err(LoadError::at("recursive-include", names.position.as_ref(), message));
        }
        self.check_bounds(names, bytes)?;
        self.open.push(key);
        self.file(&mut included, &owner)?;
        self.open.pop();
        Ok(Some(included))
    }

    fn load(&self, owner: &IncludeProject, file: &str, is_foreign: bool) -> Result<IncludedFile, LoadError> {
        let key = (owner.index, file.to_owned());
        if let Some(known) = self.included.0.borrow().get(&key) {
            return Ok(known.clone());
        }
        let text = owner.files.text(file)?;
        let mut contents = parse_shared(&text, &owner.files.shown(file), &owner.files.texts)?;
        if let (true, Some(variables)) = (is_foreign, &owner.variables) {
            Variables::new(Mapping::clone(variables))?.expand(&mut contents)?;
            outer_space::strip_all(&mut contents);
        }
        let loaded = IncludedFile { contents, bytes: text.len() };
        self.included.0.borrow_mut().insert(key, loaded.clone());
        Ok(loaded)
    }

    fn check_bounds(&mut self, names: &Node, bytes: usize) -> Result<(), NodeError> {
        self.count += 1;
        self.bytes += bytes;
        if self.bytes > Limits::INCLUDED {
            let message = format!("more than {} bytes of included files", Limits::INCLUDED);
            return Err(NodeError::new("too-many-includes", names.position.as_ref(), message));
        }
        if self.count <= Limits::INCLUDES && self.open.len() < MAX_DEPTH {
            return Ok(());
        }
        let message =
            format!("more than {} included files, or {MAX_DEPTH} inside each other", Limits::INCLUDES);
        Err(NodeError::new("too-many-includes", names.position.as_ref(), message))
    }
}

fn include_names(node: &Node) -> Result<&[Node], NodeError> {
    match &node.kind {
        NodeKind::Scalar(_) => Ok(std::slice::from_ref(node)),
        NodeKind::Sequence(nodes) => Ok(nodes),
        NodeKind::Mapping(_) => Err(node.expected("a file name or a list of file names")),
    }
}
