//! Removes what was last used at some time or before.
//!
//! Something may be used while it is being removed. So everything is first moved to a scratch folder; then its time
//! of use is read again, and if it was used in between it is moved back. A user either finds it gone, or has noted
//! the use before the move.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, RenameFlags};
use rustix::io::Errno;
use rustix::path::Arg;

use super::inventory::{BlobInventory, Hash, StoredBlob};
use super::propagation::directories;
use super::roots::{Need, Root, RootKind, Roots};
use crate::error::{CasError, Result};
use crate::layout::BlobName;
use crate::scratch::ScratchDir;
use crate::store::Cas;
use crate::usage::Moment;

/// One removal of all that was last used at `cutoff` or before.
pub(super) struct Eviction<'a> {
    pub(super) cas: &'a Cas,
    pub(super) inventory: &'a BlobInventory,
    pub(super) cutoff: Moment,
}

/// How much was removed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EvictionCounts {
    pub(super) bytes: u64,
    pub(super) blobs: usize,
    pub(super) roots: usize,
}

/// The needs of roots that were used again meanwhile.
#[derive(Default)]
struct StillNeeded {
    blobs: HashSet<Hash>,
    /// Directories whose sub-directories are all in `blobs`.
    directories: HashSet<Hash>,
}

impl Eviction<'_> {
    pub(super) fn run(&self, roots: &Roots) -> Result<EvictionCounts> {
        let (counts, trash) = self.cas.while_removing(|| {
            let (mut counts, mut needed) = (EvictionCounts::default(), StillNeeded::default());
            let trash = self.trash(&mut counts)?;
            for (number, root) in roots.unused_since(self.cutoff).iter().enumerate() {
                match self.remove_root(root, &trash.path().join(format!("root-{number}")))? {
                    true => {
                        counts.roots += 1;
                        counts.bytes += root.disk_bytes;
                    }
                    false => self.add_needs(root, &mut needed)?,
                }
            }
            self.remove_blobs(trash.path(), &needed.blobs, &mut counts)?;
            Ok((counts, trash))
        })?;
        // Emptying the folder takes long, so it happens without the lock.
        drop(trash);
        Ok(counts)
    }

    /// The folder that entries are moved to before they are removed. When the disk is too full to make it, the least
    /// recently used blobs are unlinked directly until there is room.
    fn trash(&self, counts: &mut EvictionCounts) -> Result<ScratchDir> {
        let mut full = match self.cas.scratch() {
            Err(error @ CasError::DiskFull { .. }) => error,
            other => return other,
        };
        for blob in self.evictable(&HashSet::new()) {
            let failed = || CasError::io("remove", self.cas.blob_path(&blob.digest));
            if !self.unlink_blob(blob).map_err(failed())? {
                continue;
            }
            counts.blobs += 1;
            counts.bytes += blob.disk_bytes;
            full = match self.cas.scratch() {
                Err(error @ CasError::DiskFull { .. }) => error,
                other => return other,
            };
        }
        Err(full)
    }

    /// Removes a blob and its executable copy without moving them away first; `false` when they are gone or were used
    /// again. A use at the same moment may go unnoticed.
    fn unlink_blob(&self, blob: &StoredBlob) -> Result<bool, Errno> {
        let name = BlobName::of(&blob.digest);
        let (objects, exec) = (&self.cas.shared.objects, &self.cas.shared.exec);
        let found = rustix::fs::statat(objects, name.path(), AtFlags::SYMLINK_NOFOLLOW);
        if found.is_ok_and(|stat| Moment::of_access(&stat) > blob.recorded_use) {
            return Ok(false);
        }
        self.cas.shared.directories.forget(&blob.digest);
        let unlink = |folder| match rustix::fs::unlinkat(folder, name.path(), AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(false),
            other => other.map(|()| true),
        };
        Ok(unlink(objects)? | unlink(exec)?)
    }

    /// The blobs that no remaining root needs, the least recently used first.
    fn evictable(&self, needed: &HashSet<Hash>) -> Vec<&StoredBlob> {
        let is_evictable = |blob: &&StoredBlob| {
            blob.last_use <= self.cutoff && blob.digest.size() > 0 && !needed.contains(blob.digest.hash())
        };
        let mut blobs: Vec<&StoredBlob> = self.inventory.blobs.iter().filter(is_evictable).collect();
        blobs.sort_unstable_by_key(|blob| blob.last_use);
        blobs
    }

    /// Moves a root to the path `to`; `false` when it was used again and stays.
    fn remove_root(&self, root: &Root, to: &Path) -> Result<bool> {
        if root.kind == RootKind::Layer {
            let layer = root.path.with_extension("");
            return self.cas.remove_layer_if_unused(&layer, &root.path, self.cutoff, to);
        }
        match fs::rename(&root.path, to) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            other => other.map_err(CasError::io("remove", &root.path))?,
        }
        let stat = rustix::fs::stat(to).map_err(CasError::io("look up", to))?;
        if root.kind.last_use(&stat) <= self.cutoff {
            return Ok(true);
        }
        move_back(CWD, to, CWD, &root.path).map_err(CasError::io("keep", &root.path))?;
        Ok(false)
    }

    /// Adds the needs of a root that stays after all.
    fn add_needs(&self, root: &Root, needed: &mut StillNeeded) -> Result<()> {
        for need in root.all_needs(self.cas)?.iter() {
            match need {
                Need::Blob(digest) => _ = needed.blobs.insert(*digest.hash()),
                Need::Tree(tree) => {
                    let Some(root) = self.inventory.get(tree.hash()) else { continue };
                    let blobs = self.cas.blobs_of_tree(&root.digest);
                    // An incomplete tree is useless, so it keeps no blobs.
                    needed.blobs.extend(blobs.unwrap_or_default().iter().map(|digest| *digest.hash()));
                }
                Need::Directories(root) => {
                    needed.blobs.extend(directories(self.cas, root, &mut needed.directories));
                }
            }
        }
        Ok(())
    }

    fn remove_blobs(&self, trash: &Path, needed: &HashSet<Hash>, counts: &mut EvictionCounts) -> Result<()> {
        let folder = File::open(trash).map_err(CasError::io("open", trash))?;
        let blobs = self.evictable(needed);
        let removed = self.cas.parallel(&blobs, |blob| {
            self.remove_blob(blob, &folder).map_err(CasError::io("remove", self.cas.blob_path(&blob.digest)))
        })?;
        counts.blobs += removed.iter().filter(|removed| **removed).count();
        let bytes =
            blobs.iter().zip(&removed).filter(|(_, removed)| **removed).map(|(blob, _)| blob.disk_bytes);
        counts.bytes += bytes.sum::<u64>();
        Ok(())
    }

    /// Removes a blob and its executable copy; `false` when it was used again and stays.
    fn remove_blob(&self, blob: &StoredBlob, trash: &File) -> Result<bool, Errno> {
        let (name, hex) = (BlobName::of(&blob.digest), blob.digest.hex());
        let (objects, exec) = (&self.cas.shared.objects, &self.cas.shared.exec);
        let was_used_again = |stat: &rustix::fs::Stat| Moment::of_access(stat) > blob.recorded_use;
        match rustix::fs::statat(objects, name.path(), AtFlags::empty()) {
            Ok(stat) if was_used_again(&stat) => return Ok(false),
            Ok(_) => {
                rustix::fs::renameat(objects, name.path(), trash, &hex)?;
                if was_used_again(&rustix::fs::statat(trash, &hex, AtFlags::empty())?) {
                    move_back(trash, &hex, objects, name.path())?;
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

/// Moves an entry back to its place, unless a new one is there.
fn move_back(from: impl AsFd, name: impl Arg, to: impl AsFd, place: impl Arg) -> Result<(), Errno> {
    match rustix::fs::renameat_with(from, name, to, place, RenameFlags::NOREPLACE) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error),
    }
}
