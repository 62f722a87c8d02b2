//! Whether all blobs of a tree are in the store. A marker saves the walk over the tree as long as nothing was
//! removed.
//!
//! `complete/generation` holds a number. It is odd while blobs are being removed and grows by two with each removal.
//! A marker `complete/N/HASH` says that the tree was complete in generation N, so it is valid while the number is N.

use std::fs;
use std::io::ErrorKind;

use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::layout;
use crate::remove_tree::remove_all;
use crate::store::Cas;
use crate::tree::{EntryRef, Walk};

impl Cas {
    /// Whether every blob of the tree is here. Walks the tree at most once between two removals from the store.
    ///
    /// # Errors
    /// When a directory is damaged or the file system fails.
    pub fn is_complete(&self, root: &Digest) -> Result<bool> {
        let whole = |cas: &Self| match cas.all_here(root) {
            Err(CasError::Missing { .. } | CasError::Corrupt { .. }) => Ok(false),
            other => other,
        };
        self.cached_while_stored(root, whole)
    }

    /// Whether what `key` stands for is whole, as `look` says. Only what is in the store itself is noted as whole: what is
    /// elsewhere can be gone without notice.
    pub(crate) fn cached_while_stored(
        &self,
        key: &Digest,
        look: impl Fn(&Self) -> Result<bool>,
    ) -> Result<bool> {
        if self.options.source.is_none() {
            return self.cached_until_removal(key, || look(self));
        }
        let store = self.clone().without_blob_source();
        Ok(store.cached_until_removal(key, || look(&store))? || look(self)?)
    }

    /// Whether what `key` names is complete: calls `look`, and once it returned `true` answers from a marker until
    /// something is removed from the store.
    fn cached_until_removal(&self, key: &Digest, look: impl FnOnce() -> Result<bool>) -> Result<bool> {
        let generation = self.generation()?;
        if is_even(generation) && self.marker(generation, key).exists() {
            return Ok(true);
        }
        let whole = look()?;
        if whole {
            // The marker only saves work, and the disk may be full.
            let _ = self.mark(generation, key);
        }
        Ok(whole)
    }

    /// Marks a tree as complete, for a caller that has just stored all of it.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn mark_complete(&self, root: &Digest) -> Result<()> {
        let generation = self.generation()?;
        // The marker only saves work.
        let _ = self.mark(generation, root);
        Ok(())
    }

    fn mark(&self, generation: u64, root: &Digest) -> Result<()> {
        if !is_even(generation) {
            return Ok(());
        }
        let path = self.marker(generation, root);
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).map_err(CasError::io("create", folder))?;
        fs::File::create(&path).map(drop).map_err(CasError::io("create", &path))
    }

    fn marker(&self, generation: u64, root: &Digest) -> std::path::PathBuf {
        self.shared.root.join(layout::COMPLETE).join(generation.to_string()).join(root.hex())
    }

    fn all_here(&self, root: &Digest) -> Result<bool> {
        Ok(self.missing(&self.distinct_blobs_of_tree(root)?)?.is_empty())
    }

    /// All blobs of a tree, its directories included, in no order; a file that occurs more than once is named each time.
    ///
    /// # Errors
    /// As [`directory`](Self::directory).
    pub fn blobs_of_tree(&self, root: &Digest) -> Result<Vec<Digest>> {
        let mut blobs = vec![*root];
        self.walk_shared(root, &mut |_, entry| {
            match entry {
                EntryRef::File(file) => blobs.push(file.digest),
                // The directory may have come from memory.
                EntryRef::Directory(child) => blobs.push(child.digest),
                EntryRef::Symlink(_) => {}
            }
            Ok(Walk::Enter)
        })?;
        Ok(blobs)
    }

    fn generation(&self) -> Result<u64> {
        let path = self.shared.root.join(layout::COMPLETE).join("generation");
        match fs::read(&path) {
            Ok(bytes) => Ok(number(&bytes).unwrap_or_else(|| self.damaged_generation(&path))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) if error.kind() == ErrorKind::IsADirectory => Ok(self.damaged_generation(&path)),
            Err(error) => Err(CasError::io("read", &path)(error)),
        }
    }

    fn damaged_generation(&self, path: &std::path::Path) -> u64 {
        self.report_damaged_file(path, "it holds no number");
        DAMAGED
    }

    /// Runs a function that removes blobs. A process that is killed meanwhile leaves the number odd: then no marker
    /// is valid until the next removal is over.
    pub(crate) fn while_removing<R>(&self, removal: impl FnOnce() -> Result<R>) -> Result<R> {
        let (lock, locked) = self.lockable_folder(layout::COMPLETE)?;
        crate::lock::lock_exclusive(&lock, &locked)?;
        let folder = self.shared.root.join(layout::COMPLETE);
        let odd = self.generation()? | 1;
        self.set_generation(odd)?;
        let result = removal()?;
        self.set_generation(odd + 1)?;
        // A damaged number may have become smaller: no marker may become valid when the number is reached again.
        for old in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if old.file_name() != "generation" && old.file_name() != (odd + 1).to_string().as_str() {
                let _ = remove_all(&old.path());
            }
        }
        Ok(result)
    }

    fn set_generation(&self, value: u64) -> Result<()> {
        let folder = self.shared.root.join(layout::COMPLETE);
        let path = folder.join("generation");
        match self.replace_file(&path, value.to_string().as_bytes()) {
            // Removing must be possible when the disk is full: without markers the number does not matter. A number
            // cut short by a power failure counts as odd.
            Err(error) if error.is_unwritable() => {
                for marked in fs::read_dir(&folder).into_iter().flatten().flatten() {
                    let _ = remove_all(&marked.path());
                }
                let _ = overwrite(&path, value);
                Ok(())
            }
            done => done,
        }
    }
}

/// Stands for a number that cannot be read: odd, so that no marker is valid.
const DAMAGED: u64 = 1;

fn number(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok();
    // No store has had so many removals.
    text.and_then(|text| text.trim().parse().ok()).filter(|number| *number < u64::MAX / 2)
}

/// Overwrites a number in place, which takes no disk space.
fn overwrite(path: &std::path::Path, value: u64) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = fs::File::options().write(true).truncate(false).open(path)?;
    let text = value.to_string();
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

fn is_even(generation: u64) -> bool {
    generation.is_multiple_of(2)
}
