//! Removing what was last used at some moment or before.
//!
//! Whoever uses something while it is being removed either finds it gone, or has recorded_use the use before it was taken
//! away: so everything is first taken away, then looked at again, and given back if it was used in between.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, RenameFlags};
use rustix::io::Errno;

use super::inventory::{BlobInventory, Hash, StoredBlob};
use super::propagation::{Need, directories};
use super::roots::{Root, RootKind, Roots};
use crate::error::{CasError, Result};
use crate::layout::BlobName;
use crate::scratch::ScratchDir;
use crate::store::Cas;
use crate::usage::Moment;

/// What is needed by roots that stay after all.
#[derive(Default)]
struct StillNeeded {
    blobs: HashSet<Hash>,
    /// Directories that are among them with all below.
    folders: HashSet<Hash>,
}

pub(super) struct Eviction<'a> {
    pub(super) cas: &'a Cas,
    pub(super) inventory: &'a BlobInventory,
    pub(super) cutoff: Moment,
}

/// What went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EvictionCounts {
    pub(super) bytes: u64,
    pub(super) blobs: usize,
    pub(super) roots: usize,
}

impl Eviction<'_> {
    pub(super) fn run(&self, roots: &Roots) -> Result<EvictionCounts> {
        let (removed, trash) = self.cas.while_removing(|| {
            let (mut removed, mut kept) = (EvictionCounts::default(), StillNeeded::default());
            let trash = self.trash(&mut removed)?;
            for (number, root) in roots.until(self.cutoff).iter().enumerate() {
                match self.remove_root(root, &trash.path().join(format!("root-{number}")))? {
                    true => {
                        removed.roots += 1;
                        removed.bytes += root.disk;
                    }
                    false => self.keep_needs_of(root, &mut kept)?,
                }
            }
            self.remove_blobs(trash.path(), &kept.blobs, &mut removed)?;
            Ok((removed, trash))
        })?;
        // It is emptied when nobody waits any more.
        drop(trash);
        Ok(removed)
    }

    /// A folder for what is taken away. Where there is no room for one, those blobs go at once that were not used for
    /// the longest time, until there is.
    fn trash(&self, removed: &mut EvictionCounts) -> Result<ScratchDir> {
        let mut full = match self.cas.scratch() {
            Err(error @ CasError::DiskFull { .. }) => error,
            other => return other,
        };
        for blob in self.evictable(&HashSet::new()) {
            let failed = || CasError::io("remove", self.cas.blob_path(&blob.digest));
            if !self.unlink_blob(blob).map_err(failed())? {
                continue;
            }
            removed.blobs += 1;
            removed.bytes += blob.disk_bytes;
            full = match self.cas.scratch() {
                Err(error @ CasError::DiskFull { .. }) => error,
                other => return other,
            };
        }
        Err(full)
    }

    /// Removes a blob with its twin; `false` when it is gone or was used again. Who uses it at this very moment may not
    /// be noticed.
    fn unlink_blob(&self, blob: &StoredBlob) -> Result<bool, Errno> {
        let (name, gone) = (BlobName::of(&blob.digest), AtFlags::empty());
        let (objects, exec) = (&self.cas.shared.objects, &self.cas.shared.exec);
        let found = rustix::fs::statat(objects, name.path(), AtFlags::SYMLINK_NOFOLLOW);
        if found.is_ok_and(|stat| Moment::of_access(&stat) > blob.recorded_use) {
            return Ok(false);
        }
        self.cas.shared.directories.forget(&blob.digest);
        let removed = [objects, exec].map(|folder| match rustix::fs::unlinkat(folder, name.path(), gone) {
            Err(Errno::NOENT) => Ok(false),
            other => other.map(|()| true),
        });
        Ok(removed.into_iter().collect::<Result<Vec<_>, _>>()?.contains(&true))
    }

    /// The blobs that nothing needs which stays, those first that were not used for the longest time.
    fn evictable(&self, kept: &HashSet<Hash>) -> Vec<&StoredBlob> {
        let goes = |blob: &&StoredBlob| {
            blob.last_use <= self.cutoff && blob.digest.size() > 0 && !kept.contains(blob.digest.hash())
        };
        let mut evictable: Vec<&StoredBlob> = self.inventory.blobs.iter().filter(goes).collect();
        evictable.sort_unstable_by_key(|blob| blob.last_use);
        evictable
    }

    /// Takes away a root; `false` when it was used again.
    fn remove_root(&self, root: &Root, to: &Path) -> Result<bool> {
        if root.kind == RootKind::Tree {
            let tree = root.path.with_extension("");
            return self.cas.remove_layer_if_unused(&tree, &root.path, self.cutoff, to);
        }
        match fs::rename(&root.path, to) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            other => other.map_err(CasError::io("remove", &root.path))?,
        }
        let stat = rustix::fs::stat(to).map_err(CasError::io("look up", to))?;
        if root.kind.used(&stat) <= self.cutoff {
            return Ok(true);
        }
        restore(CWD, to, CWD, &root.path).map_err(CasError::io("keep_needs_of", &root.path))?;
        Ok(false)
    }

    /// Notes what a root needs that stays after all.
    fn keep_needs_of(&self, root: &Root, kept: &mut StillNeeded) -> Result<()> {
        for need in root.all_needs(self.cas)?.iter() {
            match need {
                Need::Blob(digest) => _ = kept.blobs.insert(*digest.hash()),
                Need::Tree(tree) => {
                    let Some(root) = self.inventory.get(tree.hash()) else { continue };
                    let blobs = self.cas.blobs_of_tree(&root.digest);
                    // A tree of which something is missing keeps nothing.
                    kept.blobs.extend(blobs.unwrap_or_default().iter().map(|digest| *digest.hash()));
                }
                Need::Directories(root) => {
                    kept.blobs.extend(directories(self.cas, root, &mut kept.folders));
                }
            }
        }
        Ok(())
    }

    fn remove_blobs(&self, trash: &Path, kept: &HashSet<Hash>, removed: &mut EvictionCounts) -> Result<()> {
        let folder = File::open(trash).map_err(CasError::io("open", trash))?;
        let evictable = self.evictable(kept);
        let gone = self.cas.parallel(&evictable, |blob| {
            self.remove_blob(blob, &folder).map_err(CasError::io("remove", self.cas.blob_path(&blob.digest)))
        })?;
        removed.blobs += gone.iter().filter(|gone| **gone).count();
        let bytes = evictable.iter().zip(&gone).filter(|(_, gone)| **gone).map(|(blob, _)| blob.disk_bytes);
        removed.bytes += bytes.sum::<u64>();
        Ok(())
    }

    /// Takes away a blob with its twin; `false` when it was used again.
    fn remove_blob(&self, blob: &StoredBlob, trash: &File) -> Result<bool, Errno> {
        let (name, hex) = (BlobName::of(&blob.digest), blob.digest.hex());
        let (objects, exec) = (&self.cas.shared.objects, &self.cas.shared.exec);
        let recorded_use = |stat: rustix::fs::Stat| Moment::of_access(&stat);
        let used_again = |recorded_use: Moment| recorded_use > blob.recorded_use;
        match rustix::fs::statat(objects, name.path(), AtFlags::empty()).map(recorded_use) {
            Ok(recorded_use) if used_again(recorded_use) => return Ok(false),
            Ok(_) => {
                rustix::fs::renameat(objects, name.path(), trash, &hex)?;
                let stat = rustix::fs::statat(trash, &hex, AtFlags::empty())?;
                if used_again(recorded_use(stat)) {
                    restore(trash, &hex, objects, name.path())?;
                    return Ok(false);
                }
                rustix::fs::unlinkat(trash, &hex, AtFlags::empty())?;
            }
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
        self.cas.shared.directories.forget(&blob.digest);
        match rustix::fs::unlinkat(exec, name.path(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Moves something back to its place, unless there is a new one.
fn restore(
    from: impl std::os::fd::AsFd,
    name: impl rustix::path::Arg,
    to: impl std::os::fd::AsFd,
    place: impl rustix::path::Arg,
) -> Result<(), Errno> {
    match rustix::fs::renameat_with(from, name, to, place, RenameFlags::NOREPLACE) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error),
    }
}
