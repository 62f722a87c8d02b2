//! Finds damaged blobs, and removes them together with the layers made from them.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::FlockOperation;
use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::evict::{inventory, open_noatime, read_directory_noatime};
use crate::layer_cache::tree_of_layer;
use crate::layout::{self, BlobName};
use crate::lock::try_lock;
use crate::remove_tree::remove_all;
use crate::store::Cas;

/// What [`Cas::verify_all`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Blobs that were looked at.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The damaged ones, which are in `quarantine/` now.
    pub damaged: Vec<Digest>,
}

impl Cas {
    /// Reads every blob, with several threads, and moves the damaged ones to quarantine. `progress` gets the number
    /// of checked blobs and of all blobs now and then, from any thread. This does not count as a use of blobs.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn verify_all(&self, progress: impl Fn(u64, u64) + Sync) -> Result<VerifyReport> {
        let folders: Vec<u8> = (0..=u8::MAX).collect();
        let listed = self.parallel(&folders, |folder| inventory::list_digests(self, *folder))?;
        let digests: Vec<Digest> = listed.into_iter().flatten().collect();
        let (total, done) = (digests.len() as u64, AtomicU64::new(0));
        let sound = self.parallel(&digests, |digest| {
            let sound = self.is_sound(digest)?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Ok(sound)
        })?;
        let damaged: Vec<Digest> =
            digests.iter().zip(sound).filter(|(_, sound)| !sound).map(|(digest, _)| *digest).collect();
        self.quarantine_all(&damaged)?;
        let bytes = digests.iter().map(Digest::size).sum();
        Ok(VerifyReport { blobs: total, bytes, damaged })
    }

    /// Whether a blob and its executable copy have the contents that their name says; `true` for an absent blob.
    fn is_sound(&self, digest: &Digest) -> Result<bool> {
        let executable_copy = || File::open(self.executable_copy_path(digest));
        for file in [open_noatime(self, digest).map_err(io::Error::from), executable_copy()] {
            let found = match file {
                Ok(file) => self.digest_of(&file),
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => Err(error),
            };
            match found {
                Ok(found) if found == *digest => {}
                // A blob that the disk cannot read counts as damaged.
                Err(error) if error.raw_os_error() != Some(rustix::io::Errno::IO.raw_os_error()) => {
                    return Err(CasError::io("read", self.blob_path(digest))(error));
                }
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Moves a blob to `quarantine/HASH`, so that it counts as missing. Layers that contain it are removed, too. Does
    /// nothing when it is not in the store.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn quarantine(&self, digest: &Digest) -> Result<()> {
        self.quarantine_all(&[*digest])
    }

    fn quarantine_all(&self, damaged: &[Digest]) -> Result<()> {
        if damaged.is_empty() {
            return Ok(());
        }
        let layers = self.layers_with(damaged);
        self.while_removing(|| {
            damaged.iter().try_for_each(|digest| self.move_to_quarantine(digest))?;
            layers.iter().try_for_each(|layer| self.retire_layer(layer))
        })
    }

    /// Moves a blob to quarantine; removes it when the disk is too full for that.
    fn move_to_quarantine(&self, digest: &Digest) -> Result<()> {
        self.shared.directories.forget(digest);
        let (path, folder) = (self.blob_path(digest), self.root().join(layout::QUARANTINE));
        let moved = fs::create_dir_all(&folder).and_then(|()| fs::rename(&path, folder.join(digest.hex())));
        let gone = moved.or_else(|_| fs::remove_file(&path));
        for gone in [gone, fs::remove_file(self.executable_copy_path(digest))] {
            match gone {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(CasError::io("quarantine", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The layers whose trees contain one of the blobs, or cannot be read any more.
    fn layers_with(&self, damaged: &[Digest]) -> Vec<PathBuf> {
        let damaged: HashSet<[u8; 32]> = damaged.iter().map(|digest| *digest.hash()).collect();
        let layers = layout::entries(&self.root().join(layout::TREES)).unwrap_or_default().into_iter();
        layers
            .filter(|path| path.extension().is_none_or(|extension| extension != "lock"))
            // The size is not used here.
            .filter(|path| tree_of_layer(path).is_some_and(|tree| tree_has(self, &tree, &damaged)))
            .collect()
    }

    /// Retires a layer: it is made anew for later users, and those who have it keep it.
    fn retire_layer(&self, path: &Path) -> Result<()> {
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let lock_path = PathBuf::from(lock_path);
        let retired = self.shared.temp.unused_path()?;
        match fs::rename(path, &retired) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other.map_err(CasError::io("remove", path))?,
        }
        let lock = File::open(&lock_path);
        // Without the lock the moved layer stays in the temporary folder until this process ends.
        if lock.is_ok_and(|lock| {
            try_lock(&lock, &lock_path, FlockOperation::NonBlockingLockExclusive).unwrap_or(false)
        }) {
            let _ = remove_all(&retired);
        }
        Ok(())
    }

    fn executable_copy_path(&self, digest: &Digest) -> PathBuf {
        self.root().join(layout::EXEC).join(BlobName::of(digest).text())
    }
}

/// Whether a tree contains one of the blobs, or cannot be read any more.
fn tree_has(cas: &Cas, root: &Digest, damaged: &HashSet<[u8; 32]>) -> bool {
    let (mut open, mut seen) = (vec![*root], HashSet::new());
    while let Some(digest) = open.pop() {
        if !seen.insert(*digest.hash()) {
            continue;
        }
        let Some(directory) =
            read_directory_noatime(cas, &digest).filter(|_| !damaged.contains(digest.hash()))
        else {
            return true;
        };
        if directory.files.iter().any(|file| damaged.contains(file.digest.hash())) {
            return true;
        }
        open.extend(directory.directories.iter().map(|child| child.digest));
    }
    false
}

#[cfg(test)]
mod tests;
