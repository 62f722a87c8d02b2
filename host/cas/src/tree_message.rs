//! Trees as one blob: REAPI's `Tree` message.

use std::collections::HashSet;

use spec_model::Digest;
use spec_model::tree::Directory;

use crate::codec;
use crate::error::{CasError, Result};
use crate::store::Cas;

/// Bytes of the largest `Tree` message that is read: it is held in memory.
const MAX_TREE_MESSAGE: u64 = 256 << 20;

impl Cas {
    /// Stores the `Tree` message of a tree: every different directory once, parents before their children.
    ///
    /// # Errors
    /// As [`directory`](Self::directory); when the disk is full or fails.
    pub fn store_tree_message(&self, root: &Digest) -> Result<Digest> {
        let mut post_order = PostOrder { cas: self, visited: HashSet::new(), directories: Vec::new() };
        post_order.visit(root, &mut String::new())?;
        let directories = post_order.directories.iter().rev().map(|digest| self.get(digest));
        let directories = directories.collect::<Result<Vec<_>>>()?;
        let (first, rest) = directories.split_first().expect("the root was visited");
        self.put_bytes(&codec::encode_tree(first, rest.iter().map(Vec::as_slice)))
    }

    /// Stores the directories of a tree of which the store has the `Tree` message, and answers with the digest of its root.
    ///
    /// # Errors
    /// `cas-missing`, `cas-corrupt`, `cas-bad-directory`; when the disk is full or fails.
    pub fn store_directories_of_tree_message(&self, tree: &Digest) -> Result<Digest> {
        let directories = self.directories_of_tree_message(tree)?;
        let digests = directories.iter().map(|directory| self.store_directory(directory));
        let digests = digests.collect::<Result<Vec<_>>>()?;
        let none = || CasError::BadDirectory { digest: *tree, why: "the tree has no root".to_owned() };
        digests.first().copied().ok_or_else(none)
    }

    /// The digests of the files in a stored `Tree` message, sorted, each once.
    ///
    /// # Errors
    /// `cas-missing`, `cas-corrupt`, `cas-bad-directory`, or when the file system fails.
    pub fn files_of_tree_message(&self, tree: &Digest) -> Result<Vec<Digest>> {
        let directories = self.directories_of_tree_message(tree)?;
        let files = directories.iter().flat_map(|directory| &directory.files);
        let mut digests: Vec<Digest> = files.map(|file| file.digest).collect();
        digests.sort_unstable();
        digests.dedup();
        Ok(digests)
    }

    /// The directories of a `Tree` message, the root first.
    fn directories_of_tree_message(&self, tree: &Digest) -> Result<Vec<Directory>> {
        let bad = |why| CasError::BadDirectory { digest: *tree, why };
        if tree.size() > MAX_TREE_MESSAGE {
            return Err(bad(format!("it is a tree of more than {MAX_TREE_MESSAGE} bytes")));
        }
        let bytes = self.get(tree).map_err(|error| error.about("tree"))?;
        codec::decode_tree(&bytes).map_err(bad)
    }

    /// All blobs of a tree, its directories included, sorted, each once.
    ///
    /// # Errors
    /// As [`directory`](Self::directory).
    pub(crate) fn distinct_blobs_of_tree(&self, root: &Digest) -> Result<Vec<Digest>> {
        let mut blobs = self.blobs_of_tree(root)?;
        blobs.sort_unstable();
        blobs.dedup();
        Ok(blobs)
    }

    /// The blobs of a tree that are not in the store, sorted; what is below a missing directory is not known.
    ///
    /// # Errors
    /// `cas-bad-directory`, or when the file system fails.
    pub fn missing_of_tree(&self, root: &Digest) -> Result<Vec<Digest>> {
        let (mut seen, mut open) = (HashSet::from([*root]), vec![*root]);
        let (mut files, mut missing) = (HashSet::new(), HashSet::new());
        while let Some(digest) = open.pop() {
            self.check_cancel()?;
            let here = self.contains(&digest)?;
            let directory = match self.directory(&digest) {
                Ok(directory) if here => directory,
                Ok(_) | Err(CasError::Missing { .. } | CasError::Corrupt { .. }) => {
                    missing.insert(digest);
                    continue;
                }
                Err(error) => return Err(error),
            };
            files.extend(directory.files.iter().map(|file| file.digest));
            open.extend(
                directory.directories.iter().map(|child| child.digest).filter(|child| seen.insert(*child)),
            );
        }
        missing.extend(self.missing(&files.into_iter().collect::<Vec<_>>())?);
        let mut missing: Vec<Digest> = missing.into_iter().collect();
        missing.sort_unstable();
        Ok(missing)
    }
}

/// Lists the directories of a tree, each once, after all those below it.
struct PostOrder<'a> {
    cas: &'a Cas,
    visited: HashSet<Digest>,
    directories: Vec<Digest>,
}

impl PostOrder<'_> {
    fn visit(&mut self, digest: &Digest, path: &mut String) -> Result<()> {
        if !self.visited.insert(*digest) {
            return Ok(());
        }
        self.cas.check_cancel()?;
        let directory = self.cas.directory_at(digest, path)?;
        let length = path.len();
        for child in &directory.directories {
            crate::tree::push_name(path, &child.name);
            self.visit(&child.digest, path)?;
            path.truncate(length);
        }
        self.directories.push(*digest);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
