//! Lists the inputs of the input roots of many actions. Directories that several have at the same path are walked once.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_model::tree::Directory;

use crate::error::Result;
use crate::path_table::{PathId, PathTable};
use crate::prefetch::prefetch;
use crate::record::{Content, InputId, InputIndex};

/// The depth to which input roots are walked. Compilers read no deeper paths; a hostile client may send any.
const MAX_DEPTH: usize = 256;

/// The largest number of inputs of an input root. A few directories that contain each other many times over could list
/// more than fits into memory.
const MAX_INPUTS: usize = 500_000;

/// The inputs of a directory and its subdirectories.
pub(crate) type InputList = Rc<[InputId]>;

/// Lists the inputs of input roots.
pub(crate) struct InputRootWalker<'a> {
    cas: &'a Cas,
    lists: HashMap<(PathId, Digest), InputList>,
    /// The directories that were walked at any path.
    walked: HashSet<Digest>,
}

/// Gives numbers to the paths and inputs of a walk; those without a number are left out.
pub(crate) trait InputNumbering {
    fn child(&mut self, parent: PathId, name: &str) -> Option<PathId>;
    fn input(&mut self, path: PathId, content: Content) -> Result<Option<InputId>>;
}

impl<'a> InputRootWalker<'a> {
    pub(crate) fn new(cas: &'a Cas) -> Self {
        Self { cas, lists: HashMap::new(), walked: HashSet::new() }
    }

    /// Reads the directories of these actions' input roots ahead.
    pub(crate) fn prefetch(&self, actions: &[Digest]) {
        prefetch(self.cas, actions, &self.walked);
    }

    /// The inputs of an input root, sorted.
    pub(crate) fn list(&mut self, root: &Digest, numbering: &mut impl InputNumbering) -> Result<InputList> {
        let list = self.directory(PathId::ROOT, root, 0, numbering)?;
        if list.is_sorted() {
            return Ok(list);
        }
        let mut sorted = list.to_vec();
        sorted.sort_unstable();
        Ok(sorted.into())
    }

    fn directory(
        &mut self,
        path: PathId,
        digest: &Digest,
        depth: usize,
        numbering: &mut impl InputNumbering,
    ) -> Result<InputList> {
        if let Some(list) = self.lists.get(&(path, *digest)) {
            return Ok(Rc::clone(list));
        }
        let mut inputs = Vec::new();
        if depth < MAX_DEPTH {
            let directory = self.cas.directory(digest)?;
            leaves(&directory, path, &mut inputs, numbering)?;
            for node in &directory.directories {
                if let Some(child) = numbering.child(path, &node.name) {
                    inputs.extend_from_slice(&self.directory(child, &node.digest, depth + 1, numbering)?);
                    check(digest, inputs.len())?;
                }
            }
        }
        let list: InputList = inputs.into();
        self.lists.insert((path, *digest), Rc::clone(&list));
        self.walked.insert(*digest);
        Ok(list)
    }
}

fn check(digest: &Digest, count: usize) -> Result<()> {
    let why = || format!("it has more than {MAX_INPUTS} entries");
    if count > MAX_INPUTS {
        Err(CasError::BadDirectory { digest: *digest, why: why() }.into())
    } else {
        Ok(())
    }
}

fn leaves(
    directory: &Directory,
    path: PathId,
    out: &mut Vec<InputId>,
    numbering: &mut impl InputNumbering,
) -> Result<()> {
    for file in &directory.files {
        if let Some(child) = numbering.child(path, &file.name) {
            let content = Content::File { digest: file.digest, executable: file.executable };
            out.extend(numbering.input(child, content)?);
        }
    }
    for link in &directory.symlinks {
        if let Some(child) = numbering.child(path, &link.name) {
            out.extend(numbering.input(child, Content::Symlink(link.target.clone()))?);
        }
    }
    Ok(())
}

/// The numbers of a finished record.
pub(crate) struct RecordNumbering<'a> {
    pub(crate) paths: &'a PathTable,
    pub(crate) index: InputIndex<'a>,
}

impl InputNumbering for RecordNumbering<'_> {
    fn child(&mut self, parent: PathId, name: &str) -> Option<PathId> {
        self.paths.find_child(parent, name)
    }

    fn input(&mut self, path: PathId, content: Content) -> Result<Option<InputId>> {
        Ok(self.index.find(path, &content))
    }
}
