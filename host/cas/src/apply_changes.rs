//! Doing to a tree what was done to another one.

use spec_model::Digest;
use spec_model::tree::Directory;

use crate::builder::DirectoryBatch;
use crate::error::Result;
use crate::store::Cas;
use crate::tree::{EntryRef, entries, find};

impl Cas {
    /// The tree that `tree` becomes when what leads from `before` to `after` is done to it: what is new or different in `after` replaces what
    /// is there, and what only `before` has is removed. BuildStream makes the sources of incremental builds so.
    ///
    /// # Errors
    /// When the store fails; as [`directory`](Self::directory).
    pub fn apply_changes(&self, tree: &Digest, before: &Digest, after: &Digest) -> Result<Digest> {
        let mut batch = DirectoryBatch::new(self.function());
        let changed = self.changed(tree, Some(before), after, &mut batch)?;
        batch.store(self)?;
        Ok(changed)
    }

    fn changed(
        &self,
        tree: &Digest,
        before: Option<&Digest>,
        after: &Digest,
        batch: &mut DirectoryBatch,
    ) -> Result<Digest> {
        self.check_cancel()?;
        if before == Some(after) {
            return Ok(*tree);
        }
        let mut result = Directory::clone(&*self.directory(tree)?);
        let before = match before {
            Some(before) => self.directory(before)?,
            None => std::sync::Arc::default(),
        };
        let after = self.directory(after)?;
        for new in entries(&after) {
            if find(&result, new.name()) == Some(new) || find(&before, new.name()) == Some(new) {
                continue;
            }
            match (find(&result, new.name()), new) {
                (Some(EntryRef::Directory(there)), EntryRef::Directory(wanted)) => {
                    let old = match find(&before, new.name()) {
                        Some(EntryRef::Directory(old)) => Some(&old.digest),
                        _ => None,
                    };
                    let digest = self.changed(&there.digest, old, &wanted.digest, batch)?;
                    let directories = result.directories.iter_mut();
                    directories.filter(|node| node.name == wanted.name).for_each(|node| node.digest = digest);
                }
                _ => put(&mut result, new),
            }
        }
        for old in entries(&before).filter(|old| find(&after, old.name()).is_none()) {
            remove(&mut result, old.name());
        }
        Ok(batch.add(result))
    }
}

/// Puts an entry in place of whatever has its name.
fn put(directory: &mut Directory, entry: EntryRef<'_>) {
    remove(directory, entry.name());
    match entry {
        EntryRef::File(node) => {
            directory.files.push(node.clone());
            directory.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        }
        EntryRef::Directory(node) => {
            directory.directories.push(node.clone());
            directory.directories.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        }
        EntryRef::Symlink(node) => {
            directory.symlinks.push(node.clone());
            directory.symlinks.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        }
    }
}

fn remove(directory: &mut Directory, name: &str) {
    directory.files.retain(|node| node.name != name);
    directory.directories.retain(|node| node.name != name);
    directory.symlinks.retain(|node| node.name != name);
}

#[cfg(test)]
mod tests;
