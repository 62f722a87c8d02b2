//! Which parts of its input root an action may write.
//!
//! The node property `SubtreeReadOnly` of a directory says so for all below it, unless a directory there says
//! otherwise. BuildStream has `true` at the root of most sandboxes, and `false` where commands may write.

use std::collections::HashMap;

use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_model::tree::Directory;
use spec_sandbox::Subtree;

use super::join;

const NAME: &str = "SubtreeReadOnly";

/// The directories of a tree that say whether they can be written, outer ones first.
///
/// # Errors
/// As [`Cas::directory`].
pub(crate) fn subtrees(cas: &Cas, root: &Digest) -> Result<Vec<Subtree>, CasError> {
    let mut search = Search { cas, speaks: HashMap::new(), found: Vec::new() };
    if search.speaks(root)? {
        search.walk(root, "")?;
    }
    Ok(search.found)
}

struct Search<'a> {
    cas: &'a Cas,
    /// Whether a directory, or one below, says something. Each is looked at once, wherever it occurs.
    speaks: HashMap<Digest, bool>,
    found: Vec<Subtree>,
}

impl Search<'_> {
    fn speaks(&mut self, digest: &Digest) -> Result<bool, CasError> {
        if let Some(known) = self.speaks.get(digest) {
            return Ok(*known);
        }
        let directory = self.cas.directory(digest)?;
        let mut speaks = said(&directory).is_some();
        for child in &directory.directories {
            speaks |= self.speaks(&child.digest)?;
        }
        self.speaks.insert(*digest, speaks);
        Ok(speaks)
    }

    fn walk(&mut self, digest: &Digest, path: &str) -> Result<(), CasError> {
        let directory = self.cas.directory(digest)?;
        if let Some(writable) = said(&directory) {
            self.found.push(Subtree { path: format!("/{path}").into(), writable });
        }
        for child in &directory.directories {
            if self.speaks(&child.digest)? {
                self.walk(&child.digest, &join(path, &child.name))?;
            }
        }
        Ok(())
    }
}

/// Whether a directory says that it can be written.
fn said(directory: &Directory) -> Option<bool> {
    let (_, value) = directory.properties.properties.iter().find(|(name, _)| name == NAME)?;
    match value.as_str() {
        "true" => Some(false),
        "false" => Some(true),
        _ => None,
    }
}
