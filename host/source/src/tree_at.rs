//! The part of a tree at a path, and a tree with another part there.

use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode};

/// The tree at a path of single slashes; the empty tree when nothing is there.
pub(crate) fn tree_at(cas: &Cas, root: &Digest, path: &str) -> Result<Digest, CasError> {
    if path.is_empty() {
        return Ok(*root);
    }
    match cas.subtree(root, path)? {
        Some(tree) => Ok(tree),
        None => cas.store_directory(&Directory::default()),
    }
}

/// `root` with `tree` at a path of single slashes, whatever was there. Missing directories on the way are made.
pub(crate) fn with_tree_at(cas: &Cas, root: &Digest, path: &str, tree: Digest) -> Result<Digest, CasError> {
    if path.is_empty() {
        return Ok(tree);
    }
    let (name, rest) = path.split_once('/').unwrap_or((path, ""));
    let mut directory = Directory::clone(&*cas.directory(root)?);
    let taken = directory.files.iter().any(|node| node.name == name)
        || directory.symlinks.iter().any(|node| node.name == name);
    if taken {
        return Err(CasError::Collision { path: name.to_owned(), old: "file", new: "directory" });
    }
    let found = directory.directories.binary_search_by(|node| node.name.as_str().cmp(name));
    let inner = match found {
        Ok(at) => directory.directories[at].digest,
        Err(_) => cas.store_directory(&Directory::default())?,
    };
    let digest = with_tree_at(cas, &inner, rest, tree)?;
    match found {
        Ok(at) => directory.directories[at].digest = digest,
        Err(at) => directory.directories.insert(at, DirectoryNode { name: name.to_owned(), digest }),
    }
    cas.store_directory(&directory)
}

#[cfg(test)]
mod tests;
