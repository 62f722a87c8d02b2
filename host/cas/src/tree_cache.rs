//! Trees checked out once and shared: by everybody who needs them, and by every process.
//!
//! `trees/HASH` is a checkout by hard links. `trees/HASH.lock` is locked shared by those who use the tree and
//! exclusively by who makes or removes it; its time of change tells when the tree was last used.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::fs::FlockOperation;
use spec_model::Digest;

use crate::checkout::{CheckoutMode, rename_new};
use crate::error::{CasError, Result};
use crate::layout;
use crate::lock::{PATIENCE, try_lock};
use crate::removal::remove_all;
use crate::store::Cas;
use crate::usage::{Moment, note_open};

/// A checked-out tree that stays as long as this value lives. Nobody may write to it.
#[derive(Debug)]
pub struct TreeGuard {
    path: PathBuf,
    _lock: File,
}

impl TreeGuard {
    /// The folder that holds the tree.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Cas {
    /// The tree as a folder, checked out now if it is not yet.
    ///
    /// # Errors
    /// As [`checkout_into`](Self::checkout_into).
    pub fn checked_out(&self, root: &Digest) -> Result<TreeGuard> {
        let (path, lock_path) = self.tree_paths(root);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lock = open_lock(&lock_path)?;
            let shared = try_lock(&lock, &lock_path, FlockOperation::NonBlockingLockShared)?;
            if is_gone(&lock) {
                continue;
            }
            if shared && path.is_dir() {
                note_open(&lock);
                return Ok(TreeGuard { path, _lock: lock });
            }
            // Waiting for another maker saves work but is not needed: whoever renames first wins.
            let alone = try_lock(&lock, &lock_path, FlockOperation::NonBlockingLockExclusive)?;
            if (alone || Instant::now() > deadline) && !path.is_dir() {
                self.make_tree(root, &path)?;
            } else if !alone {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
    }

    /// Takes the tree at `path`, with its lock, away to `to`, unless it is in use or was used after `cut`: then `false`.
    pub(crate) fn take_tree(&self, path: &Path, lock_path: &Path, cut: Moment, to: &Path) -> Result<bool> {
        let Ok(lock) = File::open(lock_path) else { return Ok(true) };
        let alone = try_lock(&lock, lock_path, FlockOperation::NonBlockingLockExclusive)?;
        let stat = rustix::fs::fstat(&lock).map_err(CasError::io("look up", lock_path))?;
        if !alone || Moment::of_change(&stat) > cut {
            return Ok(false);
        }
        match fs::rename(path, to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(CasError::io("remove", path)(error));
            }
            _ => {}
        }
        // Who opened it before finds it gone, and makes a new one.
        fs::remove_file(lock_path).map_err(CasError::io("remove", lock_path))?;
        Ok(true)
    }

    pub(crate) fn tree_paths(&self, root: &Digest) -> (PathBuf, PathBuf) {
        let folder = self.shared.root.join(layout::TREES);
        let hex = root.hex();
        (folder.join(&hex), folder.join(hex + ".lock"))
    }

    fn make_tree(&self, root: &Digest, path: &Path) -> Result<()> {
        let staging = self.shared.temp.fresh()?;
        let made = self
            .checkout_into(root, &staging, CheckoutMode::HardLink)
            .and_then(|()| rename_new(&staging, path));
        if !matches!(made, Ok(true)) {
            let _ = remove_all(&staging);
        }
        made.map(drop)
    }
}

/// Whether a lock was removed since it was opened: then it locks nothing.
fn is_gone(lock: &File) -> bool {
    rustix::fs::fstat(lock).is_ok_and(|stat| stat.st_nlink == 0)
}

fn open_lock(path: &Path) -> Result<File> {
    let folder = path.parent().unwrap_or(path);
    let open = || File::options().create(true).append(true).open(path);
    match open() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(CasError::io("create", folder))?;
            open().map_err(CasError::io("open", path))
        }
        other => other.map_err(CasError::io("open", path)),
    }
}
