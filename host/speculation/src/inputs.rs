//! Walking the input roots of many actions: a directory that was seen at a path is not looked at again.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_model::tree::Directory;

use crate::error::Result;
use crate::paths::{PathId, Paths};
use crate::prefetch::prefetch;
use crate::record::{Content, InputId};

/// The deepest input root that is walked; deeper ones are hostile.
const DEEPEST: usize = 256;

/// No input root is larger; few directories that hold each other many times over unfold to more than any memory holds.
const MOST: usize = 500_000;

/// Inputs of one directory and all below it.
pub(crate) type Listing = Rc<[InputId]>;

/// Lists the inputs of input roots. `name` gives every path and contents its number.
pub(crate) struct Walker<'a> {
    cas: &'a Cas,
    seen: HashMap<(PathId, Digest), Listing>,
    /// Directories that were looked at, wherever they were.
    met: HashSet<Digest>,
}

/// Gives numbers to what a walk comes upon; `None` leaves it out.
pub(crate) trait Namer {
    fn child(&mut self, parent: PathId, name: &str) -> Option<PathId>;
    fn input(&mut self, path: PathId, content: Content) -> Result<Option<InputId>>;
}

impl<'a> Walker<'a> {
    pub(crate) fn new(cas: &'a Cas) -> Self {
        Self { cas, seen: HashMap::new(), met: HashSet::new() }
    }

    /// Has the directories of these actions' input roots read ahead.
    pub(crate) fn prefetch(&self, actions: &[Digest]) {
        prefetch(self.cas, actions, &self.met);
    }

    /// The inputs of a root, sorted.
    pub(crate) fn list(&mut self, root: &Digest, namer: &mut impl Namer) -> Result<Listing> {
        let listing = self.directory(PathId::ROOT, root, 0, namer)?;
        if listing.is_sorted() {
            return Ok(listing);
        }
        let mut sorted = listing.to_vec();
        sorted.sort_unstable();
        Ok(sorted.into())
    }

    fn directory(
        &mut self,
        path: PathId,
        digest: &Digest,
        depth: usize,
        namer: &mut impl Namer,
    ) -> Result<Listing> {
        if let Some(listing) = self.seen.get(&(path, *digest)) {
            return Ok(Rc::clone(listing));
        }
        let mut inputs = Vec::new();
        if depth < DEEPEST {
            let directory = self.cas.directory(digest)?;
            leaves(&directory, path, &mut inputs, namer)?;
            for node in &directory.directories {
                if let Some(child) = namer.child(path, &node.name) {
                    inputs.extend_from_slice(&self.directory(child, &node.digest, depth + 1, namer)?);
                    check(digest, inputs.len())?;
                }
            }
        }
        let listing: Listing = inputs.into();
        self.seen.insert((path, *digest), Rc::clone(&listing));
        self.met.insert(*digest);
        Ok(listing)
    }
}

fn check(digest: &Digest, count: usize) -> Result<()> {
    let why = || format!("it has more than {MOST} entries");
    if count > MOST { Err(CasError::BadDirectory { digest: *digest, why: why() }.into()) } else { Ok(()) }
}

fn leaves(directory: &Directory, path: PathId, out: &mut Vec<InputId>, namer: &mut impl Namer) -> Result<()> {
    for file in &directory.files {
        if let Some(child) = namer.child(path, &file.name) {
            let content = Content::File { digest: file.digest, executable: file.executable };
            out.extend(namer.input(child, content)?);
        }
    }
    for link in &directory.symlinks {
        if let Some(child) = namer.child(path, &link.name) {
            out.extend(namer.input(child, Content::Symlink(link.target.clone()))?);
        }
    }
    Ok(())
}

/// Numbers of a finished record.
pub(crate) struct Known<'a> {
    pub(crate) paths: &'a Paths,
    pub(crate) index: crate::record::InputIndex<'a>,
}

impl Namer for Known<'_> {
    fn child(&mut self, parent: PathId, name: &str) -> Option<PathId> {
        self.paths.find_child(parent, name)
    }

    fn input(&mut self, path: PathId, content: Content) -> Result<Option<InputId>> {
        Ok(self.index.find(path, &content))
    }
}
