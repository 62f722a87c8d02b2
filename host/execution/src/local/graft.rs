//! An input root made to fit the tree that it is laid over.
//!
//! Plainly laid over each other, a directory `lib` of the input root would hide the link `lib -> usr/lib` of the tree
//! below, and with it everything behind. So what the input root has below such a link goes to where the link leads,
//! as it would if the input root were unpacked over the tree.

use std::collections::HashSet;

use spec_action::path::append;
use spec_cas::{Cas, CasError, Entry, MergeInput};
use spec_model::Digest;

use crate::symlinks::{MOST_LINKS, follow};

/// Bytes of a path, as Linux has it.
const LONGEST: usize = 4096;

/// The input root `high` as it has to be laid over `low`.
///
/// # Errors
/// `cas-collision` where one of them has a directory and the other something else.
pub(crate) fn graft_through_symlinks(cas: &Cas, low: &Digest, high: &Digest) -> Result<Digest, CasError> {
    let mut root = *high;
    for _ in 0..MOST_LINKS {
        let mut search = LinkSearch { cas, seen: HashSet::new() };
        let Some(path) = search.first_over_link(low, &root, "")? else { return Ok(root) };
        let collision = || CasError::Collision { path: path.clone(), old: "symbolic link", new: "directory" };
        let place = directory_behind(cas, low, &path)?.ok_or_else(collision)?;
        let moved = cas.subtree(&root, &path)?.ok_or_else(collision)?;
        let names: Vec<&str> = path.split('/').collect();
        let rest = MergeInput::whole(without(cas, &root, &names)?);
        root = cas.merge(&[rest, MergeInput { root: moved, location: &place, filter: None }])?.root;
    }
    Err(CasError::Collision { path: String::new(), old: "circle of symbolic links", new: "directory" })
}

/// Looks for directories over links. A pair of directories is looked at once, wherever it occurs.
struct LinkSearch<'a> {
    cas: &'a Cas,
    seen: HashSet<(Digest, Digest)>,
}

impl LinkSearch<'_> {
    /// The first path at which `high` has a directory and `low` a link. Reads only directories that both have.
    fn first_over_link(
        &mut self,
        low: &Digest,
        high: &Digest,
        path: &str,
    ) -> Result<Option<String>, CasError> {
        if path.len() > LONGEST {
            return Err(CasError::BadPath { path: path.to_owned(), why: "it is longer than 4096 bytes" });
        }
        if !self.seen.insert((*low, *high)) {
            return Ok(None);
        }
        let (below, above) = (self.cas.directory(low)?, self.cas.directory(high)?);
        let directory =
            |name: &str| below.directories.binary_search_by(|node| node.name.as_str().cmp(name)).ok();
        let collision =
            |name: &str, old, new| Err(CasError::Collision { path: append(path, name), old, new });
        for child in &above.directories {
            let inside = append(path, &child.name);
            if let Some(at) = directory(&child.name) {
                let found = self.first_over_link(&below.directories[at].digest, &child.digest, &inside)?;
                if found.is_some() {
                    return Ok(found);
                }
                continue;
            }
            match self.cas.lookup(low, &child.name)? {
                None => {}
                Some(Entry::Symlink(_)) => return Ok(Some(inside)),
                Some(_) => return collision(&child.name, "file", "directory"),
            }
        }
        let files = above.files.iter().map(|node| (&node.name, "file"));
        let mut others = files.chain(above.symlinks.iter().map(|node| (&node.name, "symbolic link")));
        match others.find(|(name, _)| directory(name).is_some()) {
            Some((name, kind)) => collision(name, "directory", kind),
            None => Ok(None),
        }
    }
}

/// The path without links of the directory that `path` leads to; `None` if it leads to something else.
fn directory_behind(cas: &Cas, root: &Digest, path: &str) -> Result<Option<String>, CasError> {
    Ok(match follow(cas, root, path)? {
        Some((path, Entry::Directory(_))) => Some(path),
        _ => None,
    })
}

/// The tree `root` without the directory at `names`.
fn without(cas: &Cas, root: &Digest, names: &[&str]) -> Result<Digest, CasError> {
    let mut directory = spec_model::tree::Directory::clone(&*cas.directory(root)?);
    if let [name] = names {
        directory.directories.retain(|child| child.name != *name);
    } else if let [name, rest @ ..] = names
        && let Some(child) = directory.directories.iter_mut().find(|child| child.name == *name)
    {
        child.digest = without(cas, &child.digest, rest)?;
    }
    cas.store_directory(&directory)
}

#[cfg(test)]
mod tests;
