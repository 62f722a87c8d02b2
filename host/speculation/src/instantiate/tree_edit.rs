//! Replaces, adds and removes files of a tree. Only directories that contain changes are encoded again.

use std::collections::BTreeMap;

use spec_cas::{Cas, CasError, DirectoryBatch};
use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, FileNode, SymlinkNode};

use crate::error::Result;
use crate::record::Content;

/// The depth of the deepest path that is edited.
const MAX_DEPTH: usize = 256;

/// The changes of a directory.
#[derive(Default)]
struct DirectoryEdit<'a> {
    leaves: BTreeMap<&'a str, Option<&'a Content>>,
    folders: BTreeMap<&'a str, DirectoryEdit<'a>>,
}

/// The tree `root` with other contents at some paths. Missing directories are added, empty ones removed. New directories
/// are in `batch`.
pub(super) fn edit(
    cas: &Cas,
    batch: &mut DirectoryBatch,
    root: &Digest,
    changes: &[(String, Option<Content>)],
) -> Result<Digest> {
    let mut edit = DirectoryEdit::default();
    for (path, content) in changes {
        edit.add(path, content.as_ref())?;
    }
    let edited = edit.apply(cas, batch, Some(root), &mut String::new())?;
    Ok(edited.unwrap_or_else(|| batch.add(Directory::default())))
}

impl<'a> DirectoryEdit<'a> {
    fn add(&mut self, path: &'a str, content: Option<&'a Content>) -> Result<()> {
        let bad = |why| CasError::BadPath { path: path.to_owned(), why };
        let mut names: Vec<&str> = path.split('/').collect();
        let last =
            names.pop().filter(|last| !last.is_empty()).ok_or_else(|| bad("it is not a path of a file"))?;
        if names.len() >= MAX_DEPTH || names.iter().any(|name| matches!(*name, "" | "." | "..")) {
            return Err(bad("it has '.' or '..', or too many names").into());
        }
        let folder = names.into_iter().fold(self, |edit, name| edit.folders.entry(name).or_default());
        folder.leaves.insert(last, content);
        Ok(())
    }

    /// The digest of the edited directory; `None` when nothing is left in it.
    fn apply(
        &self,
        cas: &Cas,
        batch: &mut DirectoryBatch,
        base: Option<&Digest>,
        path: &mut String,
    ) -> Result<Option<Digest>> {
        if self.leaves.is_empty() && self.folders.is_empty() {
            return Ok(base.copied());
        }
        let mut directory = match base {
            Some(digest) => Directory::clone(&*cas.directory(digest)?),
            None => Directory::default(),
        };
        let mut changed = false;
        for (name, content) in &self.leaves {
            changed |= replace(&mut directory, name, *content);
        }
        for (name, edit) in &self.folders {
            let length = path.len();
            path.push_str(name);
            path.push('/');
            changed |= edit.apply_in(cas, batch, &mut directory, name, path)?;
            path.truncate(length);
        }
        match (changed, base) {
            (false, Some(base)) => Ok(Some(*base)),
            _ if directory.is_empty() => Ok(None),
            _ => Ok(Some(batch.add(directory))),
        }
    }

    /// Edits the directory called `name` in `parent`. Returns whether it changed.
    fn apply_in(
        &self,
        cas: &Cas,
        batch: &mut DirectoryBatch,
        parent: &mut Directory,
        name: &str,
        path: &mut String,
    ) -> Result<bool> {
        let at = parent.directories.binary_search_by(|node| node.name.as_str().cmp(name));
        let old = at.ok().map(|at| parent.directories[at].digest);
        if old.is_none() && self.adds() && has_leaf(parent, name) {
            let path = path.trim_end_matches('/').to_owned();
            return Err(CasError::Collision { path, old: "file or symbolic link", new: "directory" }.into());
        }
        let new = self.apply(cas, batch, old.as_ref(), path)?;
        match (at, new) {
            (Ok(at), Some(digest)) => parent.directories[at].digest = digest,
            (Ok(at), None) => _ = parent.directories.remove(at),
            (Err(at), Some(digest)) => {
                parent.directories.insert(at, DirectoryNode { name: name.to_owned(), digest });
            }
            (Err(_), None) => {}
        }
        Ok(old != new)
    }

    fn adds(&self) -> bool {
        self.leaves.values().any(Option::is_some) || self.folders.values().any(DirectoryEdit::adds)
    }
}

fn has_leaf(directory: &Directory, name: &str) -> bool {
    directory.files.binary_search_by(|node| node.name.as_str().cmp(name)).is_ok()
        || directory.symlinks.binary_search_by(|node| node.name.as_str().cmp(name)).is_ok()
}

/// Replaces the entry called `name`. Returns whether that is a change.
fn replace(directory: &mut Directory, name: &str, content: Option<&Content>) -> bool {
    let file = directory.files.binary_search_by(|node| node.name.as_str().cmp(name));
    let link = directory.symlinks.binary_search_by(|node| node.name.as_str().cmp(name));
    let properties = match (file, link) {
        (Ok(at), _) => Some(directory.files.remove(at))
            .map(|old| (Some((old.digest, old.executable)), None, old.properties)),
        (_, Ok(at)) => {
            Some(directory.symlinks.remove(at)).map(|old| (None, Some(old.target), old.properties))
        }
        _ => None,
    };
    let folder = directory.directories.binary_search_by(|node| node.name.as_str().cmp(name));
    let had_folder = content.is_some() && folder.map(|at| directory.directories.remove(at)).is_ok();
    let (old_file, old_target, properties) = properties.unwrap_or_default();
    let name = name.to_owned();
    let same = match content {
        None => old_file.is_none() && old_target.is_none(),
        Some(Content::File { digest, executable }) => {
            let at = file.unwrap_or_else(|at| at);
            directory
                .files
                .insert(at, FileNode { name, digest: *digest, executable: *executable, properties });
            old_file == Some((*digest, *executable))
        }
        Some(Content::Symlink(target)) => {
            let at = link.unwrap_or_else(|at| at);
            directory.symlinks.insert(at, SymlinkNode { name, target: target.clone(), properties });
            old_target.as_ref() == Some(target)
        }
    };
    !same || had_folder
}
