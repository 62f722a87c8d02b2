//! Which parts of its input root an action may write.
//!
//! The node property `SubtreeReadOnly` of a directory says so for all below it, unless a directory there says
//! otherwise. BuildStream has `true` at the root of most sandboxes, and `false` where commands may write.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use spec_action::path::append;
use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_model::tree::Directory;
use spec_sandbox::Subtree;

use crate::outcome::ActionError;

const NAME: &str = "SubtreeReadOnly";
/// Each is mounted over itself, and the kernel takes 100,000 mounts at most.
const MOST_SUBTREES: usize = 1000;
/// Directories whose answer is remembered, of about 50 bytes each.
const MOST: usize = 100_000;

/// Finds the directories that say whether they can be written. What was found of a directory is remembered, for the next
/// input root has most of them again.
#[derive(Debug)]
pub(crate) struct SubtreeFinder {
    cas: Cas,
    /// Whether a directory, or one below, says something.
    speaks: Mutex<HashMap<Digest, bool>>,
}

impl SubtreeFinder {
    pub(crate) fn new(cas: Cas) -> Self {
        Self { cas, speaks: Mutex::default() }
    }

    /// The directories of a tree that say so, outer ones first.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when they are too many; as [`Cas::directory`].
    pub(crate) fn of(&self, root: &Digest) -> Result<Vec<Subtree>, ActionError> {
        let mut found = Vec::new();
        self.walk(root, "", &mut found)?;
        Ok(found)
    }

    fn walk(&self, digest: &Digest, path: &str, found: &mut Vec<Subtree>) -> Result<(), ActionError> {
        if !self.speaks(digest)? {
            return Ok(());
        }
        let directory = self.cas.directory(digest)?;
        if let Some(writable) = said(&directory) {
            if found.len() == MOST_SUBTREES {
                return Err(ActionError::invalid(format!(
                    "more than {MOST_SUBTREES} directories of its input root have the property {NAME}"
                )));
            }
            found.push(Subtree { path: format!("/{path}").into(), writable });
        }
        let mut children = directory.directories.iter();
        children.try_for_each(|child| self.walk(&child.digest, &append(path, &child.name), found))
    }

    fn speaks(&self, digest: &Digest) -> Result<bool, CasError> {
        if let Some(known) = self.known().get(digest) {
            return Ok(*known);
        }
        let directory = self.cas.directory(digest)?;
        let mut speaks = said(&directory).is_some();
        for child in &directory.directories {
            speaks |= self.speaks(&child.digest)?;
        }
        let mut known = self.known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(*digest, speaks);
        Ok(speaks)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Digest, bool>> {
        self.speaks.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use spec_model::tree::{DirectoryNode, NodeProperties};

    use super::*;

    #[test]
    fn what_is_remembered_of_one_tree_holds_in_another() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        let directory = |says: &str, children: &[(&str, Digest)]| {
            let properties = NodeProperties {
                properties: [(NAME.to_owned(), says.to_owned())].into_iter().collect(),
                ..NodeProperties::default()
            };
            let child =
                |(name, digest): &(&str, Digest)| DirectoryNode { name: (*name).to_owned(), digest: *digest };
            let directories = children.iter().map(child).collect();
            cas.store_directory(&Directory { directories, properties, ..Directory::default() })
                .expect("stored")
        };
        let (silent, loud) = (directory("", &[]), directory("true", &[]));
        let both = directory("", &[("loud", loud), ("silent", silent)]);
        let subtrees = SubtreeFinder::new(cas.clone());
        let of = |root: &Digest| {
            let found = subtrees.of(root).expect("all is here").into_iter();
            found.map(|subtree| (subtree.path.display().to_string(), subtree.writable)).collect::<Vec<_>>()
        };
        let path = |path: &str, writable| (path.to_owned(), writable);
        for _ in 0..2 {
            assert_eq!(of(&both), [path("/loud", false)]);
            assert_eq!(of(&silent), []);
            let outer = directory("false", &[("a", both), ("b", both), ("c", silent)]);
            assert_eq!(of(&outer), [path("/", true), path("/a/loud", false), path("/b/loud", false)]);
        }
    }
}
