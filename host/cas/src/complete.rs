//! Is a whole tree here? Answered from a marker instead of a walk, as long as nothing was removed.
//!
//! `complete/generation` holds a number. It is odd while blobs are being removed and grows by two with each removal.
//! A marker `complete/N/HASH` says that the tree was whole in generation N, so it says so as long as the number is N.

use std::fs;
use std::io::ErrorKind;

use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::layout;
use crate::removal::remove_all;
use crate::store::Cas;
use crate::tree::{EntryRef, Walk};

impl Cas {
    /// Whether every blob of the tree is here. Walks the tree at most once between two removals from the store.
    ///
    /// # Errors
    /// When a directory is damaged or the file system fails.
    pub fn complete(&self, root: &Digest) -> Result<bool> {
        self.until_removal(root, || match self.all_here(root) {
            Err(CasError::Missing { .. } | CasError::Corrupt { .. }) => Ok(false),
            other => other,
        })
    }

    /// Whether what `key` stands for is whole: as `look` says, and no longer asked once it said yes, until something
    /// is removed from the store.
    pub(crate) fn until_removal(&self, key: &Digest, look: impl FnOnce() -> Result<bool>) -> Result<bool> {
        let generation = self.generation()?;
        if is_even(generation) && self.marker(generation, key).exists() {
            return Ok(true);
        }
        let whole = look()?;
        if whole {
            // It only saves work, and a disk can be full.
            let _ = self.mark(generation, key);
        }
        Ok(whole)
    }

    /// Notes that a tree is whole, for a caller that has just stored all of it.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn mark_complete(&self, root: &Digest) -> Result<()> {
        self.mark(self.generation()?, root)
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
        Ok(self.missing(&self.blobs_of_tree(root)?)?.is_empty())
    }

    /// All blobs of a tree, its directories included, in no order; a file that occurs more than once is named each time.
    ///
    /// # Errors
    /// As [`directory`](Self::directory).
    pub fn blobs_below(&self, root: &Digest) -> Result<Vec<Digest>> {
        let mut blobs = vec![*root];
        self.walk_shared(root, &mut |_, entry| {
            match entry {
                EntryRef::File(file) => blobs.push(file.digest),
                // It may have been answered from memory.
                EntryRef::Directory(child) => blobs.push(child.digest),
                EntryRef::Symlink(_) => {}
            }
            Ok(Walk::Enter)
        })?;
        Ok(blobs)
    }

    fn generation(&self) -> Result<u64> {
        let path = self.shared.root.join(layout::COMPLETE).join("generation");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().parse().unwrap_or(1)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(CasError::io("read", &path)(error)),
        }
    }

    /// Runs something that removes blobs. A process killed meanwhile leaves the number odd: no marker counts then,
    /// until the next removal is over.
    pub(crate) fn while_removing<R>(&self, removal: impl FnOnce() -> Result<R>) -> Result<R> {
        let folder = self.shared.root.join(layout::COMPLETE);
        fs::create_dir_all(&folder).map_err(CasError::io("create", &folder))?;
        let lock = fs::File::open(&folder).map_err(CasError::io("open", &folder))?;
        crate::lock::exclusive(&lock, &folder)?;
        let odd = self.generation()? | 1;
        self.set_generation(odd)?;
        let result = removal()?;
        self.set_generation(odd + 1)?;
        for old in [odd.saturating_sub(1), odd.saturating_sub(3)] {
            let _ = remove_all(&folder.join(old.to_string()));
        }
        Ok(result)
    }

    fn set_generation(&self, value: u64) -> Result<()> {
        let folder = self.shared.root.join(layout::COMPLETE);
        let path = folder.join("generation");
        match self.replace(&path, value.to_string().as_bytes()) {
            // Removing must be possible when the disk is full. A number cut short by a power failure counts as odd.
            Err(CasError::DiskFull { .. }) => {
                for marked in fs::read_dir(&folder).into_iter().flatten().flatten() {
                    let _ = remove_all(&marked.path());
                }
                fs::write(&path, value.to_string()).map_err(CasError::io("write", &path))
            }
            done => done,
        }
    }
}

fn is_even(generation: u64) -> bool {
    generation.is_multiple_of(2)
}
